"""What of others in the clusters overrides what a stack is to make, found before anything is written.

Not by name (own_objects.py does that) but by what Calico's confd keys on. A BGPFilter is overridden only
through the BGPPeer that names it. Nothing is written; no Pulumi here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from components.calico.bgp_configuration_fields import ADVERTISEMENTS, DEFAULT, LOG_SEVERITY, MESH
from components.calico.bgp_listed import list_if_allowed
from components.calico.bgp_peer_spec import PeerSpecArgs, address_spec, node_spec, shared_spec
from components.calico.calico_api import CalicoClient, expected_answers
from components.calico.cluster_nodes import nodes_if_allowed
from components.calico.confd_peerings import peering_scope
from components.calico.node_configuration_conflicts import find_node_configuration_conflicts
from components.calico.node_sessions import mesh_is_on
from components.calico.own_objects import PASSWORD_KEY, password_name, peer_name, peer_names
from components.calico.peer_conflicts import OwnPeer, find_peer_conflicts, told
from components.calico.reflector_nodes import peer_name as reflectors_name
from components.calico.stack_names import StackNames
from components.calico.types.shared import BGPPassword
from components.cluster_preflight import cluster_client
from components.peer_options import peer_options
from components.settings.bgp_peer_settings import filter_name
from components.settings.peering_nodes import ClusterNode
from components.settings.settings import Settings
from components.settings.site import Site

UNCHECKED = "needs `list` on them, which the ClusterRole calico-peering-hints (docs/rbac/preview.yaml) grants"


@dataclass(frozen=True)
class Overriding:
    """What was found."""

    harmful: Mapping[str, str] = field(default_factory=dict)
    """By cluster, an error's text."""
    warnings: Sequence[str] = ()


def find_overriding(site: Site, stack: StackNames) -> Overriding:
    """Find objects of others that override what `stack` is to make.

    Raises ProviderError when a cluster does not answer.
    """
    harmful, warnings = {}, []
    for cluster in site.clusters:
        client = cluster_client(site.cluster(cluster))
        with expected_answers(client, "looking for BGPPeers of other owners"):
            lines, confusing = _at_cluster(client, site, cluster, stack)
        warnings += confusing
        if lines:
            harmful[cluster] = told(str(client.configuration.host), lines)
    return Overriding(harmful, warnings)


def own_peers(settings: Settings, nodes: Sequence[ClusterNode] | None) -> list[OwnPeer]:
    """The BGPPeers of a machine, one for each of its addresses (and node, if `peerNodes` names some)."""
    options = peer_options(settings)
    args: PeerSpecArgs = {
        "as_number": settings.machine_as_number,
        "filters": [
            *settings.bgp_filters,
            *([filter_name(settings.machine_name)] if settings.default_bgp_filter else []),
        ],
    }
    if settings.with_password:
        name = password_name(settings.machine_name)
        args["password"] = BGPPassword(secretKeyRef={"name": name, "key": PASSWORD_KEY})
    shared = shared_spec(args, options)
    own = []
    for place, address in enumerate(settings.machine_addresses):
        spec = {**address_spec(str(address), settings.gateways[place]), **shared}
        called = peer_name(settings.machine_name, second=place > 0)
        each: Sequence[str | None] = settings.peer_nodes or [None]
        scope = reduce(or_, (peering_scope({**node_spec(node), **spec}, nodes) for node in each))
        chosen = settings.peer_node_selector or ", ".join(settings.peer_nodes) or "every node"
        own.append(OwnPeer(peer_names(called, nodes=settings.peer_nodes), spec, scope, chosen))
    return own


def _at_cluster(
    client: CalicoClient, site: Site, cluster: str, stack: StackNames
) -> tuple[list[str], list[str]]:
    """What harms, and what is to be warned of."""
    settings, machines = site.cluster(cluster), list(site.of_cluster(cluster).values())
    host, group = client.configuration.host, client.calico.group
    nodes = nodes_if_allowed(client)
    own = [peer for its in machines for peer in own_peers(its, nodes)]
    warnings: list[str] = []
    harmful = _nodes_at_machines(client, settings, own, nodes or ())
    peers = list_if_allowed(client, "bgppeers")
    if peers is None:
        warnings.append(
            f"whether BGPPeers of other owners in the cluster at {host} replace this stack's is not checked:"
            f" it {UNCHECKED}"
        )
    found = find_peer_conflicts(own, peers or (), nodes, stack, group, _made(settings, machines, own))
    harmful += found.harmful
    warnings += found.confusing
    wanted = settings.bgp_configurations
    configurations = list_if_allowed(client, "bgpconfigurations")
    default = wanted[DEFAULT]
    if configurations is None and (
        ADVERTISEMENTS in default.get("lists", {}) or LOG_SEVERITY in default.get("values", {})
    ):
        warnings.append(
            f"whether BGPConfigurations of nodes in the cluster at {host} replace this stack's values in"
            f" {DEFAULT} is not checked: it {UNCHECKED}"
        )
    peering = reduce(or_, (peer.scope for peer in own))
    names = None if nodes is None else {node.name for node in nodes}
    of_nodes = find_node_configuration_conflicts(wanted, configurations or (), peering, names, stack, group)
    return [*harmful, *of_nodes.harmful], [*warnings, *of_nodes.confusing]


def _made(settings: Settings, machines: Sequence[Settings], own: Sequence[OwnPeer]) -> set[str]:
    """The names of BGPPeers that own_objects.py looks at."""
    names = {peer_name(its.machine_name, second) for its in machines for second in (False, True)}
    names |= {name for peer in own for name in peer.names}
    if settings.reflector_nodes:
        names.add(reflectors_name(str(settings.reflector_cluster_id)))
    return names


def _nodes_at_machines(
    client: CalicoClient, settings: Settings, own: Sequence[OwnPeer], nodes: Sequence[ClusterNode]
) -> list[str]:
    """Nodes that have a machine's address: the node-to-node mesh makes a session with them as well."""
    at = [(node, peer.address) for node in nodes for peer in own if peer.address in node.bgp_addresses]
    mesh = settings.bgp_configurations[DEFAULT].get("values", {}).get(MESH)
    if not at or settings.reflector_nodes or mesh is False or not mesh_is_on(client):
        return []
    return [
        f"Node {node.name} has the machine's address {address}: by the node-to-node mesh every node has a"
        " session with it beside this stack's, and BIRD takes what comes from there for the mesh's. Give"
        f" the machine an address of its own, or delete the Node: `kubectl delete node {node.name}`"
        for node, address in at
    ]
