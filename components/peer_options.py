"""Which nodes peer with a machine and how, of its settings, as its BGPPeers have it. Pure."""

from __future__ import annotations

from components.calico.bgp_peer_spec import PeerOptions
from components.settings.settings import Settings


def peer_options(settings: Settings) -> PeerOptions:
    """The options of the machine's BGPPeers."""
    return {
        "node_selector": settings.peer_node_selector,
        "nodes": settings.peer_nodes,
        "ttl_hops": (settings.multihop or 1) if settings.ttl_security else 0,
        "restart_time": settings.node_restart_time if settings.graceful_restart else 0,
        "source_address": settings.node_source_address,
        "next_hop_mode": settings.node_next_hop_mode,
        "reachable_by": settings.gateways,
        "local_as_number": settings.node_local_as_number,
        "allowed_local_as_numbers": settings.allowed_local_as_numbers,
    }
