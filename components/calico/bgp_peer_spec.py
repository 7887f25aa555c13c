"""The spec of a BGPPeer, as the component BgpPeers declares it and as the checks compare it with others'.

Pure. It deliberately knows neither names nor owners (own_objects.py), and checks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from components.calico.types.bgp_peer import BGPPeerSpec
from components.calico.types.shared import BGPPassword

if TYPE_CHECKING:
    from pulumi import Input


class PeerOptions(TypedDict):
    """Which nodes peer, and how. What is left out is as Calico has it by default."""

    node_selector: NotRequired[str | None]
    """The nodes that peer, in Calico's selector language (selectors.py). Default: every node."""
    nodes: NotRequired[Sequence[str]]
    """In the place of `node_selector`: the names of the nodes that peer; each gets a BGPPeer of its own."""
    ttl_hops: NotRequired[int]
    """Hops between a node and the peer, for TTL security (RFC 5082). Default: 0, without."""
    restart_time: NotRequired[int]
    """Seconds for which the peer may use a node's routes without a session. Default: 0, BIRD's 120."""
    source_address: NotRequired[Literal["UseNodeIP", "None"] | None]
    """`UseNodeIP`, Calico's default, or `None`: whichever address the kernel takes for the way there."""
    next_hop_mode: NotRequired[Literal["Auto", "Self", "Keep"] | None]
    """`Self`, `Keep` or `Auto`. Default: Calico's, which is `Auto`."""
    reachable_by: NotRequired[Sequence[str | None]]
    """For each of the peer's addresses the gateway to it. Default: nodes have their own routes."""
    local_as_number: NotRequired[int | None]
    """What nodes call themselves in these sessions. Default: their own AS number."""
    allowed_local_as_numbers: NotRequired[int]
    """How often the nodes' AS number may stand in the path of a route that they take. Default: 0."""


class PeerSpecArgs(TypedDict):
    """The peer, and what is beside its address in each of its BGPPeers."""

    as_number: NotRequired[Input[int]]
    """The peer's; only with `addresses`."""
    peer_selector: NotRequired[str]
    """In the place of `addresses`: the nodes to peer with, in Calico's selector language."""
    password: NotRequired[Input[BGPPassword] | None]
    """A SessionPassword's reference. Default: none."""
    filters: NotRequired[Sequence[Input[str]]]
    """Names of BGPFilters, which have to exist, in the order in which they are asked. Default: none."""


def node_spec(node: str | None) -> BGPPeerSpec:
    """What a BGPPeer of one node says; None: it is not for one node."""
    return {"node": node} if node else {}


def address_spec(address: Input[str] | None, gateway: str | None) -> BGPPeerSpec:
    """What a BGPPeer says of one of the peer's addresses."""
    spec: BGPPeerSpec = {}
    if address is not None:
        spec["peerIP"] = address
    if gateway:
        spec["reachableBy"] = gateway
    return spec


def shared_spec(args: PeerSpecArgs, options: PeerOptions) -> BGPPeerSpec:
    """What all BGPPeers of one peer say."""
    spec: BGPPeerSpec = {}
    if (number := args.get("as_number")) is not None:
        spec["asNumber"] = number
    if peers := args.get("peer_selector"):
        spec["peerSelector"] = peers
    if nodes := options.get("node_selector"):
        spec["nodeSelector"] = nodes
    if (password := args.get("password")) is not None:
        spec["password"] = password
    if filters := args.get("filters"):
        spec["filters"] = list(filters)
    if hops := options.get("ttl_hops"):
        spec["ttlSecurity"] = hops
    if seconds := options.get("restart_time"):
        spec["maxRestartTime"] = f"{seconds}s"
    if source := options.get("source_address"):
        spec["sourceAddress"] = source
    if mode := options.get("next_hop_mode"):
        spec["nextHopMode"] = mode
    if (own := options.get("local_as_number")) is not None:
        spec["localASNumber"] = own
    if allowed := options.get("allowed_local_as_numbers"):
        spec["numAllowedLocalASNumbers"] = allowed
    return spec
