"""Component: the BGPFilter of one machine: what the nodes take from it, and what they keep from it.

Without one, a node takes whatever the machine announces (Calico renders `accept`), the default route and
other nodes' pods too. It is ours alone. It deliberately does not say for which sessions it holds
(bgp_peers.py): BIRD asks a session's filters in order, and the first rule that fits decides, so that what
comes after this one's import rules is never asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_network
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.bgp_peers import revision
from components.calico.calico_api import V3, CalicoApi
from components.calico.stack_name import marked
from components.calico.types.bgp_filter import BGPFilterRuleV4, BGPFilterRuleV6, BGPFilterSpec


class BgpFilterArgs(TypedDict):
    """What passes. Networks are canonical, of either family."""

    name: str
    """The BGPFilter's name."""
    taken: NotRequired[Sequence[str]]
    """What the nodes take from the machine: these very prefixes, none inside them. Default: nothing."""
    withheld: NotRequired[Sequence[str]]
    """Of what the nodes announce by themselves, what they do not tell the machine, with all that is inside.
    Default: nothing is kept from it."""
    api: NotRequired[CalicoApi]
    """By which it is made. Default: projectcalico.org/v3."""
    own: NotRequired[Sequence[str]]
    """Of what is inside, a node tells the machine only what it announces itself, and nothing that it heard of
    another node. Default: all that it knows."""
    left_over: NotRequired[Collection[str]]
    """What this stack has made already, be it in its state or not, as `<kind>/<name>`. Default: nothing."""


class BgpFilter(pulumi.ComponentResource):
    """A BGPFilter."""

    filter_name: pulumi.Output[str]
    """Its name, once it is made: a BGPPeer may not name one that is not there."""
    written: pulumi.Output[str | None]
    """Changes whenever it was written by us."""

    def __init__(self, name: str, args: BgpFilterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:BgpFilter", name, {}, opts)
        called, api = args["name"], args.get("api", V3)
        made = kubernetes.apiextensions.CustomResource(
            name,
            api_version=str(api),
            kind="BGPFilter",
            metadata=marked(called, api),
            spec=filter_spec(args.get("taken", ()), args.get("withheld", ()), args.get("own", ())),
            opts=pulumi.ResourceOptions(
                parent=self,
                # As for a BGPPeer: what a killed run has made is taken in.
                import_=called if f"BGPFilter/{called}" in args.get("left_over", ()) else None,
            ),
        )
        self.filter_name = made.urn.apply(lambda _made: called)
        self.written = revision(made)
        self.register_outputs({"filter_name": self.filter_name})


def filter_spec(taken: Sequence[str], withheld: Sequence[str], own: Sequence[str] = ()) -> BGPFilterSpec:
    """A BGPFilter's spec; an empty list of rules is left out, as Calico has it."""
    # Whatever was not taken before it ends at the last rule, which has no condition.
    spec: BGPFilterSpec = {
        "importV4": [
            *(BGPFilterRuleV4(cidr=one, matchOperator="Equal", action="Accept") for one in _of(4, taken)),
            {"action": "Reject"},
        ],
        "importV6": [
            *(BGPFilterRuleV6(cidr=one, matchOperator="Equal", action="Accept") for one in _of(6, taken)),
            {"action": "Reject"},
        ],
    }
    exports4: list[BGPFilterRuleV4] = [
        *(BGPFilterRuleV4(cidr=one, matchOperator="In", action="Reject") for one in _of(4, withheld)),
        *(
            BGPFilterRuleV4(cidr=one, matchOperator="In", source="RemotePeers", action="Reject")
            for one in _of(4, own)
        ),
    ]
    exports6: list[BGPFilterRuleV6] = [
        *(BGPFilterRuleV6(cidr=one, matchOperator="In", action="Reject") for one in _of(6, withheld)),
        *(
            BGPFilterRuleV6(cidr=one, matchOperator="In", source="RemotePeers", action="Reject")
            for one in _of(6, own)
        ),
    ]
    if exports4:
        spec["exportV4"] = exports4
    if exports6:
        spec["exportV6"] = exports6
    return spec


def _of(version: int, networks: Sequence[str]) -> list[str]:
    return [network for network in networks if ip_network(network).version == version]
