"""Our allowed address pairs on one Neutron port that somebody else owns.

Read, merge, and write only onto the revision that was read (`If-Match: revision_number=N`): two
writers without it overwrite each other, and Neutron has no atomic add or remove. Others' pairs go
back exactly as they stand. No Pulumi here; the state is port_pairs_provider.py's.

Requests go raw through the connection's session, so that pairs are not reshaped on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tenacity
from openstack.connection import Connection

from components.node_ports import clear_errors
from components.provider_errors import ProviderError
from components.shared_list import Entry, Shape, plan, present

ATTEMPTS = 12


class PortGoneError(ProviderError):
    """The port is not there, or not for these credentials."""


class _MovedError(ProviderError):
    """Somebody changed the port between our read and our write."""


def change_pairs(
    connection: Connection,
    port_id: str,
    wanted: Sequence[str],
    ours: Sequence[str],
    cloud: str | None = None,
) -> list[str]:
    """Make the port carry `wanted`, drop what of `ours` is not wanted; return what is ours now.

    Networks are canonical (shared_list.canonical). One PUT at most, none if nothing is missing.
    Raises PortGoneError, or ProviderError when Neutron refuses or the port keeps changing.
    """
    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_MovedError),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    ):
        with attempt, clear_errors(cloud):
            port = _read(connection, port_id)
            step = plan(_pairs(port), wanted, ours, _shape(port))
            if step.changed:
                _write(connection, port, step.entries)
            return step.added
    raise AssertionError("unreachable: the last attempt raises")


def present_pairs(
    connection: Connection, port_id: str, networks: Sequence[str], cloud: str | None = None
) -> list[str]:
    """Those of `networks` (canonical) that the port carries for its own MAC address."""
    with clear_errors(cloud):
        port = _read(connection, port_id)
    return present(_pairs(port), networks, _shape(port))


def _shape(port: dict[str, Any]) -> Shape:
    """A pair for another MAC address (VRRP and the like) is another pair."""
    own = str(port["mac_address"]).lower()

    def text(pair: Entry) -> str | None:
        mac = str(pair.get("mac_address") or own).lower()
        return str(pair["ip_address"]) if mac == own else None

    return Shape(text, lambda network: {"ip_address": network})


def _pairs(port: dict[str, Any]) -> list[Entry]:
    return list(port.get("allowed_address_pairs") or [])


def _read(connection: Connection, port_id: str) -> dict[str, Any]:
    answer = connection.network.get(f"/ports/{port_id}")
    if answer.status_code == 404:
        raise PortGoneError(
            f"port {port_id}: Neutron does not know it, or these credentials may not see it; check "
            "the id and that the credentials belong to the project that owns the nodes' network"
        )
    if answer.status_code != 200:
        raise ProviderError(f"port {port_id}: reading it failed: {_reason(answer)}")
    port: dict[str, Any] = answer.json()["port"]
    return port


def _write(connection: Connection, port: dict[str, Any], pairs: list[Entry]) -> None:
    port_id = port["id"]
    named = f"port {port_id}" + (f" ({port['name']})" if port.get("name") else "")
    # False, not absent: a Neutron without the extension filters nothing and takes pairs.
    if port.get("port_security_enabled") is False:
        raise ProviderError(
            f"{named}: port security is off, so Neutron takes no address pairs, and lets all "
            "traffic pass anyway; leave this port out of nodes or nodePortIds, or switch port "
            "security on"
        )
    if "revision_number" not in port:
        raise ProviderError(
            f"{named}: this Neutron gives no revision_number, so pairs that others add meanwhile "
            "could be lost; it needs the extensions standard-attr-revisions and revision-if-match"
        )
    answer = connection.network.put(
        f"/ports/{port_id}",
        json={"port": {"allowed_address_pairs": pairs}},
        headers={"If-Match": f"revision_number={port['revision_number']}"},
    )
    if answer.status_code == 200:
        return
    reason = _reason(answer)
    if answer.status_code == 412:
        raise _MovedError(
            f"{named}: somebody else changed it each of the {ATTEMPTS} times that its address "
            "pairs were to be written; find out what keeps changing it, and run again"
        )
    if answer.status_code == 404:
        raise PortGoneError(f"{named}: it was deleted just now")
    if answer.status_code == 403:
        raise ProviderError(
            f"{named}: these credentials may not change its address pairs; Neutron allows that to "
            f"a member of the project that owns the network, and to administrators: {reason}"
        )
    if answer.status_code == 400 and "maximum" in reason:
        raise ProviderError(
            f"{named}: {len(pairs)} address pairs (it has {len(_pairs(port))} now) are more than "
            "Neutron allows; ask for a higher max_allowed_address_pair, or remove pairs that "
            f"nobody needs: {reason}"
        )
    raise ProviderError(f"{named}: Neutron refused its {len(pairs)} address pairs: {reason}")


def _reason(answer: Any) -> str:
    """Neutron's own words, with the status."""
    try:
        text = answer.json()["NeutronError"]["message"]
    except (ValueError, LookupError, TypeError):
        text = answer.text[:200]
    return f"{' '.join(str(text).split())} (HTTP {answer.status_code})"
