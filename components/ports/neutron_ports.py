"""Neutron's ports as its API has them: listing, reading and changing, one request each.

Requests go raw through the connection's session, so that address pairs are not reshaped on the way
and a list asks for the needed fields only. What to write is port_pairs.py's, which ports node_ports.py's.
Callers turn what openstacksdk itself raises into sentences (openstack_api.clear_errors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openstack.connection import Connection

from components.ports.openstack_api import described, not_allowed
from components.shared.provider_errors import ProviderError

Port = Mapping[str, Any]

FIELDS = (
    "id",
    "name",
    "project_id",
    "network_id",
    "device_id",
    "fixed_ips",
    "mac_address",
    "allowed_address_pairs",
    "port_security_enabled",
    "security_groups",
    "revision_number",
)

# Servers in front of Neutron take request lines of 8 kB; an id is 40 characters of one.
MOST_IN_A_REQUEST = 150


class PortGoneError(ProviderError):
    """The port is not there, or not for these credentials."""


class PortMovedError(ProviderError):
    """Somebody changed the port between our read and our write."""


def list_ports(connection: Connection, **filters: str) -> list[Port]:
    """All ports that match, in one request unless Neutron answers in pages."""
    return _pages(connection, [*filters.items()])


def list_ports_any(connection: Connection, key: str, values: Sequence[str], **filters: str) -> list[Port]:
    """All ports whose `key` is one of `values`; one request for every 150 of them."""
    return [
        port
        for start in range(0, len(values), MOST_IN_A_REQUEST)
        for port in _pages(
            connection,
            [*filters.items(), *((key, value) for value in values[start : start + MOST_IN_A_REQUEST])],
        )
    ]


def the_network(connection: Connection, wanted: str, key: str, cloud: str | None) -> tuple[str, str]:
    """Id and name of the network of that name, else of the one with that id.

    `key`: the setting that says `wanted`, for errors. Raises ProviderError when there is none, or several.
    """
    for what in ("name", "id"):
        answer = connection.network.get("/networks", params={what: wanted, "fields": ["id", "name"]})
        if answer.status_code != 200:
            raise ProviderError(f"looking up Neutron's network {wanted!r} failed: {reason(answer)}")
        found = answer.json()["networks"]
        if len(found) > 1:
            raise ProviderError(f"several OpenStack networks are called {wanted!r}; give its id as {key}")
        if found:
            return str(found[0]["id"]), str(found[0]["name"])
    raise ProviderError(
        f"no OpenStack network that {described(cloud)} may see has the name or id "
        f"{wanted!r}; check {key} and the project of the credentials"
    )


def described_so(connection: Connection, kind: str, description: str) -> dict[str, Any] | None:
    """The one object of Neutron's with a description, or None; `kind`: such as `security_groups`.

    Raises ProviderError when there are several.
    """
    called = kind.replace("_", " ")
    answer = connection.network.get(f"/{kind.replace('_', '-')}", params={"description": description})
    if answer.status_code != 200:
        raise ProviderError(f"listing Neutron's {called} failed: {reason(answer)}")
    found: list[dict[str, Any]] = answer.json()[kind]
    if len(found) > 1:
        ids = ", ".join(sorted(str(one["id"]) for one in found))
        raise ProviderError(f"several {called} of Neutron are described {description!r} ({ids}); delete one")
    return found[0] if found else None


def read_port(connection: Connection, port_id: str) -> Port:
    """One port. Raises PortGoneError."""
    answer = connection.network.get(f"/ports/{port_id}", params={"fields": [*FIELDS]})
    if answer.status_code == 404:
        raise gone(port_id)
    if answer.status_code != 200:
        raise ProviderError(f"port {port_id}: reading it failed: {reason(answer)}")
    port: Port = answer.json()["port"]
    return port


def change_port(connection: Connection, port: Port, change: Mapping[str, Any]) -> Port:
    """Write attributes onto the very revision of `port` that was read; the port as it is then.

    Raises PortMovedError when it has another revision by now, PortGoneError, or ProviderError, which
    names the port and what to do.
    """
    if "revision_number" not in port:
        raise ProviderError(
            f"{named(port)}: this Neutron gives no revision_number, so pairs that others add meanwhile "
            "could be lost; it needs the extensions standard-attr-revisions and revision-if-match"
        )
    answer = connection.network.put(
        f"/ports/{port['id']}",
        json={"port": change},
        headers={"If-Match": f"revision_number={port['revision_number']}"},
    )
    if answer.status_code == 200:
        changed: Port = answer.json()["port"]
        return changed
    if answer.status_code == 412:
        raise PortMovedError(f"{named(port)}: somebody else changed it just now")
    if answer.status_code == 404:
        raise gone(port["id"])
    raise _refused(connection, port, change, answer)


def named(port: Port) -> str:
    """The port for a person: its id, and its name when it has one."""
    return f"port {port['id']}" + (f" ({port['name']})" if port.get("name") else "")


def gone(port_id: str) -> PortGoneError:
    """The error about a port that is not there."""
    return PortGoneError(
        f"port {port_id}: Neutron does not know it, or these credentials may not see it; check "
        "the id and that the credentials belong to the project that owns the nodes' network"
    )


def reason(answer: Any) -> str:
    """Neutron's own words, with the status."""
    if answer.status_code == 401:
        return not_allowed(answer)
    try:
        text = answer.json()["NeutronError"]["message"]
    except (ValueError, LookupError, TypeError):
        text = answer.text[:200]
    return f"{' '.join(str(text).split())} (HTTP {answer.status_code})"


def _pages(connection: Connection, query: list[tuple[str, str]]) -> list[Port]:
    ports: list[Port] = []
    url, params = "/ports", [*query, *(("fields", field) for field in FIELDS)]
    while url:
        answer = connection.network.get(url, params=params)
        if answer.status_code != 200:
            raise ProviderError(f"listing Neutron's ports failed: {reason(answer)}")
        body = answer.json()
        ports += body["ports"]
        # With the next page's address comes the whole query.
        url = next((link["href"] for link in body.get("ports_links", ()) if link["rel"] == "next"), "")
        params = []
    return ports


def _refused(connection: Connection, port: Port, change: Mapping[str, Any], answer: Any) -> ProviderError:
    what = " and ".join(name.replace("allowed_", "").replace("_", " ") for name in change)
    why = reason(answer)
    if answer.status_code == 403:
        return ProviderError(
            f"{named(port)}: these credentials may not change its {what}; Neutron allows that to who has "
            f"the role member in {_owners(connection, port)}, and to administrators: {why}"
        )
    pairs = change.get("allowed_address_pairs", ())
    if answer.status_code == 400 and "maximum" in why:
        return ProviderError(
            f"{named(port)}: {len(pairs)} address pairs (it has {len(port['allowed_address_pairs'])} now) are"
            " more than Neutron allows; ask for a higher max_allowed_address_pair, or remove pairs that "
            f"nobody needs: {why}"
        )
    if answer.status_code == 409 and "security" in why.lower():
        return ProviderError(
            f"{named(port)}: its port security was switched off just now; run again, and it is left alone: "
            f"{why}"
        )
    return ProviderError(f"{named(port)}: Neutron refused its {what}: {why}")


def _owners(connection: Connection, port: Port) -> str:
    """Whose the port is and whose its network, which Neutron looks at both."""
    answer = connection.network.get(f"/networks/{port['network_id']}", params={"fields": "project_id"})
    of_network = answer.json()["network"].get("project_id") if answer.status_code == 200 else None
    of_port = port.get("project_id")
    if of_port == of_network:
        return f"the project {of_port}, which owns the port and its network"
    return (
        f"both the project {of_port or 'that owns the port'}, which owns the port, and the project "
        f"{of_network or 'that these credentials cannot see'}, which owns its network"
    )
