"""Our address pairs, and our security group, on one Neutron port that somebody else owns.

Read, merge, and write only onto the revision that was read: two writers without it overwrite each
other, and Neutron has no atomic add or remove. Others' pairs and groups go back exactly as they
stand. Pairs and group go in one request, none if nothing is missing. A network inside one that a pair of
others lets through needs no pair, and none is ours then. No Pulumi here; the state is that of
port_pairs_provider.py and ports_before_provider.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tenacity
from openstack.connection import Connection

from components.ports.neutron_ports import Port, PortMovedError, change_port, named
from components.ports.openstack_api import clear_errors
from components.ports.ports_seen import SEEN
from components.shared.provider_errors import ProviderError
from components.shared.shared_list import Entry, Shape, covered, plan, present
from components.shared.this_run import THIS_RUN

# Seconds for which we try to get in between others who keep changing the same port. A number of
# attempts would be spent in seconds where Neutron is fast, and in minutes where it is slow.
PATIENCE = 120.0


@dataclass(frozen=True)
class Wish:
    """What a port shall carry, and what of it is ours.

    `networks`, `ours` and the groups are disjoint kinds: canonical networks, and ids of security
    groups that are ours alone. What is in `ours` or `our_groups` and not wanted goes.
    """

    networks: Sequence[str] = ()
    ours: Sequence[str] = ()
    groups: Sequence[str] = ()
    our_groups: Sequence[str] = ()


@dataclass(frozen=True)
class Done:
    """The port as it is now, and those of the wanted networks on it that are ours.

    `filtered` is False when its port security is off: Neutron takes no pairs then and lets everything
    pass, so nothing was written and nothing is ours.
    """

    port: Port
    added: list[str]
    filtered: bool


def fulfil(
    connection: Connection,
    port_id: str,
    wish: Wish,
    cloud: str | None = None,
    network_id: str | None = None,
) -> Done:
    """Make the port as wished; `network_id`, when known, spares requests (ports_seen.py).

    Raises PortGoneError, or ProviderError when Neutron refuses or the port keeps changing.
    """
    absent = THIS_RUN.absent_before_us(port_id, wish.networks)
    with clear_errors(cloud):
        port = SEEN.ever(port_id) or SEEN.port(connection, port_id, network_id)
        if not _change(port, wish, absent)[0]:
            # That nothing is missing has to be true by now.
            port = SEEN.port(connection, port_id, network_id)
        try:
            for attempt in tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(PortMovedError),
                stop=tenacity.stop_after_delay(PATIENCE),
                # Full jitter, and never long: who waits longer than the others gets in less often.
                wait=tenacity.wait_random_exponential(multiplier=0.05, max=1),
                reraise=True,
            ):
                with attempt:
                    if attempt.retry_state.attempt_number > 1:
                        port = SEEN.now(connection, port_id)
                    return _once(connection, port, wish, absent)
        except PortMovedError as error:
            raise ProviderError(
                f"{named(port)}: somebody else changed it each of the "
                f"{attempt.retry_state.attempt_number} times within {PATIENCE:.0f} s that its address pairs "
                "were to be written; find out what keeps changing it, and run again"
            ) from error
    raise AssertionError("unreachable: the last attempt raises")


def carried(port: Port, networks: Sequence[str]) -> list[str]:
    """Those of `networks` (canonical) that the port carries itself for its own MAC address."""
    return present(pairs_of(port), networks, replace(shape(port), covers=False))


def let_through(port: Port, networks: Sequence[str]) -> list[str]:
    """Those that it carries, or that lie inside a network that it carries."""
    return present(pairs_of(port), networks, shape(port))


def only_covered(port: Port, networks: Sequence[str]) -> dict[str, str]:
    """Those that merely lie inside one, each with that network: they need no pair of ours."""
    return covered(pairs_of(port), networks, shape(port)) if filters(port) else {}


def filters(port: Port) -> bool:
    """Whether Neutron filters the port's traffic.

    A Neutron without the extension filters nothing and takes pairs, so only False counts.
    """
    return port.get("port_security_enabled") is not False


def pairs_of(port: Port) -> list[Entry]:
    """The port's address pairs, everybody's."""
    return list(port.get("allowed_address_pairs") or [])


def shape(port: Port) -> Shape:
    """A pair for another MAC address (VRRP and the like) is another pair, and covers nothing of ours.

    Neutron compares address and MAC together: nodes send with the port's own.
    """
    own = str(port["mac_address"]).lower()

    def text(pair: Entry) -> str | None:
        mac = str(pair.get("mac_address") or own).lower()
        return str(pair["ip_address"]) if mac == own else None

    return Shape(text, lambda network: {"ip_address": network}, covers=True)


def _once(connection: Connection, port: Port, wish: Wish, absent: set[str]) -> Done:
    change, added = _change(port, wish, absent)
    if change:
        THIS_RUN.wrote(port["id"])
        SEEN.forget(port["id"])
        port = change_port(connection, port, change)
        SEEN.keep(port)
    return Done(port, added, filters(port))


def _change(port: Port, wish: Wish, absent: set[str]) -> tuple[dict[str, Any], list[str]]:
    """What to write for the wish, nothing when the port is as wished, and what of it is ours then."""
    if not filters(port):
        return {}, []
    # We looked before we ever wrote, and did not write since: this came from somebody else.
    theirs = absent.intersection(carried(port, wish.networks))
    step = plan(pairs_of(port), wish.networks, [one for one in wish.ours if one not in theirs], shape(port))
    groups = _groups(port, wish)
    change: dict[str, Any] = {}
    if step.changed:
        change["allowed_address_pairs"] = step.entries
    if groups is not None:
        change["security_groups"] = groups
    return change, step.added


def _groups(port: Port, wish: Wish) -> list[str] | None:
    """The port's groups as wished, or None when they are."""
    current = list(port.get("security_groups") or [])
    kept = [one for one in current if one in wish.groups or one not in wish.our_groups]
    changed = [*kept, *(one for one in wish.groups if one not in kept)]
    return None if changed == current else changed


def groups(props: Mapping[str, Any]) -> list[str]:
    """The security groups among a resource's properties: the one or none."""
    group = props.get("security_group")
    return [] if group is None else [group]
