"""Route reflectors in the place of the node-to-node mesh, there and back: no route is lost in between.

The lab's own pods have an overlay, whose routes are Felix's. So each node gets a block of a pool without
one: these routes are BGP's alone, in the nodes' kernels. node3 and node4 become reflectors; node3 has no
block, as a node without pods, and node4 has one, to see what its pods would suffer.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import CoreV1Api

from components.calico.node_marks import ANNOTATION, LABEL
from lab.cluster.objects import affinity
from lab.hosts import Host
from lab.layout import Layout
from lab.recording_proxy import Call
from lab.routing import PREFIXES, Routing
from lab.site import HOSTS, NODES, PEER
from lab.waiting import wait_for
from tests.integration.conftest import Calico, Stack
from tests.integration.route_watch import RouteWatch, watch_routes
from tests.integration.watched import Watched, watched
from tests.on_the_lab import with_settings

CRD = ("crd.projectcalico.org", "v1")
POOL = IPv4Network("10.77.0.0/24")
BLOCKS = dict(zip(NODES, POOL.subnets(new_prefix=26), strict=True))
REFLECTORS, PLAIN = ("node3", "node4"), ("node1", "node2")
BUSY = "node4"
SETTINGS = {"reflectorNodes": list(REFLECTORS), "reflectorTimeout": 300}
ID = "244.0.0.1"
WITHOUT_QUESTIONS = ("--yes", "--skip-preview")
PEER_NAME = f"route-reflectors-{ID}"
# BIRD 1.6 takes a route away to change it, and sets it again at once.
AT_ONCE = 0.05


@pytest.fixture(scope="module")
def blocks(calico: Calico) -> Iterator[None]:
    """A block without an overlay on every node but node3, as Calico's IPAM would leave it."""
    spec = {
        "cidr": str(POOL),
        "blockSize": 26,
        "ipipMode": "Never",
        "vxlanMode": "Never",
        "nodeSelector": "all()",
    }
    calico.put("ippools", "IPPool", "bare", spec)
    made = [affinity(BLOCKS[node], node) for node in (*PLAIN, BUSY)]
    for one in made:
        calico.api.create_cluster_custom_object(*CRD, "blockaffinities", one)
    yield
    for one in made:
        calico.api.delete_cluster_custom_object(*CRD, "blockaffinities", one["metadata"]["name"])
    calico.delete("ippools", "bare")


def hops(node: str) -> dict[str, str]:
    """The next hops of a node's routes to the blocks, in its kernel."""
    text = Host(node, Layout()).run("ip", "route", "show", "root", str(POOL)).stdout
    words = [line.split() for line in text.splitlines() if " via " in line]
    return {line[0]: line[2] for line in words}


def routed() -> bool:
    """Whether every node has every other one's block by way of that one itself."""
    return all(
        hops(node) == {str(BLOCKS[o]): str(NODES[o]) for o in (*PLAIN, BUSY) if o != node} for node in NODES
    )


def marks(node: str) -> tuple[str | None, str | None]:
    """The label and the annotation of a Node object."""
    metadata: Any = CoreV1Api().read_node(node).metadata
    return metadata.labels.get(LABEL), metadata.annotations.get(ANNOTATION)


def protocols(routing: Routing, node: str) -> dict[str, str]:
    """BIRD's sessions of a node by name, with the last word said of them."""
    lines = [line.split() for line in routing.nodes[node].birdc("show", "protocols").splitlines()]
    return {words[0]: words[-1] for words in lines if len(words) > 5 and words[1] == "BGP"}


def with_others(routing: Routing, node: str) -> set[str]:
    """A node's sessions with other nodes that stand, by name without the address' dots."""
    machine = f"Global_{str(HOSTS[PEER]).replace('.', '_')}"
    return {name for name, state in protocols(routing, node).items() if state == "Established"} - {machine}


def named(kind: str, *nodes: str) -> set[str]:
    """How confd names sessions with these nodes."""
    return {f"{kind}_{str(NODES[node]).replace('.', '_')}" for node in nodes}


def reflected(routing: Routing) -> None:
    """The mesh is off, and every node has its sessions with both reflectors and no other."""
    for node in PLAIN:
        assert with_others(routing, node) == named("Node", *REFLECTORS)
    for node in REFLECTORS:
        assert with_others(routing, node) == named("Node", *(other for other in NODES if other != node))
        assert marks(node) == (ID, ID)


def all_meshed(routing: Routing) -> bool:
    """Whether every node has its sessions with every other one by the mesh, and no other."""
    return all(
        with_others(routing, node) == named("Mesh", *(other for other in NODES if other != node))
        for node in NODES
    )


def meshed(routing: Routing, calico: Calico) -> None:
    """All is as it was before us."""
    assert all_meshed(routing)
    assert all(marks(node) == (None, None) for node in NODES)
    assert calico.find("bgppeers", PEER_NAME) is None
    assert "nodeToNodeMeshEnabled" not in calico.spec("bgpconfigurations", "default")
    assert_no_statuses(calico)


def assert_no_statuses(calico: Calico) -> None:
    """What the nodes were asked by is gone."""
    found: Any = calico.api.list_cluster_custom_object("projectcalico.org", "v3", "caliconodestatuses")
    assert found["items"] == []


def nothing_lost(seen: RouteWatch) -> dict[tuple[str, str], float]:
    """No route was away that has to stay; what the reflectors' own lost, and got back.

    For how long that was depends on the lab's clock: all nodes have one, so that two BIRDs that dial each
    other do so in the same moment, again and again, until one of them waits by chance.
    """
    gaps = seen.gaps(AT_ONCE)
    own = {
        (host, prefix): seconds
        for (host, prefix), seconds in gaps.items()
        if host in REFLECTORS or prefix == str(BLOCKS[BUSY])
    }
    assert gaps == own, "neither the other nodes nor the machine lost a route"
    assert all(isfinite(seconds) for seconds in own.values()), own
    return own


@dataclass(frozen=True)
class Reached:
    """The stack by way of a recording proxy, so that the engine can be killed at a call."""

    stack: Stack
    ways: Watched
    plain: dict[str, str]
    reflected: dict[str, str]
    """The environments without and with reflectors."""

    def run(self, command: str, environment: dict[str, str], *options: str) -> str:
        """What the engine says."""
        done = self.stack.run(command, *options, environment=environment)
        return " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def reached(
    bare_stack: Stack, blocks: None, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reached]:
    """Applied without reflectors, and destroyed at the end: the proxy is gone then."""
    bare_stack.destroy()
    plain, changed = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("changed")
    with watched(layout, plain) as ways:
        made = Reached(
            bare_stack,
            ways,
            {**ways.environment, **with_settings(layout, plain)},
            {**ways.environment, **with_settings(layout, changed, **SETTINGS)},
        )
        made.run("up", made.plain, *WITHOUT_QUESTIONS)
        yield made
        made.run("destroy", made.plain, *WITHOUT_QUESTIONS)


@pytest.fixture
def routing(reached: Reached, layout: Layout) -> Routing:
    """The machine and the nodes, with all sessions."""
    found = Routing(layout)
    found.spread()
    found.settle()
    return found


@pytest.fixture
def watch(tmp_path: Path) -> Any:
    """Watches the nodes' and the machine's routes."""
    hosts = [Host(name, Layout()) for name in (*NODES, PEER)]
    return lambda: watch_routes(hosts, [*PREFIXES, *map(str, BLOCKS.values())], tmp_path)


def test_reflectors_take_the_meshs_place_and_give_it_back_and_no_route_is_lost(
    routing: Routing, reached: Reached, calico: Calico, watch: Any
) -> None:
    wait_for("the blocks' routes", routed, 30)
    with watch() as seen:
        said = reached.run("up", reached.reflected, *WITHOUT_QUESTIONS)
    print("up", nothing_lost(seen))
    assert f"{BUSY} will be made a route reflector and has pods of its own" in said
    assert calico.spec("bgpconfigurations", "default")["nodeToNodeMeshEnabled"] is False
    reflected(routing)
    assert routed() and routing.full()
    assert_no_statuses(calico)
    again = reached.run("preview", reached.reflected, "--refresh")
    assert "unchanged" in again and not re.search(r"\d to (create|update|replace|delete)", again), again

    with watch() as seen:
        routing.nodes["node3"].end(signal.SIGKILL)
        time_of_death = time.monotonic()
        wait_for(
            "the plain nodes to see it",
            lambda: all(with_others(routing, node) == named("Node", BUSY) for node in PLAIN),
            20,
        )
        assert time.monotonic() - time_of_death < 20
        assert all(
            hops(node).items() >= {str(BLOCKS[o]): str(NODES[o]) for o in PLAIN if o != node}.items()
            for node in PLAIN
        )
        routing.nodes["node3"].start()
        wait_for("all sessions", lambda: with_others(routing, "node1") == named("Node", *REFLECTORS), 30)
    assert {what for what in seen.gaps(AT_ONCE) if what[0] in PLAIN} == set()
    routing.within(30, "the machine's routes", routing.settled)

    with watch() as seen:
        reached.run("up", reached.plain, *WITHOUT_QUESTIONS)
    print("back", nothing_lost(seen))
    wait_for("the blocks' routes", routed, 30)
    meshed(routing, calico)


def test_what_cannot_be_a_reflector_is_told_before_anything_is_written_and_a_large_mesh_is_warned_of(
    reached: Reached, layout: Layout, tmp_path: Path
) -> None:
    unknown = with_settings(layout, tmp_path, reflectorNodes=["node3", "node9"])
    done = reached.stack.run("preview", check=False, environment={**reached.ways.environment, **unknown})
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "node9 is no node of the cluster, which has node1, node2, node3, node4" in said
    many = [f"172.34.8.{number}" for number in range(100, 201)]
    large = with_settings(layout, tmp_path, nodes=many, nodePortNetwork="", reflectorNodes=[])
    said = reached.run("preview", {**reached.ways.environment, **large})
    assert "the cluster has 101 nodes, each with a BGP session to every other one (5050 in all)" in said


def test_killed_after_the_mesh_went_off_a_destroy_gives_it_back(
    routing: Routing, reached: Reached, calico: Calico, watch: Any
) -> None:
    engine = reached.stack.start_to_kill("up", reached.reflected)

    def strike(call: Call) -> None:
        if call.wrote and call.method == "PUT" and "/bgpconfigurations" in call.path and mesh_off(calico):
            os.killpg(engine.pid, signal.SIGKILL)

    reached.ways.cluster.on_answer = strike
    engine.wait(400)
    reached.ways.cluster.on_answer = None
    reached.stack.unlock()
    assert engine.returncode == -signal.SIGKILL
    assert mesh_off(calico)
    with watch() as seen:
        reached.run("destroy", reached.reflected, *WITHOUT_QUESTIONS)
    # The service network goes for good, with our part of `default`.
    blocks = set(map(str, BLOCKS.values()))
    of_nodes = {
        (host, prefix): gap
        for (host, prefix), gap in seen.gaps(AT_ONCE).items()
        if host in PLAIN and prefix in blocks
    }
    assert set(of_nodes) <= {(node, str(BLOCKS[BUSY])) for node in PLAIN}, of_nodes
    wait_for("the mesh", partial(all_meshed, routing), 30)
    for node in NODES:
        assert marks(node) == (None, None)
    assert calico.find("bgpconfigurations", "default") is None
    assert calico.find("bgppeers", PEER_NAME) is None
    assert_no_statuses(calico)


def mesh_off(calico: Calico) -> bool:
    """Whether the switch is off."""
    found = calico.find("bgpconfigurations", "default")
    return found is not None and found["spec"].get("nodeToNodeMeshEnabled") is False
