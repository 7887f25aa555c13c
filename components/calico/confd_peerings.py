"""Which sessions Calico's confd makes of a BGPPeer: on which nodes, with which address and port.

Pure. The rules are those of Calico 3.31 (confd/pkg/backends/calico/client.go, updatePeersV1): confd keys a
session by address and port, for every node or by node, and knows no names. Port 179 is the same key as none.
Left out on purpose:
- `localWorkloadSelector`: its sessions are with pods' addresses, and the machine's is in no pod network;
- reverse peerings: confd adds them last, and one that is there already stays;
- HostEndpoints: confd reads none; a `peerSelector` matches Node objects only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from components.calico.selectors import SelectorError, parse_selector
from components.networks import IPAddress
from components.settings.peering_nodes import ClusterNode

BGP_PORT = 179


@dataclass(frozen=True)
class Scope:
    """The nodes of a peering: every node, also one that joins later, or some."""

    every: bool = False
    """Neither `node` nor `nodeSelector`; a selector that matches all nodes is not this."""
    names: frozenset[str] = frozenset()
    known: bool = True
    """False: a selector's nodes, where Nodes may not be listed."""

    def __or__(self, other: Scope) -> Scope:
        return Scope(self.every or other.every, self.names | other.names, self.known and other.known)


EVERY = Scope(every=True)


@dataclass(frozen=True)
class Peering:
    """A session of each node in `scope` with an address."""

    scope: Scope
    address: IPAddress
    port: int = BGP_PORT
    node: ClusterNode | None = None
    """The node that has the address, for a `peerSelector`."""


def list_peerings(spec: Mapping[str, Any], nodes: Sequence[ClusterNode] | None) -> list[Peering]:
    """The peerings of a BGPPeer's spec; none where confd skips the object as malformed.

    `nodes`: the cluster's; None where they may not be listed, and a `peerSelector` then gives none.
    """
    if spec.get("localWorkloadSelector"):
        return []
    scope = peering_scope(spec, nodes)
    if selector := spec.get("peerSelector"):
        peers = _matching(str(selector), nodes or ())
        return [
            Peering(scope, address, node=node)
            for node in nodes or ()
            if node.name in peers
            for address in node.bgp_addresses
        ]
    peer = parse_peer_ip(spec.get("peerIP"))
    if peer is None:
        return []
    if gateway := spec.get("reachableBy"):
        parsed = _go_address(str(gateway))
        if parsed is None or parsed.version != peer[0].version:
            return []
    return [Peering(scope, *peer)]


def peering_scope(spec: Mapping[str, Any], nodes: Sequence[ClusterNode] | None) -> Scope:
    """Which nodes a BGPPeer is for. A selector that Calico cannot read matches none."""
    if selector := spec.get("nodeSelector"):
        return Scope(known=False) if nodes is None else Scope(names=_matching(str(selector), nodes))
    if node := spec.get("node"):
        there = nodes is None or any(one.name == node for one in nodes)
        return Scope(names=frozenset({str(node)} if there else ()))
    return EVERY


def parse_peer_ip(text: object) -> tuple[IPAddress, int] | None:
    """Address and port of a `peerIP`, such as `10.0.0.1:179` or `[fd00::1]:179`; None if malformed."""
    written = str(text or "")
    host, port = written, BGP_PORT
    bracketed = written.startswith("[") and "]:" in written
    if bracketed or written.count(":") == 1:
        host, _, digits = written.rpartition(":")
        number = _go_number(digits)
        if number is None or number > 65535:
            return None
        # confd takes port 0 for none.
        host, port = host[1:-1] if bracketed else host, number or BGP_PORT
    address = _go_address(host)
    return None if address is None else (address, port)


def _go_number(text: str) -> int | None:
    """As Go's ParseUint has it with base 0: `0xb3` is 179, so is `0263`, and `0179` is none."""
    if not (text.isascii() and text[:1].isdigit() and text.isprintable() and " " not in text):
        return None
    try:
        return int(text, 8 if re.fullmatch("0[0-7_]+", text) else 0)
    except ValueError:
        return None


def _go_address(text: str) -> IPAddress | None:
    """As Calico reads it: none with a zone, and an IPv4-mapped address is an IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def _matching(selector: str, nodes: Sequence[ClusterNode]) -> frozenset[str]:
    try:
        parsed = parse_selector(selector)
    except SelectorError:
        return frozenset()
    return frozenset(node.name for node in nodes if parsed.matches(node.labels))
