"""BGPPeers beside this stack's in a recorded cluster, and what is found of them before a run."""

import copy
from typing import Any

from components import preflight
from components.calico.stack_names import StackNames
from components.conflict_preflight import Overriding, find_overriding
from components.settings.site import read_site
from tests.unit.answering_cluster import RECORDED, AnsweringCluster
from tests.unit.example import values

STACK = "calico-peering/lab"
PEERS, NODES = "/apis/projectcalico.org/v3/bgppeers", "/api/v1/nodes"
V4, V6, AS = "172.34.8.45", "fd00::45", 65112
# What this stack's BGPPeer says beside the address, as the recorded one.
SAME = {"asNumber": AS, "maxRestartTime": "5s", "filters": ["bgpfilter-external"]}
EDGE = {"peerNodeSelector": "has(edge)"}
Spec = dict[str, Any]


def reset(cluster: AnsweringCluster) -> None:
    """Have the cluster as it was recorded, but for a label `edge` on node1 and node2."""
    cluster.answers, cluster.forbidden = copy.deepcopy(RECORDED), set()
    for node in cluster.answers[NODES]["items"][:2]:
        node["metadata"]["labels"]["edge"] = ""


def add(cluster: AnsweringCluster, spec: Spec, name: str = "by-hand", **metadata: Any) -> None:
    """Put a BGPPeer into the cluster."""
    cluster.answers[PEERS]["items"].append({"metadata": {"name": name, **metadata}, "spec": spec})


def marked(stack: str) -> dict[str, str]:
    """The annotations of what a stack has made."""
    return {"calico-peering/stack": stack}


def at_the_machine(cluster: AnsweringCluster) -> None:
    """Put a node into the cluster that has the machine's address."""
    node = copy.deepcopy(cluster.answers[NODES]["items"][0])
    node["metadata"] |= {
        "name": "node9",
        "labels": {"machine": ""},
        "annotations": {"projectcalico.org/IPv4Address": f"{V4}/24"},
    }
    cluster.answers[NODES]["items"].append(node)


def find(cluster: AnsweringCluster, **settings: str) -> Overriding:
    """What is found for one machine with these settings."""
    site = read_site(values(kubeconfig=str(cluster.kubeconfig), **settings))
    return find_overriding(preflight.check_clusters(site), StackNames(STACK))


def lines(found: Overriding) -> list[str]:
    """The harmful objects, a line each."""
    return [line for text in found.harmful.values() for line in text.splitlines() if line.startswith("  ")]
