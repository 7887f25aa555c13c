"""What is asked of a cluster before nodes of its are made route reflectors, and what is worth a warning.

No Pulumi here, and nothing is written. It deliberately waits for nothing: whether the sessions stand is found
out by node_sessions.py, in the order of route_reflectors.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.calico.bgp_listed import list_if_allowed
from components.calico.calico_api import (
    CalicoClient,
    clear_errors,
)
from components.calico.cluster_nodes import EXCLUDED
from components.calico.node_marks import ANNOTATION, LABEL, Mark, refuse_others
from components.calico.node_sessions import RIGHTS, mesh_is_on, node_of
from components.calico.rest import request
from components.networks import network_or_none, overlap
from components.shared.provider_errors import ProviderError
from components.shared.some_of import some_of

# Calico's manual has the full mesh for up to about a hundred nodes.
MANY_NODES = 100
# How many of a cluster's nodes an error lists.
LISTED = 8


def peer_name(cluster_id: str) -> str:
    """The name of the BGPPeer of the reflectors with this cluster id."""
    return f"route-reflectors-{cluster_id}"


def mesh_warnings(client: CalicoClient, nodes: int) -> list[str]:
    """A word about a mesh of so many nodes. Raises ProviderError when the cluster does not answer."""
    if nodes <= MANY_NODES or not mesh_is_on(client):
        return []
    return [
        f"the cluster has {nodes} nodes, each with a BGP session to every other one"
        f" ({nodes * (nodes - 1) // 2} in all); for more than {MANY_NODES} Calico's manual wants route"
        " reflectors: name two or more nodes in calico-peering:reflectorNodes (docs/calico.md)"
    ]


def reflector_warnings(client: CalicoClient, names: Sequence[str], cluster_id: str) -> list[str]:
    """What is to be warned of the nodes that are to be reflectors.

    Raises ProviderError when the cluster does not answer, and naming every node that cannot be one.
    """
    with clear_errors(client, "listing the nodes", RIGHTS):
        found = {one["metadata"]["name"]: one for one in request(client, "GET", "/api/v1/nodes")["items"]}
    wrong, warnings = [], []
    for name in names:
        if name not in found:
            wrong.append(f"{name} is no node of the cluster, which has {some_of(sorted(found), LISTED)}")
            continue
        unfit, doubtful = judge(found[name], cluster_id)
        wrong += unfit
        warnings += doubtful
    if wrong:
        raise ProviderError(
            f"calico-peering:reflectorNodes does not fit the cluster at {client.configuration.host}:\n"
            + "\n".join(f"  {line}" for line in wrong)
        )
    if len(names) == 1:
        warnings.append(
            f"{names[0]} is the only route reflector: when it goes, no node knows the others' pods any more;"
            " name a second one in calico-peering:reflectorNodes"
        )
    marked = {name for name in names if node_of(found[name], cluster_id).ours}
    return warnings + _interrupted(client, [name for name in names if name not in marked])


def judge(found: Mapping[str, Any], cluster_id: str) -> tuple[list[str], list[str]]:
    """Why a Node object (as JSON has it) cannot be a reflector, and what to warn of."""
    metadata = found["metadata"]
    name, labels = metadata["name"], metadata.get("labels") or {}
    annotations = metadata.get("annotations") or {}
    node = node_of(found, cluster_id)
    if not node.addresses:
        return [
            f"{name} has no annotation projectcalico.org/IPv4Address or …IPv6Address: Calico runs there"
            " without BGP, or keeps its nodes elsewhere than in the Kubernetes API"
        ], []
    wrong: list[str] = []
    warnings: list[str] = []
    if labels.get(EXCLUDED) == "true":
        wrong.append(
            f'{name} has the label {EXCLUDED}="true": Calico would hand no service networks on there; take'
            " the label off, or name another node"
        )
    if not node.ready:
        # One that was made a reflector while it was well must not stop everything else.
        text = f"{name} is not Ready"
        (warnings if node.ours else wrong).append(
            f"{text}, and is a route reflector: the others' sessions hold the routes" if node.ours else text
        )
    values = {ANNOTATION: annotations.get(ANNOTATION), LABEL: labels.get(LABEL)}
    # What bears our label is ours: of another cluster id that was asked for before where both have the same
    # value, and changed by somebody since where one has not the right one. `up --refresh` writes it anew.
    own = values[LABEL] and (values[LABEL] == values[ANNOTATION] or cluster_id in values.values())
    if not own:
        try:
            mark = Mark(metadata.get("uid", ""), {key: value for key, value in values.items() if value})
            refuse_others(name, mark, cluster_id, ())
        except ProviderError as error:
            wrong.append(str(error))
    return wrong, warnings


def _interrupted(client: CalicoClient, names: Sequence[str]) -> list[str]:
    """A word about nodes whose pods lose their way for a moment, since a reflector is in no mesh at once.

    None where Felix sets the routes (VXLAN) and not BIRD, or where it may not be asked.
    """
    if not names:
        return []
    routed = [
        network
        for pool in _specs(client, "ippools")
        if pool.get("vxlanMode") != "Always"
        and "Workload" in (pool.get("allowedUses") or ["Workload"])
        and (network := network_or_none(pool.get("cidr")))
    ]
    holders = {
        affinity.get("node")
        for affinity in _specs(client, "blockaffinities")
        if (block := network_or_none(affinity.get("cidr")))
        and any(overlap(block, network) for network in routed)
    }
    if not (busy := [name for name in names if name in holders]):
        return []
    return [
        f"{', '.join(busy)} will be made a route reflector and has pods of its own: Calico ends a reflector's"
        " sessions of the mesh before its other ones stand, so that these pods are cut off for some seconds;"
        " drain the node first, or name one without pods (docs/calico.md)"
    ]


def _specs(client: CalicoClient, plural: str) -> list[dict[str, Any]]:
    """The specs of objects that only help to warn, asking for no right; none where they may not be read."""
    return [one.get("spec") or {} for one in list_if_allowed(client, plural) or ()]
