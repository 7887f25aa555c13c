"""What is declared at one cluster, for all machines that peer with it: node ports and Calico's objects.

Not a component: a part of ExternalPeering. Machines share a cluster's ports and its `default`, so these are
declared once for each cluster, and only the BGPPeers once for each machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.calico.calico_api import BY_SETTING, V3
from components.calico.calico_bgp import CalicoBgp, PeeredMachine
from components.calico.reflector_nodes import peer_name
from components.calico.route_reflectors import RouteReflectors
from components.calico.stack_name import stack_name
from components.left_over import LeftOver, group_description
from components.machine_secrets import MachineSecrets
from components.peer_options import peer_options
from components.ports.address_pairs import AddressPairs
from components.ports.gophercloud_login import Arguments
from components.ports.node_ports import NodePorts
from components.settings.bgp_peer_settings import filter_name
from components.settings.settings import Settings
from components.settings.site import Site
from components.shared.called import Called


@dataclass(frozen=True)
class ClusterSide:
    """The components at a cluster."""

    pairs: AddressPairs
    calico: CalicoBgp
    reflectors: RouteReflectors | None

    @property
    def parts(self) -> list[pulumi.Resource]:
        """The components."""
        return [self.pairs, self.calico, *([self.reflectors] if self.reflectors else [])]

    @property
    def written(self) -> list[pulumi.Output[object]]:
        """They change whenever one of them was written by us."""
        reflected: list[pulumi.Output[object]] = [self.reflectors.written] if self.reflectors else []
        return [self.pairs.written, self.calico.bgp_peers, self.calico.written, *reflected]


def _peered(settings: Settings, label: str, former: str, secrets: MachineSecrets) -> PeeredMachine:
    return {
        "name": settings.machine_name,
        "label": label,
        "former_label": former,
        "addresses": [str(address) for address in settings.machine_addresses],
        "as_number": settings.machine_as_number,
        "session": {"password": secrets.password, "namespace": settings.calico_namespace},
        "options": peer_options(settings),
        "filters": settings.bgp_filters,
        "filter": {
            "name": filter_name(settings.machine_name),
            "taken": [str(network) for network in settings.machine_networks] if settings.advertise else [],
            "withheld": [str(network) for network in settings.withheld_networks],
            # A route reflector has the others' routes to tell.
            "own": [] if settings.route_reflectors else _of_services(settings),
        }
        if settings.default_bgp_filter
        else None,
    }


def _of_services(settings: Settings) -> list[str]:
    """The networks of Services' addresses: a node that told the machine another's would be its next hop."""
    lists = (settings.service_networks, settings.external_networks, settings.load_balancer_networks)
    return [str(network) for networks in lists for network in networks]


def _group(
    called: Called,
    site: Site,
    cluster: str,
    left_over: LeftOver,
    opts: pulumi.ResourceOptions,
    plugin: Arguments | None,
) -> pulumi.Output[str]:
    """The id of our security group on the nodes' ports."""
    # pulumi-openstack takes most of a second to import, which nobody else need wait for.
    from components.ports.node_security_group import NodeSecurityGroup

    all_settings = list(site.of_cluster(cluster).values())
    behind = dict.fromkeys(str(network) for its in all_settings for network in its.machine_networks)
    return NodeSecurityGroup(
        called.name("nodes"),
        {
            "machine_name": cluster or all_settings[0].machine_name,
            "machine_addresses": [str(one) for its in all_settings for one in its.machine_addresses],
            "machine_networks": list(behind),
            "description": group_description(stack_name(), cluster),
            "left_over": left_over.group.get(cluster),
            "cloud": all_settings[0].cloud,
            "plugin": plugin,
        },
        called.opts("nodes", opts),
    ).group_id


def cluster_side(
    called: Called,
    site: Site,
    cluster: str,
    ports: NodePorts,
    secrets: Mapping[str, MachineSecrets],
    left_over: LeftOver,
    opts: pulumi.ResourceOptions,
    former_machines: Mapping[str, str] | None = None,
    plugin: Arguments | None = None,
) -> ClusterSide:
    """Declare it.

    `former_machines`: by label now, that of machines which have another one in the state.
    `plugin`: what pulumi-openstack is given for the cluster's cloud. Default: its name.
    """
    machines = site.of_cluster(cluster)
    settings = site.cluster(cluster)
    former = former_machines or {}
    api, left = BY_SETTING[settings.calico_api], left_over.cluster.get(cluster, frozenset())
    pairs = AddressPairs(
        called.name("pairs"),
        {
            "ports": ports.ids,
            "unfiltered": ports.unfiltered,
            "security_group": _group(called, site, cluster, left_over, opts, plugin)
            if settings.node_security_group
            else None,
            "networks": site.pair_networks(cluster),
            "cloud": settings.cloud,
        },
        called.opts("pairs", opts),
    )
    calico = CalicoBgp(
        called.name("calico"),
        {
            "machines": [
                _peered(its, label, former.get(label, label), secrets.get(machine, MachineSecrets()))
                for machine, its in machines.items()
                for label in [machine if site.several else ""]
            ],
            "service_networks": [str(network) for network in settings.service_networks],
            "configurations": {**settings.bgp_configurations},
            "take_over": settings.taken_over,
            "left_over": left,
            "api": api,
            "kubeconfig": settings.kubeconfig,
            "context": settings.kube_context,
        },
        called.opts("calico", opts),
    )
    made = None
    if settings.reflector_nodes:
        number = str(settings.reflector_cluster_id)
        made = RouteReflectors(
            called.name("reflectors"),
            {
                "nodes": settings.reflector_nodes,
                "cluster_id": number,
                "timeout": settings.reflector_timeout,
                "api": api,
                "reach": {
                    "kubeconfig": settings.kubeconfig,
                    "context": settings.kube_context,
                    # Left out where it is the default: states that do not know it are the same then.
                    "calico_api": None if api == V3 else str(api),
                },
                "take_over": settings.mesh_taken_over,
                "left_over": f"BGPPeer/{peer_name(number)}" in left,
                "after": [calico],
            },
            pulumi.ResourceOptions.merge(
                called.opts("reflectors", opts), pulumi.ResourceOptions(providers=[calico.cluster])
            ),
        )
    return ClusterSide(pairs, calico, made)
