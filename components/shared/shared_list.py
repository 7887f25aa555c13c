"""Our entries in a list that others own too: what to write, and which entries are ours.

Shared like this are a Neutron port's allowed address pairs and the lists of Calico's BGPConfigurations.
An entry is a mapping (`{"ip_address": …, "mac_address": …}`, `{"cidr": …}`); two entries are the same when
they name the same network, however it is spelled (192.168.5.5/16 is 192.168.0.0/16). Others' entries are
carried along untouched, in their order.

Not here: single values (shared_value.py); reading, writing and retrying (port_pairs.py,
bgp_configuration_writer.py). It relies on the caller to write a plan only onto the very state it was made
from.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.networks import within

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """How entries of one list look.

    `text` gives an entry's network as it is written there, or None for an entry that can never
    be the same as one of ours; `make` builds our entry for a canonical network. `holds`, where an entry
    of others may stand for several of ours: all that it stands for, in canonical spelling. `covers`: an
    entry does for every network inside its own as well.
    """

    text: Callable[[Entry], str | None]
    make: Callable[[str], Entry]
    holds: Callable[[Entry], Iterable[str]] | None = None
    covers: bool = False


@dataclass(frozen=True)
class Plan:
    """The list to write, the networks in it that are ours, and whether a write is needed."""

    entries: list[Entry]
    added: list[str]
    changed: bool


def canonical(text: str) -> str:
    """The one spelling of a network: prefix without host bits, and always with its length.

    Raises ValueError, with a sentence for a person, when `text` is no network or address.
    """
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not a network; expected for example 192.168.0.0/16 or fd00:10::/48"
        ) from error


def canonical_list(networks: Iterable[str]) -> list[str]:
    """Canonical networks in the order given, each once. Raises ValueError as `canonical` does."""
    return list(dict.fromkeys(canonical(network) for network in networks))


def present(current: Sequence[Entry], networks: Iterable[str], shape: Shape) -> list[str]:
    """Those of `networks` (canonical) that the list holds, or covers, whoever wrote them."""
    there = {network for entry in current for network in _held(entry, shape)}
    return [network for network in networks if network in there or _cover(network, there, shape)]


def missing(current: Sequence[Entry], networks: Iterable[str], shape: Shape) -> list[str]:
    """Those of `networks` (canonical) that the list lacks."""
    wanted = list(networks)
    found = present(current, wanted, shape)
    return [network for network in wanted if network not in found]


def covered(current: Sequence[Entry], networks: Iterable[str], shape: Shape) -> dict[str, str]:
    """Those of `networks` (canonical) that the list only covers, each with the network that does."""
    there = {network for entry in current for network in _held(entry, shape)}
    found = {network: _cover(network, there, shape) for network in networks if network not in there}
    return {network: cover for network, cover in found.items() if cover}


def merge(current: Sequence[Entry], wanted: Iterable[str], shape: Shape) -> tuple[list[Entry], list[str]]:
    """The list with every wanted network in it, and the networks that had to be added for that."""
    added = missing(current, wanted, shape)
    return [*current, *(shape.make(network) for network in added)], added


def take_away(current: Sequence[Entry], ours: Iterable[str], shape: Shape) -> list[Entry]:
    """The list without our entries.

    Only entries spelled as we spell them go: the same network with host bits was written by
    somebody else, after us, and stays.
    """
    gone = set(ours)
    return [entry for entry in current if shape.text(entry) not in gone]


def plan(current: Sequence[Entry], wanted: Sequence[str], ours: Iterable[str], shape: Shape) -> Plan:
    """One write that makes the list hold `wanted` and drops what of `ours` is wanted no longer.

    Create is a plan with nothing ours yet; delete is a plan with nothing wanted. What was there
    before us is never ours; what we added, somebody removed and this plan adds again still is. What the
    list only covers has no entry of ours.
    """
    before = list(ours)
    kept = take_away(current, (network for network in before if network not in wanted), shape)
    entries, new = merge(kept, wanted, shape)
    without = covered(entries, wanted, shape).keys()
    added = [
        network for network in wanted if network in new or (network in before and network not in without)
    ]
    return Plan(entries, added, changed=entries != list(current))


def _cover(network: str, there: Iterable[str], shape: Shape) -> str | None:
    """The widest network of `there` (canonical) with `network` and more in it."""
    if not shape.covers:
        return None
    one = ipaddress.ip_network(network)
    wider = [found for other in there if within(one, found := ipaddress.ip_network(other)) and found != one]
    return str(min(wider, key=lambda found: found.prefixlen)) if wider else None


def _held(entry: Entry, shape: Shape) -> Iterable[str]:
    if shape.holds:
        return shape.holds(entry)
    text = shape.text(entry)
    if text is None:
        return ()
    try:
        return (canonical(text),)
    except ValueError:
        return ()
