"""What this stack has made itself, be it in its state or not: an engine that was killed may not have saved.

Such objects are taken in with the resource option `import`, which is nothing for one that is in the state.
They are known by our mark: the stack's name in an annotation or a description. No Pulumi here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from openstack.connection import Connection

from components.machine.machine_left_over import MachineLeftOver
from components.ports.neutron_ports import described_so
from components.ports.openstack_api import clear_errors


@dataclass(frozen=True)
class GroupLeftOver:
    """A security group of ours: its id, and its rules' ids by protocol and remote prefix."""

    id: str
    rules: Mapping[tuple[str | None, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOver:
    """Everything that is plainly ours and there already."""

    cluster: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By cluster, as `<kind>/<name>`."""
    group: Mapping[str, GroupLeftOver | None] = field(default_factory=dict)
    """By cluster."""
    machine: Mapping[str, MachineLeftOver] = field(default_factory=dict)
    """By machine."""


def group_description(stack: str, cluster: str = "") -> str:
    """The mark of the security group of `stack` (`project/stack`) on the nodes of a cluster."""
    of = f", cluster {cluster}" if cluster else ""
    return f"Made by calico-peering, stack {stack}{of}: admits the external machine to the nodes"


def find_group(
    connection: Connection, stack: str, cloud: str | None = None, cluster: str = ""
) -> GroupLeftOver | None:
    """The security group that `stack` has made. Raises ProviderError when there are several."""
    with clear_errors(cloud):
        group = described_so(connection, "security_groups", group_description(stack, cluster))
    if group is None:
        return None
    known = {
        (rule["protocol"], str(rule["remote_ip_prefix"])): str(rule["id"])
        for rule in group["security_group_rules"]
        if rule["direction"] == "ingress" and rule["remote_ip_prefix"]
    }
    return GroupLeftOver(str(group["id"]), known)
