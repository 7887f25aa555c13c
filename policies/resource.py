"""A resource as a rule sees it: plain data, and how a value of it is read and shown.

A value that is known only after the update is UNKNOWN, at any depth. The engine gives a pack secrets in plain
text. So a message has a value of a property only where it is a network, an address or a name, by
`shown_network` and `shown_name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.networks import IPNetwork, network_or_none


class Unknown:
    """The type of UNKNOWN."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
# An object's name in Kubernetes, a protocol's in BIRD.
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Resource:
    """One resource of a stack."""

    type: str
    """Such as `command:remote:Command`."""
    name: str
    """In the program."""
    properties: Mapping[str, Any]
    urn: str = ""
    depends_on: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By property, the types of the stack's resources that its value comes from."""

    @property
    def kind(self) -> str:
        """The last part of the type, such as `Command`."""
        return self.type.rsplit(":", 1)[-1]

    def beneath(self, component: str) -> bool:
        """Whether it is a part of a component of this program, such as `NodeSecurityGroup`."""
        return f"calico-peering:index:{component}$" in self.urn


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    """The value's items if it is a list, or none."""
    return value if isinstance(value, list) else []


def shown_network(value: object) -> str:
    """The value where it is a network or address; else what it is instead, and nothing of it."""
    network = network_or_none(value) if isinstance(value, str) else None
    if network:
        return str(network)
    return f"a text of {len(value)} characters" if isinstance(value, str) and value else "nothing"


def shown_name(value: object) -> str:
    """The value where it is a name as Kubernetes or BIRD have them; else an empty text."""
    return value if isinstance(value, str) and NAME.fullmatch(value) else ""


def listed(networks: Iterable[IPNetwork]) -> str:
    """Networks for a message."""
    return ", ".join(map(str, networks)) or "none"
