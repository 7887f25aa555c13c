"""The cluster's nodes as Calico knows them, read from the Node objects: names, labels, addresses, AS numbers.

No Pulumi here. Calico keeps what it has more than Kubernetes in annotations of the same objects (its
libcalico-go/lib/backend/k8s/resources/node.go). It does not know a Calico with a datastore of its own (etcd).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubernetes.client import ApiClient, ApiException, CoreV1Api

from components.calico.calico_api import REQUEST_TIMEOUT, clear_errors
from components.networks import IPAddress, address_or_none
from components.settings.peering_nodes import ClusterNode
from components.shared.provider_errors import ProviderError

# Calico's own labels, beside which Kubernetes' are; the latter win.
LABELS = "projectcalico.org/labels"
# The address that calico-node speaks BGP from, with its prefix length.
ADDRESSES = {4: "projectcalico.org/IPv4Address", 6: "projectcalico.org/IPv6Address"}

# A node's own AS number, as `64512` or `1.10`.
AS_NUMBERS = "projectcalico.org/ASNumber"

LISTING = "listing the nodes"


def cluster_nodes(client: ApiClient) -> list[ClusterNode]:
    """Every node, by name.

    Raises ProviderError when the cluster does not answer or does not allow it, and naming every node
    that has no address.
    """
    needs = (
        "list on nodes, to know which of them peer (calico-peering:nodesFromCluster, peerNodeSelector and"
        " peerNodes need it; without it list them in nodes and peeringNodes)"
    )
    with clear_errors(client, LISTING, needs):
        found = _every_node(client)
    if without := [node for node in found if not node.addresses]:
        raise ProviderError(
            f"the cluster at {client.configuration.host} has no InternalIP that is an address for "
            f"{', '.join(_named(node) for node in without)}; "
            "set calico-peering:nodes instead of calico-peering:nodesFromCluster"
        )
    return found


def _named(node: ClusterNode) -> str:
    return f"{node.name} ({'; '.join(node.unreadable)})" if node.unreadable else node.name


def nodes_if_allowed(client: ApiClient) -> list[ClusterNode] | None:
    """Every node, by name; None when they may not be listed: for what only helps, and asks for no right."""
    with clear_errors(client, LISTING):
        try:
            return _every_node(client)
        except ApiException as error:
            if error.status in (401, 403):
                return None
            raise


def _every_node(client: ApiClient) -> list[ClusterNode]:
    nodes: Any = CoreV1Api(client).list_node(_request_timeout=REQUEST_TIMEOUT)
    return sorted((cluster_node(node) for node in nodes.items if node.metadata), key=lambda node: node.name)


def cluster_node(node: Any) -> ClusterNode:
    """A Node object as Calico has it."""
    annotations: Mapping[str, str] = node.metadata.annotations or {}
    labels = {**_own_labels(annotations.get(LABELS)), **(node.metadata.labels or {})}
    number = _as_number(annotations.get(AS_NUMBERS, ""))
    name, unreadable = str(node.metadata.name), _unreadable(annotations)
    calicos = [address_or_none(annotations.get(annotation)) for annotation in ADDRESSES.values()]
    return ClusterNode(
        name,
        labels,
        _addresses(node, annotations),
        number,
        unreadable,
        [address for address in calicos if address is not None],
    )


def _as_number(text: str) -> int | None:
    """None where Calico sees none, as in what it cannot read."""
    parts = text.split(".")
    most = 65535 if len(parts) == 2 else 4294967295
    if len(parts) > 2 or not all(part.isascii() and part.isdecimal() and int(part) <= most for part in parts):
        return None
    return int(parts[-1]) + (int(parts[0]) << 16 if len(parts) == 2 else 0)


def _own_labels(text: str | None) -> dict[str, str]:
    try:
        known = json.loads(text or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}


def _addresses(node: Any, annotations: Mapping[str, str]) -> list[IPAddress]:
    """At most one of each family, IPv4 first: Calico's own, else the first InternalIP."""
    listed = getattr(node.status, "addresses", None) or []
    # A cloud's controller may leave one empty, or put a name there.
    internal = [address_or_none(one.address) for one in listed if one.type == "InternalIP"]
    found: list[IPAddress] = []
    for version, annotation in ADDRESSES.items():
        calicos = address_or_none(annotations.get(annotation))
        usable = [one for one in (calicos, *internal) if one is not None and one.version == version]
        found += usable[:1]
    return found


def _unreadable(annotations: Mapping[str, str]) -> list[str]:
    """What Calico's annotations hold in the place of an address, such as `autodetect`."""
    return [
        f"its annotation {annotation} is {annotations[annotation][:60]!r}, which is no address"
        for annotation in ADDRESSES.values()
        if annotations.get(annotation) and address_or_none(annotations[annotation]) is None
    ]
