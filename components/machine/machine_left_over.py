"""What this stack has made of its machine on OpenStack, be it in its state or not.

An engine that was killed may not have saved it; it is taken in with the resource option `import`, which
is nothing for what is in the state. All is known by our mark in a description, the key pair by its name.
What would have to be replaced is left out, since the engine replaces nothing that is imported as well
(seen). An instance is not taken in but removed, right before another one is made: when the engine is killed
during a replacement, an import leaves the old one in the state, and destroy fails (seen). No Pulumi here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from openstack.connection import Connection

from components.machine.machine_parts import MachineParts
from components.ports.neutron_ports import described_so
from components.ports.openstack_api import clear_errors, connect
from components.settings.settings import Settings
from components.shared.provider_errors import ProviderError

METADATA = "calico-peering"
"""The instance's metadata with the stack that made it."""
GONE_SECONDS = 120

Rule = tuple[str, str | None, int | None, str]
"""Direction, protocol, port and remote network."""


@dataclass(frozen=True)
class MachineLeftOver:
    """Ids, and the key pair's name; None: it is not there."""

    group: str | None = None
    rules: Mapping[Rule, str] = field(default_factory=dict)
    port: str | None = None
    floating_ip: str | None = None
    key_pair: str | None = None


def mark(stack: str, machine_name: str) -> str:
    """The description of what `stack` (`project/stack`) makes for this machine."""
    return f"Made by calico-peering, stack {stack}: the external machine {machine_name}"


def key_pair_name(stack: str, machine_name: str, public_key: str) -> str:
    """Another name for another key, another machine and another stack.

    Nova's key pairs are a user's: for another user the same name is made again, and the VM stays.
    """
    digest = sha256(f"{stack} {public_key}".encode()).hexdigest()[:10]
    return f"calico-peering-{machine_name}-{digest}"


def made_of(settings: Settings, parts: MachineParts) -> str:
    """A digest of all that another VM would have to be made for."""
    what = [
        settings.machine_image,
        str(settings.machine_address),
        settings.machine_volume_size,
        settings.ssh_host_key,
        settings.ssh_user,
        settings.machine_ssh_public_key,
        parts.network_id,
    ]
    return sha256(json.dumps(what).encode()).hexdigest()[:16]


def find_machine_left_over(
    connection: Connection, stack: str, settings: Settings, parts: MachineParts
) -> MachineLeftOver:
    """What there is. Raises ProviderError when there are several of a kind."""
    machine_name, public_key = settings.machine_name, str(settings.machine_ssh_public_key)
    description = mark(stack, machine_name)
    with clear_errors(settings.cloud):
        group = described_so(connection, "security_groups", description) or {}
        port = described_so(connection, "ports", description) or {}
        floating_ip = described_so(connection, "floatingips", description) or {}
        if port.get("network_id") != parts.network_id:
            port = {}
        if floating_ip.get("floating_network_id") != parts.floating_network_id:
            floating_ip = {}
        key_pair = connection.compute.find_keypair(key_pair_name(stack, machine_name, public_key))
    return MachineLeftOver(
        group=_id(group),
        rules={
            (rule["direction"], rule["protocol"], rule["port_range_min"], rule["remote_ip_prefix"]): rule[
                "id"
            ]
            for rule in group.get("security_group_rules", ())
            if rule["remote_ip_prefix"]
        },
        port=_id(port),
        floating_ip=_id(floating_ip),
        key_pair=str(key_pair.name) if key_pair else None,
    )


def clear_port(port: str, stack: str, cloud: str | None = None) -> None:
    """Remove the instance of ours that a killed run left on our port. Raises ProviderError.

    Only to be called before an instance is made there: one that is in the state is gone by then.
    """
    connection = connect(cloud)
    with clear_errors(cloud):
        found = connection.network.get_port(port)
        if not str(found.device_owner or "").startswith("compute:"):
            return
        server = connection.compute.find_server(found.device_id)
        if server is None:
            return
        if server.metadata.get(METADATA) != stack:
            raise ProviderError(
                f"the instance {server.id} ({server.name}) is on the machine's port {port}, and not made by"
                " this stack; detach the port from it or delete it"
            )
        connection.compute.delete_server(server)
        connection.compute.wait_for_delete(server, interval=1, wait=GONE_SECONDS)


def _id(found: Mapping[str, Any]) -> str | None:
    return str(found["id"]) if found else None
