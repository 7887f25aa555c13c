"""What of this run the state has under another name; a cluster is asked only where its name or reach changed.

No Pulumi here; what counts as the same is former_names.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.calico.bgp_configuration_fields import DEFAULT
from components.calico.bgp_configuration_writer import read_configuration
from components.calico.bgp_listed import list_if_allowed
from components.calico.calico_api import CalicoClient, expected_answers
from components.calico.kubeconfig import resolve
from components.cluster_preflight import cluster_client
from components.former_names import (
    ClusterNow,
    Declared,
    FormerNames,
    MachineNow,
    all_in_place,
    former_clusters,
    former_machines,
    known_clusters,
    known_machines,
    stacks,
    told,
)
from components.settings.site import Site
from components.shared.provider_errors import ProviderError


def find_former_names(site: Site, state: Sequence[Declared]) -> FormerNames:
    """The former names of machines, clusters and the stack.

    Raises ProviderError when names were exchanged so that one run cannot carry it out, and when a cluster
    does not answer.
    """
    machines, wrong = former_machines(known_machines(state), _machines(site))
    known = known_clusters(state)
    clusters: dict[str, str] = {}
    reach = {label: _reach(site, label) for label in site.clusters}
    if known and not all_in_place(known, reach):
        now = [_cluster(site, label) for label in site.clusters]
        hosts = {label: _host(*one.reach) for label, one in known.items()}
        clusters, more = former_clusters(known, now, hosts)
        wrong += more
    if wrong:
        raise ProviderError(told(wrong))
    return FormerNames(machines, clusters, stacks(state))


def _machines(site: Site) -> list[MachineNow]:
    return [
        MachineNow(
            machine if site.several else "",
            machine,
            [str(address) for address in site.machine(machine).machine_addresses],
            site.machine(machine).ssh_host_key,
        )
        for machine in site.machines
    ]


def _reach(site: Site, cluster: str) -> tuple[str | None, str | None]:
    settings = site.cluster(cluster)
    return settings.kubeconfig, settings.kube_context


def _cluster(site: Site, label: str) -> ClusterNow:
    client = cluster_client(site.cluster(label))
    with expected_answers(client, "looking for what this stack has made"):
        uids = _uids(client)
    reach = _reach(site, label)
    return ClusterNow(label, _host(*reach), uids, reach)


def _uids(client: CalicoClient) -> list[str]:
    default = read_configuration(client, DEFAULT)
    found = [*(list_if_allowed(client, "bgppeers") or ()), *([default] if default else [])]
    return [str(one["metadata"]["uid"]) for one in found]


def _host(kubeconfig: str | None, context: str | None) -> str | None:
    """Where the API of a cluster is; None where its kubeconfig or context is gone."""
    try:
        return str(resolve(kubeconfig, context).cluster.get("server"))
    except ProviderError:
        return None
