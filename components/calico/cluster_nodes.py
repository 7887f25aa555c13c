"""The cluster's nodes as Calico knows them, read from the Node objects: names, labels, addresses, AS numbers.

No Pulumi here. Calico keeps what it has more than Kubernetes in annotations of the same objects (its
libcalico-go/lib/backend/k8s/resources/node.go). It does not know a Calico with a datastore of its own (etcd).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kubernetes.client import ApiClient, ApiException

from components.calico.calico_api import clear_errors
from components.calico.rest import request
from components.networks import IPAddress, address_or_none
from components.settings.peering_nodes import ClusterNode
from components.shared.provider_errors import ProviderError

# Calico's own labels, beside which Kubernetes' are; the latter win.
LABELS = "projectcalico.org/labels"
# The address that calico-node speaks BGP from, with its prefix length.
ADDRESSES = {4: "projectcalico.org/IPv4Address", 6: "projectcalico.org/IPv6Address"}

# A node's own AS number, as `64512` or `1.10`.
AS_NUMBERS = "projectcalico.org/ASNumber"

# A node that has it with the value "true" announces no Service.
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
LISTING = "listing the nodes"


def cluster_nodes(client: ApiClient) -> list[ClusterNode]:
    """Every node, by name.

    Raises ProviderError when the cluster does not answer or does not allow it, and naming every node
    with Calico that has no address.
    """
    needs = (
        "list on nodes, to know which of them peer (calico-peering:nodesFromCluster, peerNodeSelector and"
        " peerNodes need it; without it list them in nodes and peeringNodes)"
    )
    with clear_errors(client, LISTING, needs):
        found = _every_node(client)
    # One without Calico is left out and named where it matters (peering_nodes.py).
    if without := [node for node in found if node.calico and not node.addresses]:
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
    listed = request(client, "GET", "/api/v1/nodes")["items"]
    found = sorted((cluster_node(node) for node in listed), key=lambda node: node.name)
    if not any(node.calico for node in found):
        return [replace(node, calico=True) for node in found]
    return found


def cluster_node(node: Mapping[str, Any]) -> ClusterNode:
    """A Node object, as JSON has it, as Calico has it."""
    metadata = node["metadata"]
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    labels = {**_own_labels(annotations.get(LABELS)), **(metadata.get("labels") or {})}
    number = _as_number(annotations.get(AS_NUMBERS, ""))
    calicos = [address_or_none(annotations.get(annotation)) for annotation in ADDRESSES.values()]
    own, unreadable = [address for address in calicos if address is not None], _unreadable(annotations)
    return ClusterNode(
        str(metadata["name"]),
        labels,
        _addresses(node, annotations),
        number,
        ready=_ready(node),
        calico=bool(own or unreadable),
        unreadable=unreadable,
        bgp_addresses=own,
    )


def _ready(node: Mapping[str, Any]) -> bool | None:
    conditions = (node.get("status") or {}).get("conditions") or []
    said = [one.get("status") == "True" for one in conditions if one.get("type") == "Ready"]
    return said[0] if said else None


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


def _addresses(node: Mapping[str, Any], annotations: Mapping[str, str]) -> list[IPAddress]:
    """At most one of each family, IPv4 first: Calico's own, else the first InternalIP."""
    listed = (node.get("status") or {}).get("addresses") or []
    # A cloud's controller may leave one empty, or put a name there.
    internal = [address_or_none(one.get("address")) for one in listed if one.get("type") == "InternalIP"]
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
