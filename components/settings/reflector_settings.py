"""The settings of route reflectors that are made of the cluster's own nodes, a part of settings.py's.

Pure. It deliberately does not hold reflectors that are there already and that the machine peers with
(`routeReflectors`, network_settings.py), nor look whether such nodes exist (reflector_nodes.py).
"""

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from components.networks import duplicates
from components.settings.network_settings import NetworkSettings
from components.settings.setting_types import OBJECT_NAME, list_of, sound, whole

LONGEST_NODE_NAME = 253


def _node_name(value: object) -> str:
    text = str(value)
    if not OBJECT_NAME.fullmatch(text) or len(text) > LONGEST_NODE_NAME:
        raise ValueError(
            f"found {text[:60]!r}; wanted the name of a Kubernetes node, as `kubectl get nodes` has it"
        )
    return text


def _cluster_id(value: object) -> IPv4Address:
    wanted = "wanted a number written as an IPv4 address, such as 244.0.0.1"
    try:
        number = IPv4Address(str(value).strip())
    except ValueError:
        raise ValueError(f"found {str(value)[:40]!r}; {wanted}") from None
    if int(number) == 0:
        raise ValueError(f"found 0.0.0.0, which is no cluster id (RFC 4456); {wanted}")
    return number


class ReflectorSettings(NetworkSettings):
    """Which nodes reflect the others' routes."""

    reflector_nodes: Annotated[list[str], list_of(_node_name)] = Field(default=[])
    """Names of Kubernetes nodes; empty: the cluster's sessions are left as they are."""
    reflector_cluster_id: Annotated[IPv4Address, BeforeValidator(_cluster_id)] = IPv4Address("244.0.0.1")
    """The default is that of Calico's manual; RFC 4456 wants one that no other reflectors of the AS have."""
    reflector_timeout: Annotated[int, whole(1, 3600)] = 120
    """Seconds for each wait for the nodes' sessions."""

    @field_validator("reflector_nodes")
    @classmethod
    def _once(cls, names: list[str]) -> list[str]:
        return sound(names, [f"{name} occurs more than once" for name in duplicates(names)])
