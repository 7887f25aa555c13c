"""What is asked of the clusters first of all: by which API Calico is reached, and what the user may do.

Before anything else is asked or declared, so that a person hears in one message what the cluster is and what
is missing. Nothing is written; no Pulumi here.
"""

from __future__ import annotations

from components.calico.calico_api import BY_SETTING, KINDS, CalicoClient, connect, expected_answers
from components.calico.calico_node import USUAL_NAMESPACE, calico_namespace
from components.calico.calico_served import check_served
from components.calico.own_objects import password_name, peer_name, peer_names
from components.calico.plugin_kubeconfig import plugin_kubeconfig
from components.calico.reflector_nodes import peer_name as reflectors_name
from components.calico.rights import Right, Rights, lacking, own, password, reflectors, shared
from components.settings.bgp_peer_settings import filter_name
from components.settings.settings import Settings
from components.settings.site import Site
from components.shared.provider_errors import ProviderError

MOST_NAMES = 20
"""Of objects of one kind that a right is asked for by name: who may change these may change them all."""


def cluster_client(settings: Settings) -> CalicoClient:
    """A client for the settings' cluster. Raises ProviderError on a bad kubeconfig."""
    return connect(settings.kubeconfig, settings.kube_context, BY_SETTING[settings.calico_api])


def check_apis(site: Site) -> list[str]:
    """What is to be warned of each cluster's API.

    Raises ProviderError unless each cluster answers and serves what its settings ask for.
    """
    warnings = []
    for cluster in site.clusters:
        settings = site.cluster(cluster)
        client = cluster_client(settings)
        # What pulumi-kubernetes cannot be given is to be known before anything is declared.
        plugin_kubeconfig(settings.kubeconfig, settings.kube_context)
        with expected_answers(client, "asking which APIs it serves"):
            warnings.append(check_served(client, KINDS))
    return [text for text in warnings if text]


def find_namespaces(site: Site) -> Site:
    """The site with calico-node's namespace in each cluster where a password needs it, and what was assumed.

    Raises ProviderError as calico_node.calico_namespace does.
    """
    namespaces, notes = {}, []
    for cluster in site.clusters:
        if any(its.with_password for its in site.of_cluster(cluster).values()):
            settings = site.cluster(cluster)
            client = cluster_client(settings)
            with expected_answers(client, "looking for calico-node"):
                found, note = calico_namespace(client, settings.calico_namespace)
            namespaces[cluster] = found
            notes += [note] if note else []
    return site.with_namespaces(namespaces, notes)


def check_rights(site: Site, writing: bool) -> None:
    """Raise ProviderError naming every right that a cluster's user lacks.

    `site` knows calico-node's namespaces (find_namespaces). `writing`: those for `up` and `destroy` as well,
    not only those for a preview.
    """
    wrong = []
    for cluster in site.clusters:
        client, rights = cluster_client(site.cluster(cluster)), cluster_rights(site, cluster)
        with expected_answers(client, "asking for the user's rights"):
            missing = lacking(client, rights.read | rights.write if writing else rights.read)
        if missing:
            wrong.append(_told(str(client.configuration.host), missing, writing))
    if wrong:
        raise ProviderError("\n".join(wrong))


def cluster_rights(site: Site, cluster: str) -> Rights:
    """What a stack has to be allowed at one of its clusters.

    Only what it cannot do without: what merely makes a warning or an error better is read when it may be.
    """
    settings, machines = site.cluster(cluster), list(site.of_cluster(cluster).values())
    api = BY_SETTING[settings.calico_api]
    peers = [peer_name(its.machine_name, second) for its in machines for second in (False, True)]
    peers += [name for its in machines for name in more_peers(its)]
    rights = own(api.group, "bgppeers", peers[:MOST_NAMES])
    for name in list({"default": None, **settings.bgp_configurations})[:MOST_NAMES]:
        rights |= shared(api, "bgpconfigurations", name)
    filters = [filter_name(its.machine_name) for its in machines if its.default_bgp_filter]
    if filters:
        rights |= own(api.group, "bgpfilters", filters[:MOST_NAMES])
    named = {name for its in machines for name in its.bgp_filters}
    rights |= Rights(frozenset(Right(api.group, "bgpfilters", "get", name) for name in named))
    for its in machines:
        if its.with_password:
            rights |= password(password_name(its.machine_name), its.calico_namespace or USUAL_NAMESPACE)
    if settings.asks_for_nodes:
        rights |= Rights(frozenset({Right("", "nodes", "list")}))
    if settings.reflector_nodes:
        rights |= own(api.group, "bgppeers", [reflectors_name(str(settings.reflector_cluster_id))])
        rights |= reflectors(api, settings.reflector_nodes[:MOST_NAMES])
    return rights


def more_peers(settings: Settings) -> list[str]:
    """The names of a machine's BGPPeers beside those of every node."""
    if not settings.peer_nodes:
        return []
    return peer_names(peer_name(settings.machine_name), len(settings.machine_addresses), settings.peer_nodes)


def _told(host: str, missing: list[Right], writing: bool) -> str:
    what = "`pulumi up`, and later `pulumi destroy`, need" if writing else "`pulumi preview` needs"
    return (
        f"the kubeconfig's user at {host} lacks {len(missing)} of the rights that {what}:\n"
        + "\n".join(f"  {right}" for right in missing)
        + "\nNothing was written. Roles with all of them are in docs/rbac, explained in docs/calico.md"
    )
