"""The addresses of the cluster's nodes, read from its Node objects.

No Pulumi here, and nothing of Calico's: a node counts by its InternalIP, which is what Calico's nodes
speak BGP from unless they were told otherwise.
"""

from __future__ import annotations

from ipaddress import ip_address

from kubernetes.client import ApiClient, CoreV1Api

from components.calico.calico_api import REQUEST_TIMEOUT, clear_errors
from components.networks import IPAddress
from components.shared.provider_errors import ProviderError


def node_addresses(client: ApiClient) -> list[IPAddress]:
    """Every node's InternalIPs, IPv4 first, in numerical order.

    Raises ProviderError when the cluster does not answer or does not allow it, and naming every node
    that has none.
    """
    with clear_errors(client, "listing the nodes", needs="list on nodes"):
        nodes = CoreV1Api(client).list_node(_request_timeout=REQUEST_TIMEOUT).items
    found = {str(node.metadata.name): _internal(node) for node in nodes if node.metadata}
    if without := sorted(name for name, addresses in found.items() if not addresses):
        raise ProviderError(
            f"the cluster at {client.configuration.host} tells no InternalIP of {', '.join(without)}; "
            "set calico-peering:nodes instead of calico-peering:nodesFromCluster"
        )
    every = {address for addresses in found.values() for address in addresses}
    return sorted(every, key=lambda address: (address.version, int(address)))


def _internal(node: object) -> list[IPAddress]:
    listed = getattr(getattr(node, "status", None), "addresses", None) or []
    return [ip_address(one.address) for one in listed if one.type == "InternalIP"]
