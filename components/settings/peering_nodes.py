"""Which of a cluster's nodes peer with the machine, and at which addresses, by what the settings say.

Pure. The nodes are what cluster_nodes.py reads. All of them carry traffic: what pods on a node that does not
peer answer leaves by that node's port. So `nodes` stays all of them, for the ports, and `peering_nodes` are
those with a session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.calico.selectors import parse_selector
from components.networks import IPAddress
from components.settings.network_settings import wrong_nodes
from components.settings.setting_types import NAMESPACE
from components.settings.settings import Settings, SettingsError


@dataclass(frozen=True)
class ClusterNode:
    """A node as its cluster knows it."""

    name: str
    labels: Mapping[str, str]
    """Those of Calico's node, which has Kubernetes' and maybe more."""
    addresses: Sequence[IPAddress]
    """From which it speaks BGP, at most one of each family, IPv4 first."""
    as_number: int | None = None
    """Its own; None is the cluster's."""
    ready: bool | None = None
    """Whether its kubelet says so; None where nobody says anything."""
    calico: bool = True
    """Whether calico-node has written an address of its own there, readable or not. Always, where no node
    has one: then Calico keeps its nodes elsewhere."""
    unreadable: Sequence[str] = ()
    """What its object holds in the place of an address, each as a clause."""
    bgp_addresses: Sequence[IPAddress] = ()
    """Those at which other nodes peer with it; none where Calico does not run."""


def with_nodes(settings: Settings, found: Sequence[ClusterNode]) -> Settings:
    """The settings with the addresses of the cluster's nodes, those of the families in use.

    A node that runs no Calico is none of `nodesFromCluster`: it has no session and no pods of Calico's, and
    need not have a port in the cloud (virtual-kubelet's has none).

    Raises:
        SettingsError: when they do not fit the other settings, as listed ones would not either.
    """
    used = {family.version for family in settings.families}
    known = dict(settings)
    wrong: list[str] = []
    changed: dict[str, list[IPAddress]] = {}
    if settings.nodes_from_cluster:
        changed["nodes"] = _addresses([node for node in found if node.calico], used)
        # Sessions are limited, nodes are not.
        alone = not (settings.nodes_are_chosen or settings.route_reflectors)
        wrong += [
            f"  {NAMESPACE}:nodesFromCluster: {line}"
            for line in wrong_nodes(changed["nodes"], known, limited=alone)
        ]
    if settings.choice_is_open:
        key = "peerNodeSelector" if settings.peer_node_selector else "peerNodes"
        lines = _wrong_choice(settings, found)
        if not lines:
            chosen = changed["peering_nodes"] = _addresses(_chosen(settings, found), used)
            lines = wrong_nodes(chosen, known, "peering node")
            lines += [
                f"{address}, which peers, is not among {NAMESPACE}:nodes, so its port would not be found"
                for address in chosen
                if address not in changed.get("nodes", settings.nodes)
            ]
        wrong += [f"  {NAMESPACE}:{key}: {line}" for line in lines]
    if wrong:
        raise SettingsError("\n".join(["the settings do not fit the cluster's nodes:", *wrong]))
    return settings.model_copy(update=changed)


def silent_nodes(settings: Settings, found: Sequence[ClusterNode]) -> list[str]:
    """A sentence for each node that is left out, and for each that has no address of a family in use."""
    versions = [family.version for family in settings.families]
    left_out = [
        f"node {node.name} runs no Calico (none has written an address there), so it has no session with"
        f" {settings.machine_name}, and no port of it is looked for"
        for node in found
        if settings.nodes_from_cluster and not node.calico
    ]
    return left_out + [
        f"node {node.name} has no IPv{version} address in the cluster, so it has no IPv{version} session with"
        f" {settings.machine_name}, and its port is looked for without one"
        + (f" ({'; '.join(node.unreadable)})" if node.unreadable else "")
        for node in _chosen(settings, found)
        for version in versions
        if version not in {address.version for address in node.addresses}
    ]


def _chosen(settings: Settings, found: Sequence[ClusterNode]) -> list[ClusterNode]:
    """The nodes that peer, by the BGPPeers that the settings ask for."""
    if settings.peer_nodes:
        return [node for node in found if node.name in settings.peer_nodes]
    selector = parse_selector(settings.peer_node_selector or "all()")
    return [node for node in found if node.calico and selector.matches(node.labels)]


def _wrong_choice(settings: Settings, found: Sequence[ClusterNode]) -> list[str]:
    names = [node.name for node in found]
    there = f"the cluster has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}"
    if settings.peer_nodes:
        return [f"there is no node {name}; {there}" for name in settings.peer_nodes if name not in names]
    if not _chosen(settings, found):
        return [f"{settings.peer_node_selector} matches no node's labels; {there}"]
    return []


def _addresses(nodes: Sequence[ClusterNode], used: set[int]) -> list[IPAddress]:
    """Of the families in use, IPv4 first, in numerical order."""
    every = {address for node in nodes for address in node.addresses if address.version in used}
    return sorted(every, key=lambda address: (address.version, int(address)))
