"""Component: pod and service networks as allowed address pairs on the nodes' Neutron ports.

Without them Neutron's anti-spoofing drops what pods send and what is sent to pods and services.
It does not own the ports (port_pairs_provider.py), and does not touch security groups, which must
admit the traffic as well. Finding the ports is node_ports.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from components.port_pairs_provider import PortPairs


class AddressPairsArgs(TypedDict):
    """`ports`: port id by label; a label is part of a resource's name, so it must be stable.

    A port that changes its label is taken down under the old one after it was found complete
    under the new one: keep labels, or give the ports' ids as labels.
    """

    ports: Mapping[str, pulumi.Input[str]]
    networks: pulumi.Input[Sequence[pulumi.Input[str]]]
    cloud: NotRequired[pulumi.Input[str] | None]
    """Entry of clouds.yaml; default: openstacksdk's own choice from the environment."""


class AddressPairs(pulumi.ComponentResource):
    """One PortPairs for each port, called `<name>-<label>`."""

    added: pulumi.Output[dict[str, list[str]]]
    """By label: canonical networks that were not on the port before us; destroy removes these."""

    written: pulumi.Output[dict[str, int]]
    """By label: how many times the pairs were applied."""

    def __init__(self, name: str, args: AddressPairsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:AddressPairs", name, {}, opts)
        pairs = {
            label: PortPairs(
                f"{name}-{label}",
                port_id,
                args["networks"],
                args.get("cloud"),
                pulumi.ResourceOptions(parent=self),
            )
            for label, port_id in args["ports"].items()
        }
        self.added = pulumi.Output.all(**{label: each.added for label, each in pairs.items()})
        self.written = pulumi.Output.all(**{label: each.written for label, each in pairs.items()})
        self.register_outputs({"added": self.added, "written": self.written})
