"""Rule: the host key of every ssh connection is pinned, so that it is checked.

pulumi-command takes any host where `connection` has no hostKey. It says nothing of a value: connections have
private keys beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.machine.ssh_keys import public_key
from policies.resource import UNKNOWN, Resource

# Where a connection is in a resource, and in a connection the way to it, with the name of the key's field.
CONNECTIONS = {"connection": ("hostKey", "proxy"), "reach": ("host_key", "bastion")}
COMMANDS = ("create", "update", "delete")
# By these options ssh takes any key.
UNCHECKED = re.compile(
    r"StrictHostKeyChecking[= ]\s*(?:no|off|accept-new)\b|UserKnownHostsFile[= ]\s*/dev/null"
)
CURE = (
    "Set sshHostKey (with a bastion also sshBastionHostKey) to the line of /etc/ssh/ssh_host_ed25519_key.pub,"
    " read on the machine's console"
)


def ssh_host_keys(resource: Resource, _configuration: Mapping[str, Any]) -> Iterator[str]:
    """Every connection of the resource has a host key, and no command line switches the check off."""
    for name, (field, way) in CONNECTIONS.items():
        connection = resource.properties.get(name)
        if isinstance(connection, Mapping) and "host" in connection:
            yield from _pinned(connection, f"{name}.{field}", field)
            if isinstance(proxy := connection.get(way), Mapping):
                yield from _pinned(proxy, f"{name}.{way}.{field}", field)
    for name in COMMANDS:
        line = resource.properties.get(name)
        if isinstance(line, str) and UNCHECKED.search(line):
            yield (
                "a command line switches off the check of ssh host keys: expected no such option in"
                f" `{name}`, found StrictHostKeyChecking or UserKnownHostsFile. Remove it, and name a file"
                " with the host's key"
            )


def _pinned(connection: Mapping[str, Any], path: str, field: str) -> Iterator[str]:
    key = connection.get(field)
    if key is UNKNOWN:
        return
    if not isinstance(key, str) or not key.strip():
        found = "nothing"
    else:
        try:
            public_key(key)
            return
        except ValueError:
            found = "a text that is none"
    yield (
        f"the host key of an ssh connection is not pinned: expected one public host key in `{path}`, found"
        f" {found}. {CURE}"
    )
