"""The warning about networks that need no pair of ours, since a pair of others lets them through.

No Pulumi here. Whether one does is port_pairs.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.ports.neutron_ports import Port, named
from components.ports.port_pairs import only_covered

MOST_NAMED = 5
"""Of ports with the same pair; the rest is a number."""


def covered_by_others(ports: Sequence[Port], networks: Sequence[str]) -> str:
    """One warning for all ports, nothing when no port has such a pair.

    A pair for one of `networks` (canonical) itself is no other's.
    """
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for port in ports:
        by_cover: dict[str, list[str]] = {}
        for network, cover in only_covered(port, networks).items():
            if cover not in networks:
                by_cover.setdefault(cover, []).append(network)
        for cover, inside in by_cover.items():
            found.setdefault((cover, tuple(inside)), []).append(named(port))
    if not found:
        return ""
    each = "; ".join(
        f"{cover}, for {', '.join(inside)}, on {_some(on)}" for (cover, inside), on in found.items()
    )
    return (
        f"address pairs that are there already let our networks through, so none of ours is added: {each}."
        " `destroy` takes nothing of that away; should such a pair go, `pulumi up --refresh` adds ours"
    )


def _some(ports: Sequence[str]) -> str:
    more = len(ports) - MOST_NAMED
    return ", ".join(ports[:MOST_NAMED]) + (f" and {more} more ports" if more > 0 else "")
