"""Component: the security group of a machine that is made here, with the rules it needs and no other.

In: TCP/179 from the nodes, which open the BGP sessions, and ssh from the networks named. Out: pod and
service networks, for the machine and what lies behind it, and where else its connections may go. Answers
pass, since the group is stateful. It deliberately admits nothing for networks behind the machine that is
opened from pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_openstack.networking import SecGroup, SecGroupRule

BGP_PORT = 179
SSH_PORT = 22


class MachineGroupArgs(TypedDict):
    """Networks are plain, since each names its rule."""

    group_name: pulumi.Input[str]
    bgp_network: str
    """Of the nodes."""
    ssh_networks: Sequence[str]
    egress_networks: Sequence[str]


class MachineGroup(pulumi.ComponentResource):
    """The group, called `<name>-group`, and its rules."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: MachineGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:MachineGroup", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = SecGroup(
            f"{name}-group",
            name=args["group_name"],
            description="The external machine of calico-peering",
            # Neutron's own let everything out, by IPv6 too.
            delete_default_rules=True,
            opts=child,
        )

        def admit(port: int, what: str, network: str) -> None:
            SecGroupRule(
                f"{name}-{what}-{network}",
                security_group_id=group.id,
                direction="ingress",
                ethertype="IPv4",
                protocol="tcp",
                port_range_min=port,
                port_range_max=port,
                remote_ip_prefix=network,
                opts=child,
            )

        admit(BGP_PORT, "bgp", args["bgp_network"])
        for network in args["ssh_networks"]:
            admit(SSH_PORT, "ssh", network)
        for network in args["egress_networks"]:
            SecGroupRule(
                f"{name}-egress-{network}",
                security_group_id=group.id,
                direction="egress",
                ethertype="IPv4",
                remote_ip_prefix=network,
                opts=child,
            )
        self.id = group.id
        self.register_outputs({"id": self.id})
