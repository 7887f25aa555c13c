"""Finding the Neutron ports of the cluster's nodes, in one of five ways.

No Pulumi here: the program calls it to learn ports before it declares anything. However many ports
there are, the number of requests is the same (one for every 150 names, servers or ids). Every fault
is told at once, with what was found beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from openstack.connection import Connection

from components.networks import address_or_none
from components.ports.neutron_ports import Port, list_ports, list_ports_any, the_network
from components.ports.openstack_api import clear_errors, described
from components.shared.provider_errors import ProviderError


@dataclass(frozen=True)
class NodePorts:
    """The nodes' Neutron ports; empty when the cluster is not on OpenStack.

    `ids` by what they were searched by, the node's address or the port's name, otherwise the id.
    `unfiltered`: ports without port security, and what to call them. `covered`: what to warn of pairs
    of others that stand for ours, if any do.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    unfiltered: Mapping[str, str] = field(default_factory=dict)
    covered: str = ""


def by_addresses(
    connection: Connection, network: str, addresses: Sequence[str], cloud: str | None = None
) -> dict[str, Port]:
    """Port by node address, in the order of `addresses` and with their spelling.

    A port that has several of them, as one of each family, is there once, by the IPv4 one.
    `network`: name or id. `cloud` is used in errors only. Raises ProviderError, naming every
    address at fault at once, when an address has no port or several there.
    """
    with clear_errors(cloud):
        ports = list_ports(connection, **_on(connection, network, cloud))
    found = _one_each(
        addresses,
        _grouped(ports, addresses_of),
        f"OpenStack network {network!r} has",
        f"node addresses among the {len(ports)} ports that {described(cloud)} may see; "
        "check nodes and nodePortNetwork, or give nodePortIds",
        spelled=_same,
    )
    labels: dict[str, str] = {}
    for address in sorted(addresses, key=lambda one: ":" in one):
        labels.setdefault(str(found[address]["id"]), address)
    return {address: found[address] for address in addresses if address in labels.values()}


def by_names(
    connection: Connection, names: Sequence[str], network: str | None = None, cloud: str | None = None
) -> dict[str, Port]:
    """Port by name. Raises ProviderError when a name has no port or several."""
    with clear_errors(cloud):
        ports = list_ports_any(connection, "name", names, **_on(connection, network, cloud))
    return _one_each(
        names,
        _grouped(ports, lambda port: [str(port["name"])]),
        f"the names in nodePortNames{_there(network)} have",
        f"names among the {len(ports)} ports that {described(cloud)} may see; "
        "check nodePortNames, or give nodePortIds",
    )


def by_tag(
    connection: Connection, tag: str, network: str | None = None, cloud: str | None = None
) -> dict[str, Port]:
    """Ports with a tag, by id. Raises ProviderError when there are none."""
    with clear_errors(cloud):
        ports = list_ports(connection, tags=tag, **_on(connection, network, cloud))
    if not ports:
        raise ProviderError(
            f"no port{_there(network)} that {described(cloud)} may see has the tag {tag!r}; check nodePortTag"
        )
    return _by_id(ports)


def by_server_metadata(
    connection: Connection, key: str, value: str, network: str | None = None, cloud: str | None = None
) -> dict[str, Port]:
    """Ports, by id, of all servers whose metadata has `key` with `value`.

    Raises ProviderError when no server has it, and naming every server without a port there.
    """
    with clear_errors(cloud):
        servers = {
            str(server.id): str(server.name)
            for server in connection.compute.servers(details=True)
            if (server.metadata or {}).get(key) == value
        }
        if not servers:
            raise ProviderError(
                f"no server that {described(cloud)} may see has the metadata {key}={value}; check "
                "nodeServerMetadata and the project of the credentials"
            )
        ports = list_ports_any(connection, "device_id", [*servers], **_on(connection, network, cloud))
    without = sorted(set(servers) - {str(port["device_id"]) for port in ports})
    if without:
        named = ", ".join(f"{servers[one]} ({one})" for one in without)
        raise ProviderError(
            f"no port{_there(network)} for {named}, which has the metadata {key}={value}; "
            "check nodeServerMetadata and nodePortNetwork"
        )
    return _by_id(ports)


def by_ids(connection: Connection, ids: Sequence[str], cloud: str | None = None) -> dict[str, Port]:
    """Ports by id. Raises ProviderError naming every id that is not there."""
    with clear_errors(cloud):
        found = {str(port["id"]): port for port in list_ports_any(connection, "id", ids)}
    if absent := [one for one in ids if one not in found]:
        raise ProviderError(
            f"Neutron does not know the ports {', '.join(absent)}, or {described(cloud)} may not see them; "
            "check nodePortIds and the project of the credentials"
        )
    return {one: found[one] for one in ids}


def addresses_of(port: Port) -> list[str]:
    """A port's fixed addresses in the one spelling that can be compared."""
    return [_same(fixed["ip_address"]) for fixed in port.get("fixed_ips") or ()]


def _on(connection: Connection, network: str | None, cloud: str | None) -> dict[str, str]:
    """The filter for ports on a network, which is looked up by name or id."""
    if network is None:
        return {}
    return {"network_id": the_network(connection, network, "nodePortNetwork", cloud)[0]}


def _there(network: str | None) -> str:
    return f" on OpenStack network {network!r}" if network else ""


def _by_id(ports: Sequence[Port]) -> dict[str, Port]:
    return {str(port["id"]): port for port in sorted(ports, key=lambda port: str(port["id"]))}


def _grouped(ports: Sequence[Port], keys: Callable[[Port], list[str]]) -> dict[str, list[Port]]:
    grouped: dict[str, list[Port]] = {}
    for port in ports:
        for key in keys(port):
            grouped.setdefault(key, []).append(port)
    return grouped


def _one_each(
    wanted: Sequence[str],
    found: Mapping[str, list[Port]],
    have: str,
    where: str,
    spelled: Callable[[str], str] = str,
) -> dict[str, Port]:
    at_each = {one: found.get(spelled(one), []) for one in wanted}
    faults = []
    if absent := [one for one, ports in at_each.items() if not ports]:
        faults.append(f"no port for {', '.join(absent)}")
    faults += [
        f"several ports for {one} ({', '.join(str(port['id']) for port in ports)})"
        for one, ports in at_each.items()
        if len(ports) > 1
    ]
    if faults:
        alone = sum(len(ports) == 1 for ports in at_each.values())
        raise ProviderError(
            f"{have} {'; '.join(faults)}; found one port each for {alone} of {len(at_each)} {where}"
        )
    return {one: ports[0] for one, ports in at_each.items()}


def _same(address: str) -> str:
    return str(address_or_none(address) or address)
