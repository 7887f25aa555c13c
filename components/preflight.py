"""What is asked of the cluster and the cloud before anything is declared.

A cluster without Calico's API and a node without a port are told in a sentence at the beginning of a
preview, not by a resource in the middle of an update. Nothing is written; no Pulumi here.
"""

from components.calico_api import check_calico
from components.calico_api import connect as connect_cluster
from components.node_ports import connect as connect_cloud
from components.node_ports import find_node_ports
from components.settings import Settings


def check_cluster(settings: Settings) -> None:
    """Raise ProviderError unless the cluster answers and serves projectcalico.org/v3."""
    check_calico(connect_cluster(settings.kubeconfig, settings.kube_context))


def node_ports(settings: Settings) -> dict[str, str]:
    """The nodes' Neutron ports by a stable label; empty when the cluster is not on OpenStack.

    Labels are the nodes' addresses when the ports are searched, otherwise the ports' ids, which stay
    when the list is put into another order. Raises ProviderError when the search fails.
    """
    if settings.node_port_ids:
        return {port: port for port in settings.node_port_ids}
    if settings.node_port_network is None:
        return {}
    addresses = [str(node) for node in settings.nodes]
    connection = connect_cloud(settings.cloud)
    return find_node_ports(connection, settings.node_port_network, addresses, settings.cloud)
