"""Component: BGPPeers, Calico's word for which nodes keep sessions, with whom, and how.

All kinds: of every node, of those that a selector matches, of nodes by name, each with a peer outside the
cluster (`addresses`) or with other nodes (`peer_selector`, as for route reflectors). They are ours alone. It
deliberately makes neither the password's Secret (session_password.py) nor filters, which it is told of, and
checks no settings; what contradicts itself Calico's API refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.calico_api import V3, CalicoApi
from components.calico.own_objects import peer_names
from components.calico.stack_name import marked
from components.calico.types.bgp_peer import BGPPeerSpec
from components.calico.types.shared import BGPPassword


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


class BgpPeersArgs(TypedDict):
    """With whom, and what belongs to us of it."""

    name: str
    """The BGPPeer's name; others of one component begin with it (own_objects.py)."""
    addresses: NotRequired[Sequence[pulumi.Input[str]]]
    """Of a peer outside the cluster, at most one of each family; each gets a BGPPeer."""
    as_number: NotRequired[pulumi.Input[int]]
    """The peer's; only with `addresses`."""
    peer_selector: NotRequired[str]
    """In the place of `addresses`: the nodes to peer with, in Calico's selector language."""
    password: NotRequired[pulumi.Input[BGPPassword] | None]
    """A SessionPassword's reference. Default: none."""
    filters: NotRequired[Sequence[pulumi.Input[str]]]
    """Names of BGPFilters, which have to exist, in the order in which they are asked. Default: none."""
    options: NotRequired[PeerOptions]
    """Default: every node peers, as Calico has it."""
    api: NotRequired[CalicoApi]
    """By which they are made. Default: projectcalico.org/v3."""
    left_over: NotRequired[Collection[str]]
    """What this stack has made already, be it in its state or not, as `<kind>/<name>`. Default: nothing."""


class BgpPeers(pulumi.ComponentResource):
    """BGPPeers."""

    names: pulumi.Output[list[str]]
    """Their names, the first address' first, once they are made."""
    written: pulumi.Output[list[str | None]]
    """Changes whenever one of them was written by us."""

    def __init__(self, name: str, args: BgpPeersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:BgpPeers", name, {}, opts)
        above, api = opts.parent if opts else None, args.get("api", V3)
        left, options = args.get("left_over", ()), args.get("options", PeerOptions())
        shared = _shared(args, options)
        addresses: Sequence[pulumi.Input[str] | None] = args.get("addresses") or [None]
        gateways = options.get("reachable_by") or [None] * len(addresses)
        nodes: Sequence[str | None] = options.get("nodes") or [None]
        made: dict[str, kubernetes.apiextensions.CustomResource] = {}
        for place, (address, gateway) in enumerate(zip(addresses, gateways, strict=True)):
            own = _of_address(address, gateway)
            for node in nodes:
                called = peer_names(args["name"], place + 1, [node] if node else [])[place]
                suffix = f"{'-v6' if place else ''}{f'-{node}' if node else ''}"
                made[called] = kubernetes.apiextensions.CustomResource(
                    f"{name}{suffix}",
                    api_version=str(api),
                    kind="BGPPeer",
                    metadata=marked(called, api),
                    spec=_of_node(node) | own | shared,
                    opts=pulumi.ResourceOptions(
                        parent=self,
                        # What a run that was killed has made is in no state: it is taken in, and brought
                        # to what it should be. For a peer that is in the state this is nothing.
                        import_=called if f"BGPPeer/{called}" in left else None,
                        # In stacks that are older than this component it is there without it.
                        aliases=[pulumi.Alias(parent=above)] if above else None,
                    ),
                )
        # Through the objects, so that whoever waits for the output waits for the peers.
        self.names = pulumi.Output.all(*(peer.urn for peer in made.values())).apply(lambda _made: list(made))
        self.written = pulumi.Output.all(*map(revision, made.values()))
        self.register_outputs({"names": self.names})


def _of_node(node: str | None) -> BGPPeerSpec:
    return {"node": node} if node else {}


def _of_address(address: pulumi.Input[str] | None, gateway: str | None) -> BGPPeerSpec:
    """What a BGPPeer says of one of the peer's addresses."""
    spec: BGPPeerSpec = {}
    if address is not None:
        spec["peerIP"] = address
    if gateway:
        spec["reachableBy"] = gateway
    return spec


def _shared(args: BgpPeersArgs, options: PeerOptions) -> BGPPeerSpec:
    """What all of the component's BGPPeers say."""
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


def revision(made: kubernetes.apiextensions.CustomResource) -> pulumi.Output[str | None]:
    """The object's resourceVersion, which changes with each write."""
    metadata: pulumi.Output[dict[str, str]] = made.metadata  # type: ignore[attr-defined]  # as given
    return metadata.apply(lambda known: known.get("resourceVersion"))
