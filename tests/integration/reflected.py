"""The lab's nodes on their way from the mesh to route reflectors and back: what tests look at, both families.

Helpers, no tests. The lab's own pods have an overlay, whose routes are Felix's. So nodes get a block each of
pools without one: these routes are BGP's alone, in the nodes' kernels. node3 and node4 become reflectors;
node3 has no block, as a node without pods, and node4 has, to see what its pods would suffer.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network
from math import isfinite
from typing import Any

from kubernetes.client import CoreV1Api

from components.calico.node_marks import ANNOTATION, LABEL
from lab.cluster.objects import affinity
from lab.layout import Layout
from lab.site import HOSTS, HOSTS6, NODES, NODES6, PEER
from tests.integration.node_side import NodeSide
from tests.integration.route_watch import Absence, RouteWatch
from tests.on_the_lab import Calico

CRD = ("crd.projectcalico.org", "v1")
REFLECTORS, PLAIN = ("node3", "node4"), ("node1", "node2")
BUSY = "node4"
WITH_PODS = (*PLAIN, BUSY)
SETTINGS = {"reflectorNodes": list(REFLECTORS), "reflectorTimeout": 300}
ID = "244.0.0.1"
PEER_NAME = f"route-reflectors-{ID}"
POOLS: dict[int, IPv4Network | IPv6Network] = {
    4: IPv4Network("10.77.0.0/24"),
    6: IPv6Network("fd00:77::/120"),
}
BLOCKS: dict[int, dict[str, str]] = {
    version: dict(zip(NODES, map(str, pool.subnets(prefixlen_diff=2)), strict=True))
    for version, pool in POOLS.items()
}
ADDRESSES: dict[int, dict[str, str]] = {
    4: {node: str(address) for node, address in NODES.items()},
    6: {node: str(address) for node, address in NODES6.items()},
}
MACHINE = {4: str(HOSTS[PEER]), 6: str(HOSTS6[PEER])}
# BIRD 1.6 takes a route away to change it, and sets it again at once.
AT_ONCE = 0.05


@contextmanager
def blocks_without_overlay(calico: Calico) -> Iterator[None]:
    """A block of each family on every node but node3, as Calico's IPAM would leave it."""
    made = [
        affinity(type(pool)(BLOCKS[version][node]), node)
        for version, pool in POOLS.items()
        for node in WITH_PODS
    ]
    for version, pool in POOLS.items():
        spec = {
            "cidr": str(pool),
            "blockSize": pool.prefixlen + 2,
            "ipipMode": "Never",
            "vxlanMode": "Never",
            "nodeSelector": "all()",
        }
        calico.put("ippools", "IPPool", f"bare-{version}", spec)
    for one in made:
        calico.api.create_cluster_custom_object(*CRD, "blockaffinities", one)
    yield
    for one in made:
        calico.api.delete_cluster_custom_object(*CRD, "blockaffinities", one["metadata"]["name"])
    for version in POOLS:
        calico.delete("ippools", f"bare-{version}")


def hops(node: str, version: int = 4) -> dict[str, str]:
    """The next hops of a node's routes to the blocks, in its kernel."""
    host = NodeSide(Layout(), node, version).host
    text = host.run("ip", f"-{version}", "route", "show", "root", str(POOLS[version])).stdout
    words = [line.split() for line in text.splitlines() if " via " in line]
    return {line[0]: line[2] for line in words}


def routed() -> bool:
    """Whether every node has every other one's blocks by way of that one itself."""
    return all(
        hops(node, version)
        == {BLOCKS[version][other]: ADDRESSES[version][other] for other in WITH_PODS if other != node}
        for version in POOLS
        for node in NODES
    )


def marks(node: str) -> tuple[str | None, str | None]:
    """The label and the annotation of a Node object."""
    metadata: Any = CoreV1Api().read_node(node).metadata
    return metadata.labels.get(LABEL), metadata.annotations.get(ANNOTATION)


def change_mark(node: str, part: str, value: str | None) -> None:
    """What somebody else does to a Node: `part` is "labels" or "annotations"; None takes it off."""
    name = {"labels": LABEL, "annotations": ANNOTATION}[part]
    CoreV1Api().patch_node(node, {"metadata": {part: {name: value}}})


def sessions(node: str, version: int) -> set[str]:
    """A node's sessions with other nodes that stand, as confd names them."""
    said = NodeSide(Layout(), node, version).daemon.birdc("show", "protocols")
    lines = [line.split() for line in said.splitlines()]
    standing = {words[0] for words in lines if words[1:2] == ["BGP"] and words[-1] == "Established"}
    return standing - {f"Global_{_name(MACHINE[version])}"}


def named(kind: str, version: int, *nodes: str) -> set[str]:
    """How confd names sessions with these nodes."""
    return {f"{kind}_{_name(ADDRESSES[version][node])}" for node in nodes}


def _name(address: str) -> str:
    return re.sub("[.:]", "_", address)


def sources(node: str, version: int, owner: str) -> set[str]:
    """By which sessions a node's BIRD knows the block of another one."""
    block = BLOCKS[version][owner]
    said = NodeSide(Layout(), node, version).daemon.birdc("show", "route", block)
    return set(re.findall(r"\[(\w+) ", said))


def others(node: str) -> list[str]:
    """All nodes but this one."""
    return [other for other in NODES if other != node]


def all_reflected() -> bool:
    """Whether every node has its sessions with the reflectors and no other, and its routes by them."""
    return all(
        sessions(node, version) == named("Node", version, *REFLECTORS)
        and all(
            sources(node, version, other) == named("Node", version, *REFLECTORS)
            for other in PLAIN
            if other != node
        )
        if node in PLAIN
        else sessions(node, version) == named("Node", version, *others(node))
        for version in POOLS
        for node in NODES
    )


def all_meshed() -> bool:
    """Whether every node has its sessions with every other one by the mesh, and no other."""
    return all(
        sessions(node, version) == named("Mesh", version, *others(node))
        for version in POOLS
        for node in NODES
    )


def assert_nothing_left(calico: Calico) -> None:
    """Of the reflectors nothing of ours is there."""
    assert all(marks(node) == (None, None) for node in NODES)
    assert calico.find("bgppeers", PEER_NAME) is None
    default = calico.find("bgpconfigurations", "default") or {"spec": {}}
    assert "nodeToNodeMeshEnabled" not in default["spec"]
    assert_no_statuses(calico)


def assert_no_statuses(calico: Calico) -> None:
    """What the nodes were asked by is gone."""
    found: Any = calico.api.list_cluster_custom_object("projectcalico.org", "v3", "caliconodestatuses")
    assert found["items"] == []


def mesh_off(calico: Calico) -> bool:
    """Whether the switch is off."""
    found = calico.find("bgpconfigurations", "default")
    return found is not None and found["spec"].get("nodeToNodeMeshEnabled") is False


def nothing_lost(seen: RouteWatch) -> dict[tuple[str, str], float]:
    """No route was away that has to stay; what the reflectors' own lost, one after the other, and got back.

    For how long that was depends on the lab's clock: all nodes have one, so that two BIRDs that dial each
    other do so in the same moment, again and again, until one of them waits by chance.
    """
    gaps = seen.gaps(AT_ONCE)
    its = {BLOCKS[version][BUSY] for version in POOLS}
    own = {
        (host, prefix): seconds
        for (host, prefix), seconds in gaps.items()
        if host in REFLECTORS or prefix in its
    }
    assert gaps == own, "neither the other nodes nor the machine lost a route"
    assert all(isfinite(seconds) for seconds in own.values()), own
    first, second = (_cut_off(seen, node) for node in REFLECTORS)
    together = [(one, other) for one in first for other in second if one.overlaps(other)]
    assert not together, "only one of the reflectors is cut off at a time"
    return own


def _cut_off(seen: RouteWatch, node: str) -> list[Absence]:
    """When a node had no route to one of the plain nodes."""
    blocks = {BLOCKS[version][plain] for version in POOLS for plain in PLAIN}
    found = seen.longer(AT_ONCE).items()
    return [one for (host, prefix), those in found if host == node and prefix in blocks for one in those]
