"""Component: pod and service networks as allowed address pairs on the nodes' Neutron ports.

Without them Neutron's anti-spoofing drops what pods send and what is sent to pods and services.
It does not own the ports (port_pairs_provider.py) and makes no security group: it attaches the one
that it is given (node_security_group.py). Finding the ports is preflight.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from components.ports.port_pairs_provider import PortPairs
from components.ports.ports_before_provider import PortsBefore
from components.shared.shared_list import canonical_list


class AddressPairsArgs(TypedDict):
    """`ports`: port id by what a person calls it; two of these may not have the same id.

    `networks` are plain: what was there of each before us is a resource of its own.
    """

    ports: Mapping[str, str]
    networks: Sequence[str]
    unfiltered: NotRequired[Mapping[str, str]]
    """The ports without port security, by label, and what to call them. They are left alone."""
    security_group: NotRequired[pulumi.Input[str] | None]
    """The id of a group that is ours alone, attached to every port. Default: none."""
    cloud: NotRequired[pulumi.Input[str] | None]
    """Entry of clouds.yaml; default: openstacksdk's own choice from the environment."""


class AddressPairs(pulumi.ComponentResource):
    """One PortPairs for each port, called `<name>-<port id>`, after one PortsBefore for each network."""

    added: pulumi.Output[dict[str, list[str]]]
    """By label: canonical networks that were not on the port before us; destroy removes these."""

    written: pulumi.Output[list[list[object]]]
    """Port ids, each with how many times the pairs were applied there; no order but the ids'."""

    def __init__(self, name: str, args: AddressPairsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:AddressPairs", name, {}, opts)
        unfiltered = args.get("unfiltered", {})
        for called in unfiltered.values():
            pulumi.warn(
                f"{called}: port security is off, so Neutron takes no address pairs there and lets all"
                " traffic pass; it is left alone until port security is on",
                self,
            )
        networks = canonical_list(args["networks"])
        cloud, group = args.get("cloud"), args.get("security_group")
        child = pulumi.ResourceOptions(parent=self)
        ports = [port for label, port in args["ports"].items() if label not in unfiltered]
        before = {
            network: PortsBefore(f"{name}-before-{network}", ports, network, cloud=cloud, opts=child)
            for network in networks
            if args["ports"]
        }
        after: list[pulumi.Resource] = [*before.values()]
        if group is not None and args["ports"]:
            called = f"{name}-before-security-group"
            after.append(PortsBefore(called, ports, security_group=group, cloud=cloud, opts=child))
        found = pulumi.Output.all(**{network: each.before for network, each in before.items()})
        pairs = {
            label: PortPairs(
                f"{name}-{port_id}",
                port_id,
                networks,
                pulumi.Output.all(port_id, found).apply(_before),
                group,
                label not in unfiltered,
                cloud,
                pulumi.ResourceOptions(parent=self, depends_on=after),
            )
            for label, port_id in args["ports"].items()
        }
        self.added = pulumi.Output.all(**{label: each.added for label, each in pairs.items()})
        # By id, since a port that is found in another way has another label and is the same port.
        self.written = pulumi.Output.all(*(_counted(each) for each in pairs.values())).apply(_in_order)
        self.register_outputs({"added": self.added, "written": self.written})


def _counted(pairs: PortPairs) -> pulumi.Output[list[object]]:
    return pulumi.Output.all(pairs.port_id, pairs.written)


def _in_order(counted: Sequence[list[object]]) -> list[list[object]]:
    return sorted(counted, key=lambda one: str(one[0]))


def _before(known: Sequence[object]) -> list[str]:
    """Networks that were on the port before us, out of its id and the ports by network."""
    port_id, found = known
    assert isinstance(found, dict)
    return [network for network, ports in found.items() if port_id in (ports or ())]
