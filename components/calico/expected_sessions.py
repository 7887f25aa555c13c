"""Which BGP sessions a cluster's nodes should have among themselves, and what a node's report lacks of it.

Pure. It follows what confd renders (Calico 3.31, bird.cfg.template): a node with a cluster id of its own is
in no mesh, whatever the mesh's switch says, and a node selected by a BGPPeer's peerSelector has sessions
with all that the nodeSelector selects, in both directions. Reports are Calico's CalicoNodeStatus with the
classes BGP and Routes. Sessions with others than nodes are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from components.networks import address_or_none

MESH, PEER = "NodeMesh", "BGPPeer"
WORDS = {MESH: "by the node-to-node mesh", PEER: "by the route reflectors' BGPPeer"}
# confd puts another port into a session's name, and Calico's report takes the name for an address.
PORT = re.compile(r"[.:]port[.:]\d+$")


@dataclass(frozen=True)
class Node:
    """A node as Calico knows it."""

    name: str
    addresses: Sequence[str]
    """That it speaks BGP from, at most one of each family."""
    cluster_id: str = ""
    """Of a route reflector, whoever made it one."""
    ours: bool = False
    """Whether our BGPPeer selects it as a reflector."""
    ready: bool = True
    """Whether its kubelet says so; of others nothing is expected."""


@dataclass(frozen=True)
class Session:
    """One that a node should have; `kind` is MESH or PEER."""

    node: str
    address: str
    kind: str


@dataclass(frozen=True)
class View:
    """A cluster's nodes, and whether its node-to-node mesh is on."""

    nodes: Sequence[Node]
    mesh: bool

    @property
    def ready(self) -> list[Node]:
        """The nodes of which something is expected, reflectors first."""
        return sorted((node for node in self.nodes if node.ready), key=lambda node: not node.ours)

    @property
    def reflectors(self) -> list[Node]:
        """Ours."""
        return [node for node in self.ready if node.ours]

    def sessions(self, node: Node) -> list[Session]:
        """What it should have."""
        return [
            Session(other.name, address, kind)
            for other in self.ready
            if other.name != node.name and (kind := self._kind(node, other))
            for address in other.addresses
            if any(_version(own) == _version(address) for own in node.addresses)
        ]

    def _kind(self, node: Node, other: Node) -> str:
        if node.ours or other.ours:
            return PEER
        return MESH if self.mesh and not node.cluster_id and not other.cluster_id else ""


@dataclass(frozen=True)
class Report:
    """What a node says of itself."""

    peers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The sessions' states by address and kind."""
    learned: Mapping[tuple[str, str], AbstractSet[str]] = field(default_factory=dict)
    """Destinations by kind and the address that they were learned from."""
    own: AbstractSet[str] = frozenset()
    """Destinations that the node announces of itself: its blocks of pods, services."""


def report(status: Mapping[str, Any]) -> Report | None:
    """A CalicoNodeStatus' `status`; None while the node has not reported."""
    if not status.get("lastUpdated"):
        return None
    bgp, routes = status.get("bgp") or {}, status.get("routes") or {}
    peers = {
        (str(address), MESH if peer.get("type") == MESH else PEER): peer.get("state") or "down"
        for family in ("peersV4", "peersV6")
        for peer in bgp.get(family) or []
        if (address := address_or_none(peer.get("peerIP")))
    }
    learned: dict[tuple[str, str], set[str]] = {}
    own = set()
    for family in ("routesV4", "routesV6"):
        for route in routes.get(family) or []:
            source = route.get("learnedFrom") or {}
            kind, destination = source.get("sourceType"), str(route.get("destination"))
            address = address_or_none(PORT.sub("", str(source.get("peerIP"))))
            if kind == "Static":
                own.add(destination)
            elif kind in WORDS and address:
                learned.setdefault((kind, str(address)), set()).add(destination)
    return Report(peers, learned, own)


def lacking(view: View, node: Node, found: Report | None, reflectors_own: AbstractSet[str]) -> list[str]:
    """What a node lacks, each in words; none: all is as it should be.

    `reflectors_own`: what the reflectors announce of themselves, which no mesh can bring.
    """
    if found is None:
        return [f"{node.name} has reported nothing: does calico-node run there?"]
    down = []
    for session in view.sessions(node):
        state = found.peers.get((session.address, session.kind), "not there")
        if state != "Established":
            down.append(
                f"{node.name}: its session with {session.node} ({session.address})"
                f" {WORDS[session.kind]} is {state}"
            )
    return down or _routes_lacking(view, node, found, reflectors_own)


def _routes_lacking(view: View, node: Node, found: Report, reflectors_own: AbstractSet[str]) -> list[str]:
    """Routes that came one way and not yet the other, as both are to hold before one is taken away.

    A node that reports no route at all (Calico drops all when one family's BIRD is off)
    has only its sessions.
    """
    if node.ours or node.cluster_id or not view.mesh or not view.reflectors:
        return []
    meshed = _union(found, ((MESH, address) for kind, address in found.learned if kind == MESH))
    reflected: set[str] = set()
    wrong = []
    for reflector in view.reflectors:
        its = _union(found, ((PEER, address) for address in reflector.addresses))
        reflected |= its
        wrong += [f"{node.name} has {one} not yet by {reflector.name}" for one in sorted(meshed - its)]
    late = reflected - reflectors_own - found.own - meshed
    return wrong + [f"{node.name} has {one} not yet {WORDS[MESH]}" for one in sorted(late)]


def _union(found: Report, keys: Iterable[tuple[str, str]]) -> set[str]:
    return {destination for key in keys for destination in found.learned.get(key, ())}


def _version(address: str) -> int:
    return 6 if ":" in address else 4
