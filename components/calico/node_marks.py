"""Our mark on a Node object, which makes Calico take the node for a route reflector.

A mark is two things: Calico's annotation with the reflector's cluster id (in Calico's Kubernetes datastore
this is where a node's `routeReflectorClusterID` is kept, libcalico-go's node.go), and a label of ours, by
which the BGPPeer selects the reflectors. Both have the cluster id as value and are written in one request:
a node with the label alone would have two sessions with every other one, of which BIRD keeps neither.

Nodes belong to whoever made the cluster. So: read, refuse another's different value, and patch only ours
onto the resourceVersion that was read. No Pulumi here; the state is node_marks_provider.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubernetes.client import ApiClient

from components.calico.calico_api import (
    ChangedMeanwhileError,
    NotServedError,
    clear_errors,
    in_cluster,
)
from components.calico.rest import MERGE_PATCH, quoted, request
from components.calico.unchanged_meanwhile import unless_changed_meanwhile
from components.shared.provider_errors import ProviderError
from components.shared.this_run import THIS_RUN

ANNOTATION = "projectcalico.org/RouteReflectorClusterID"
LABEL = "calico-peering/route-reflector"
PARTS = {LABEL: "labels", ANNOTATION: "annotations"}
NODE_RIGHTS = "get, list and patch on nodes"


@dataclass(frozen=True)
class Mark:
    """What a Node object has of the two, by PARTS; `uid` of the object ("": there is no such node)."""

    uid: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def look(client: ApiClient, node: str) -> Mark:
    """How the node is marked now. Raises ProviderError when the cluster does not answer or allow it."""
    found = _read(client, node)
    return Mark() if found is None else _mark(found)


def refuse_others(node: str, found: Mark, cluster_id: str, ours: Sequence[str]) -> None:
    """Raise ProviderError when somebody else gave the node another value; `ours` are our parts of it."""
    for name, value in found.values.items():
        if value != cluster_id and name not in ours:
            raise ProviderError(
                f"node {node} is to be a route reflector with the cluster id {cluster_id}, but its"
                f" {PARTS[name][:-1]} {name} is {value!r}, which somebody else has set: set"
                f" calico-peering:reflectorClusterId to {value} if these reflectors are one group, take the"
                f" {PARTS[name][:-1]} off (kubectl {PARTS[name][:-1].replace('annotation', 'annotate')} node"
                f" {node} {name}-) or name another node in calico-peering:reflectorNodes"
            )


def put(client: ApiClient, node: str, cluster_id: str, ours: Sequence[str]) -> Mark:
    """Mark the node and return how it is marked; `ours`: the parts that may be changed.

    Raises ProviderError when there is no such node, or somebody else has marked it otherwise.
    """

    def wanted(found: Mark) -> dict[str, str | None]:
        refuse_others(node, found, cluster_id, ours)
        return {name: cluster_id for name in PARTS if found.values.get(name) != cluster_id}

    written = _change(client, node, wanted)
    if written is None:
        raise ProviderError(
            f"node {node}, which is to be a route reflector, is not in the cluster at"
            f" {client.configuration.host}; check calico-peering:reflectorNodes"
        )
    return written


def take_off(client: ApiClient, node: str, cluster_id: str, ours: Sequence[str]) -> None:
    """Take our parts off the node, unless somebody has changed them since; nothing when it is gone."""
    _change(
        client,
        node,
        lambda found: {name: None for name in ours if found.values.get(name) == cluster_id},
    )


def _change(client: ApiClient, node: str, wanted: Callable[[Mark], Mapping[str, str | None]]) -> Mark | None:
    def once() -> Mark | None:
        found = _read(client, node)
        if found is None:
            return None
        change = wanted(_mark(found))
        return _mark(_patch(client, node, found, change) if change else found)

    return unless_changed_meanwhile(once)


def _mark(found: dict[str, Any]) -> Mark:
    metadata = found["metadata"]
    values = {name: (metadata.get(part) or {}).get(name) for name, part in PARTS.items()}
    return Mark(metadata["uid"], {name: value for name, value in values.items() if value is not None})


def _read(client: ApiClient, node: str) -> dict[str, Any] | None:
    try:
        with clear_errors(client, f"reading node {node}", NODE_RIGHTS):
            return request(client, "GET", f"/api/v1/nodes/{quoted(node)}")
    except NotServedError:
        return None


def _patch(
    client: ApiClient, node: str, found: dict[str, Any], change: Mapping[str, str | None]
) -> dict[str, Any]:
    THIS_RUN.wrote(in_cluster(client, node))
    metadata: dict[str, Any] = {"resourceVersion": found["metadata"]["resourceVersion"]}
    for name, value in change.items():
        metadata.setdefault(PARTS[name], {})[name] = value
    try:
        with clear_errors(client, f"marking node {node}", NODE_RIGHTS):
            path, body = f"/api/v1/nodes/{quoted(node)}", {"metadata": metadata}
            return request(client, "PATCH", path, body, MERGE_PATCH)
    except NotServedError as error:
        raise ChangedMeanwhileError(str(error)) from error
