"""Component: the security group of a machine that is made here, with the rules it needs and no other.

In: TCP/179 from the nodes, which open the BGP sessions, and ssh from the networks named. Out: pod and
service networks, for the machine and what lies behind it, and where else its connections may go. Answers
pass, since the group is stateful. It deliberately admits nothing for networks behind the machine that is
opened from pods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_openstack.networking import SecGroup

from components.machine.machine_left_over import Rule
from components.ports.group_rule import BGP_PORT, group_rule
from components.ports.no_default_rules import NoDefaultRules

SSH_PORT = 22


class MachineGroupArgs(TypedDict):
    """Networks are plain, since each names its rule."""

    group_name: pulumi.Input[str]
    description: pulumi.Input[str]
    bgp_networks: Sequence[str]
    """Of the nodes."""
    ssh_networks: Sequence[str]
    egress_networks: Sequence[str]
    cloud: NotRequired[str | None]
    """Entry of clouds.yaml. Default: the environment."""
    left_over: NotRequired[str | None]
    """The group's id when it was made already, be it in the state or not."""
    rules_left_over: NotRequired[Mapping[Rule, str]]
    """Likewise, ids of its rules."""


class MachineGroup(pulumi.ComponentResource):
    """The group, called `<name>-group`, and its rules."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: MachineGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:MachineGroup", name, {}, opts)
        there = args.get("rules_left_over", {})
        group = SecGroup(
            f"{name}-group",
            name=args["group_name"],
            description=args["description"],
            opts=pulumi.ResourceOptions(parent=self, import_=args.get("left_over")),
        )
        bare = NoDefaultRules(
            f"{name}-no-default-rules", group.id, args.get("cloud"), pulumi.ResourceOptions(parent=self)
        )

        def rule(what: str, direction: str, network: str, port: int | None = None) -> None:
            protocol = "tcp" if port else None
            group_rule(
                f"{name}-{what}-{network}",
                group.id,
                direction,
                network,
                port,
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[bare],
                    import_=there.get((direction, protocol, port, network)),
                ),
            )

        for network in args["bgp_networks"]:
            rule("bgp", "ingress", network, BGP_PORT)
        for network in args["ssh_networks"]:
            rule("ssh", "ingress", network, SSH_PORT)
        for network in args["egress_networks"]:
            rule("egress", "egress", network)
        self.id = group.id
        self.register_outputs({"id": self.id})
