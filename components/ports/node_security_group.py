"""Component: a security group for the nodes that admits the machine and what lies behind it.

The group is ours alone, so it is made of plain resources of pulumi-openstack. Attaching it to ports that
others own is address_pairs.py's. It opens nothing else: the group brings no rules of its own for what
the nodes send, which their other groups decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_openstack.networking import SecGroup

from components.left_over import GroupLeftOver
from components.ports.gophercloud_login import Arguments
from components.ports.group_rule import BGP_PORT, group_rule
from components.ports.no_default_rules import NoDefaultRules
from components.ports.openstack_provider import openstack_provider


class NodeSecurityGroupArgs(TypedDict):
    """The machine as the nodes see it."""

    machine_name: str
    """The group is called `calico-peering-<machine_name>`."""
    machine_addresses: Sequence[str]
    """Addresses of the BGP sessions, of one machine or of several."""
    machine_networks: Sequence[str]
    """Networks behind them. May be empty."""
    description: str
    """By which a group that a killed run left is known."""
    left_over: NotRequired[GroupLeftOver | None]
    """The group when this stack has made it already, be it in its state or not."""
    cloud: NotRequired[pulumi.Input[str] | None]
    """Entry of clouds.yaml; default: the environment."""
    plugin: NotRequired[Arguments | None]
    """What pulumi-openstack is given for that cloud. Default: its name."""


class NodeSecurityGroup(pulumi.ComponentResource):
    """One group and its rules: TCP/179 from the machine, everything from it and from behind it."""

    group_id: pulumi.Output[str]
    """The group's id, known once all its rules are there."""

    def __init__(
        self, name: str, args: NodeSecurityGroupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:NodeSecurityGroup", name, {}, opts)
        left = args.get("left_over")
        cloud = openstack_provider(
            f"{name}-cloud",
            args.get("plugin") or {"cloud": args.get("cloud")},
            pulumi.ResourceOptions(parent=self),
        )
        group = SecGroup(
            name,
            name=f"calico-peering-{args['machine_name']}",
            description=args["description"],
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=cloud,
                import_=left.id if left else None,
            ),
        )
        bare = NoDefaultRules(
            f"{name}-no-default-rules", group.id, args.get("cloud"), pulumi.ResourceOptions(parent=self)
        )
        admitted: dict[str, tuple[int | None, str]] = {
            network: (None, network) for network in args["machine_networks"]
        }
        for address in args["machine_addresses"]:
            family, machine = ("6", f"{address}/128") if ":" in address else ("", f"{address}/32")
            label = family if f"bgp{family}" not in admitted else f"-{address}"
            admitted |= {f"bgp{label}": (BGP_PORT, machine), f"machine{label}": (None, machine)}
        rules = [
            group_rule(
                f"{name}-{label}",
                group.id,
                "ingress",
                network,
                port,
                pulumi.ResourceOptions(
                    parent=self,
                    provider=cloud,
                    import_=left.rules.get(("tcp" if port else None, network)) if left else None,
                ),
            )
            for label, (port, network) in admitted.items()
        ]
        self.group_id = pulumi.Output.all(group.id, bare.id, *(rule.id for rule in rules)).apply(
            lambda ids: str(ids[0])
        )
        self.register_outputs({"groupId": self.group_id})
