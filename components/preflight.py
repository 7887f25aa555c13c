"""What is asked of the cluster and the cloud before anything is declared.

A cluster without Calico's API and a node without a port are told in a sentence at the beginning of a
preview, not by a resource in the middle of an update. Nothing is written; no Pulumi here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.calico import as_numbers
from components.calico.bgp_configuration_conflicts import told
from components.calico.bgp_configuration_fields import AS_NUMBER, DEFAULT, MESH
from components.calico.bgp_configuration_writer import others_values, read_configuration
from components.calico.calico_api import expected_answers
from components.calico.cluster_nodes import cluster_nodes, nodes_if_allowed
from components.calico.ip_pools import pools_without_overlay
from components.calico.known_filters import check_filters
from components.calico.own_objects import Found, check_foreign, own_objects, own_peers
from components.calico.reflector_nodes import mesh_warnings, peer_name, reflector_warnings
from components.calico.stack_names import StackNames
from components.cluster_preflight import cluster_client, more_peers
from components.left_over import LeftOver, find_group
from components.machine.machine_left_over import find_machine_left_over
from components.machine.machine_parts import MachineParts, find_machine_parts
from components.ports.covered_pairs import covered_by_others
from components.ports.neutron_ports import Port, named
from components.ports.node_ports import (
    NodePorts,
    addresses_of,
    by_addresses,
    by_ids,
    by_names,
    by_server_metadata,
    by_tag,
)
from components.ports.openstack_api import connect as connect_cloud
from components.ports.port_pairs import filters, pairs_of, shape
from components.settings.bgp_peer_settings import filter_name
from components.settings.setting_types import NAMESPACE
from components.settings.settings import PORT_WAYS, Settings
from components.settings.site import Site
from components.shared.provider_errors import ProviderError
from components.shared.shared_list import missing


def check_clusters(site: Site) -> Site:
    """The site with its clusters' nodes, if need be.

    Raises ProviderError unless each cluster answers and has what the settings name, and SettingsError when
    its nodes do not fit the settings.
    """
    nodes = {}
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        client = cluster_client(settings)
        with expected_answers(client, "reading filters and nodes"):
            check_filters(client, settings.bgp_filters, settings.default_bgp_filter)
            if settings.asks_for_nodes:
                nodes[cluster] = cluster_nodes(client)
    return site.with_nodes(nodes)


def check_configurations(site: Site, stack: StackNames) -> None:
    """Raise ProviderError naming each single value in a BGPConfiguration that is another's and not ours.

    What `stack` wrote itself is no conflict, whatever became of it.
    """
    wrong = []
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        client = cluster_client(settings)
        with expected_answers(client, "reading the BGPConfigurations"):
            in_the_way = [
                one
                for name, values, taken in _values(settings)
                if values and (found := read_configuration(client, name))
                for one in others_values(client, found, values, taken, stack)
            ]
        if in_the_way:
            wrong.append(told(client.configuration.host, in_the_way))
    if wrong:
        raise ProviderError("\n".join(wrong))


def check_as_numbers(site: Site, stack: StackNames) -> list[str]:
    """What is to be warned of where the nodes' AS numbers cannot be read.

    Raises ProviderError naming each node that peers with another number than the machine's BIRD expects.
    """
    wrong, warnings = [], []
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        # All nodes call themselves by one number towards the others.
        machines = {m: its for m, its in site.of_cluster(cluster).items() if not its.node_local_as_number}
        if not machines:
            continue
        client = cluster_client(settings)
        host = str(client.configuration.host)
        wanted = settings.bgp_configurations[DEFAULT].get("values", {}).get(AS_NUMBER)
        with expected_answers(client, "reading the nodes' AS numbers"):
            number = as_numbers.cluster_as_number(read_configuration(client, DEFAULT), wanted, stack)
            nodes = nodes_if_allowed(client)
        for machine, its in machines.items():
            expected = its.calico_as_number
            if nodes is None:
                fits = number.number == expected
                warnings += [] if fits else [as_numbers.unknown(host, expected, number)]
                continue
            neighbors = {address for family in its.families for address in family.neighbors}
            if found := as_numbers.others(nodes, neighbors, expected, number):
                wrong.append(as_numbers.told(host, machine, expected, found))
    if wrong:
        raise ProviderError("\n".join(wrong))
    return list(dict.fromkeys(warnings))


def _values(settings: Settings) -> Iterator[tuple[str, Mapping[str, Any], list[str]]]:
    """The single values that are to be written, by object, and which others' may be written over."""
    for name, part in settings.bgp_configurations.items():
        values, taken = part.get("values", {}), settings.taken_over[name]
        if name == DEFAULT and settings.reflector_nodes:
            yield name, {**values, MESH: False}, [*taken, *settings.mesh_taken_over]
        else:
            yield name, values, taken


def left_over(
    site: Site,
    stack: StackNames,
    parts: Mapping[str, MachineParts],
    overriding: Mapping[str, str] | None = None,
) -> LeftOver:
    """What `stack` has made that a plain resource would make again.

    `overriding`: by cluster, what overrides the stack's objects there (conflict_preflight.py). Raises
    ProviderError when a cluster or the cloud does not answer, for `overriding`, and when what the stack is to
    make in a cluster is there, and not of its making.
    """
    own: dict[str, frozenset[str]] = {}
    groups = {}
    wrong = list((overriding or {}).values())
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        client, cloud = cluster_client(settings), settings.cloud
        with expected_answers(client, "reading what is there already"):
            found = Found()
            for its in site.of_cluster(cluster).values():
                found |= own_objects(
                    client,
                    its.machine_name,
                    stack,
                    its.calico_namespace if its.with_password else None,
                    more_peers(its),
                    [filter_name(its.machine_name)] if its.default_bgp_filter else (),
                )
            if settings.reflector_nodes:
                found |= own_peers(client, [peer_name(str(settings.reflector_cluster_id))], stack)
        try:
            check_foreign(found)
        except ProviderError as error:
            wrong.append(str(error))
        own[cluster] = found.made
        if settings.node_security_group:
            groups[cluster] = find_group(connect_cloud(cloud), stack.now, cloud, cluster)
    if wrong:
        raise ProviderError("\n".join(wrong))
    machines = {}
    for machine, made_of in parts.items():
        settings = site.machine(machine)
        connection = connect_cloud(settings.cloud)
        machines[machine] = find_machine_left_over(connection, stack.now, settings, made_of)
    return LeftOver(own, groups, machines)


def all_node_ports(site: Site) -> dict[str, NodePorts]:
    """The nodes' ports of each cluster. Raises ProviderError as `node_ports` does."""
    return {
        cluster: node_ports(site.cluster(cluster), site.pair_networks(cluster)) for cluster in site.clusters
    }


def node_ports(settings: Settings, networks: Sequence[str]) -> NodePorts:
    """The nodes' ports, all looked at in a constant number of requests.

    Raises ProviderError when the search fails, a node has none of the ports found, or the address
    pairs, `networks`, would be too many on any of them.
    """
    if not any(getattr(settings, way) for way in PORT_WAYS):
        return NodePorts()
    found = _find(settings)
    _check_nodes(settings, found)
    check_limit(list(found.values()), networks, settings.max_address_pairs)
    return NodePorts(
        {label: str(port["id"]) for label, port in found.items()},
        {label: named(port) for label, port in found.items() if not filters(port)},
        covered_by_others(list(found.values()), networks),
    )


def harmful_pools(site: Site, ports: Mapping[str, NodePorts]) -> list[str]:
    """The IP pools whose packets Neutron drops when a node hands them on (ip_pools.py).

    None where it guards no port or the machine is among the pairs. Raises ProviderError when a cluster
    does not answer.
    """
    pools = []
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        guarded = ports[cluster].ids.keys() - ports[cluster].unfiltered.keys()
        if guarded and not settings.machine_pairs:
            client = cluster_client(settings)
            with expected_answers(client, "reading the IP pools"):
                pools += pools_without_overlay(client, settings.pod_networks)
    return pools


def route_reflectors(site: Site) -> list[str]:
    """What is to be warned of each cluster's route reflectors, or of its mesh.

    Raises ProviderError when a cluster does not answer, or a node that is named cannot be a reflector.
    """
    warnings = []
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        client = cluster_client(settings)
        with expected_answers(client, "reading the nodes' sessions"):
            if settings.reflector_nodes:
                number = str(settings.reflector_cluster_id)
                warnings += reflector_warnings(client, settings.reflector_nodes, number)
            elif not settings.route_reflectors:
                most = max((len(family.nodes) for family in settings.families), default=0)
                warnings += mesh_warnings(client, most)
    return warnings


def machine_parts(site: Site) -> dict[str, MachineParts]:
    """What each machine that is made here is made of; those that are there are left out.

    Raises ProviderError when a machine's network is not there.
    """
    parts = {}
    for machine in site.machines:
        settings = site.machine(machine)
        if settings.made:
            parts[machine] = find_machine_parts(connect_cloud(settings.cloud), settings)
    return parts


def check_limit(ports: Sequence[Port], networks: Sequence[str], limit: int) -> None:
    """Raise ProviderError naming every port on which `networks` would exceed Neutron's limit."""
    over = []
    for port in ports:
        now = len(pairs_of(port))
        more = len(missing(pairs_of(port), networks, shape(port)))
        if filters(port) and more and now + more > limit:
            over.append(f"{named(port)} has {now} and needs {more} more")
    if over:
        raise ProviderError(
            f"Neutron allows {limit} address pairs a port, too few here: {'; '.join(over)}. Remove pairs "
            "that nobody needs, or have max_allowed_address_pair raised in Neutron and set "
            f"{NAMESPACE}:maxAddressPairs to it; when pairs of ours are to go in exchange, let them go "
            "first, in an update of its own"
        )


def _find(settings: Settings) -> dict[str, Port]:
    connection, cloud, network = (
        connect_cloud(settings.cloud),
        settings.cloud,
        settings.node_port_network,
    )
    if settings.node_port_ids:
        return by_ids(connection, settings.node_port_ids, cloud)
    if settings.node_port_names:
        return by_names(connection, settings.node_port_names, network, cloud)
    if settings.node_port_tag:
        return by_tag(connection, settings.node_port_tag, network, cloud)
    if settings.node_server_metadata:
        return by_server_metadata(connection, *settings.node_server_metadata, network, cloud)
    assert network is not None
    return by_addresses(connection, network, [str(node) for node in settings.nodes], cloud)


def _check_nodes(settings: Settings, found: Mapping[str, Port]) -> None:
    """A node without one of the ports would have its traffic dropped, and nobody would know why."""
    on_ports = {address for port in found.values() for address in addresses_of(port)}
    if absent := [str(node) for node in settings.nodes if str(node) not in on_ports]:
        raise ProviderError(
            f"none of the {len(found)} ports found has the node address {', '.join(absent)}; check nodes and "
            "how their ports are found (nodePortNames, nodePortTag, nodeServerMetadata or nodePortIds)"
        )
