"""Route reflectors in the place of the node-to-node mesh, there and back: no route is lost in between.

With both families throughout. What is looked at, and why it tells, is in reflected.py.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.external import External
from lab.hosts import Host
from lab.layout import Layout
from lab.recording_proxy import Call
from lab.routing import Routing
from lab.site import NODES, PEER
from lab.waiting import wait_for
from tests.integration.conftest import Calico, Stack, bird_routes
from tests.integration.reflected import (
    ADDRESSES,
    AT_ONCE,
    BLOCKS,
    BUSY,
    ID,
    PEER_NAME,
    PLAIN,
    REFLECTORS,
    SETTINGS,
    all_meshed,
    all_reflected,
    assert_no_statuses,
    assert_nothing_left,
    blocks_without_overlay,
    change_mark,
    hops,
    marks,
    mesh_off,
    named,
    nothing_lost,
    routed,
    sessions,
)
from tests.integration.route_watch import watch_routes
from tests.integration.test_connection import SCENARIO
from tests.integration.test_dual_stack import BOTH, SCENARIO6, routes6
from tests.integration.watched import Watched, watched
from tests.on_the_lab import with_settings

pytestmark = pytest.mark.extra("node-status")
WITHOUT_QUESTIONS = ("--yes", "--skip-preview")
# What is looked at are routes, and ports have no room for the pairs of both families.
DUAL_STACK = {**BOTH, "nodePortNetwork": ""}
ALL_BLOCKS = [block for blocks in BLOCKS.values() for block in blocks.values()]
# What somebody does to the mark of the first and of the second reflector.
Drift = tuple[tuple[str, str | None], tuple[str, str | None]]
DRIFTS: list[Drift] = [
    (("labels", None), ("annotations", "10.9.9.9")),
    (("annotations", None), ("labels", "of-somebody-else")),
]


@dataclass(frozen=True)
class Reached:
    """The stack by way of a recording proxy, so that the engine can be killed at a call."""

    stack: Stack
    ways: Watched
    plain: dict[str, str]
    reflected: dict[str, str]
    """The environments without and with reflectors."""

    def run(self, command: str, environment: dict[str, str], *options: str, check: bool = True) -> str:
        """What the engine says."""
        done = self.stack.run(command, *options, environment=environment, check=check)
        assert check or done.returncode != 0
        return " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def reached(
    bare_stack: Stack, calico: Calico, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reached]:
    """Applied without reflectors, and destroyed at the end: the proxy is gone then."""
    bare_stack.destroy()
    plain, changed = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("changed")
    with blocks_without_overlay(calico), watched(layout, plain) as ways:
        made = Reached(
            bare_stack,
            ways,
            {**ways.environment, **with_settings(layout, plain, **DUAL_STACK)},
            {**ways.environment, **with_settings(layout, changed, **DUAL_STACK, **SETTINGS)},
        )
        made.run("up", made.plain, *WITHOUT_QUESTIONS)
        yield made
        made.run("destroy", made.plain, *WITHOUT_QUESTIONS)


@pytest.fixture
def routing(reached: Reached, layout: Layout) -> Routing:
    """The machine and the nodes, with all sessions and routes."""
    found = Routing(layout)
    found.spread()
    found.settle()
    wait_for("the blocks' routes", routed, 60)
    return found


@pytest.fixture
def watch(tmp_path: Path) -> Any:
    """Watches the nodes' and the machine's routes."""
    hosts = [Host(name, Layout()) for name in (*NODES, PEER)]
    return lambda: watch_routes(hosts, [*SCENARIO, *SCENARIO6, *ALL_BLOCKS], tmp_path)


def at_the_machine(machine: External) -> None:
    """It has every route by way of all nodes, as ever."""
    assert bird_routes(machine) == SCENARIO and routes6(machine) == SCENARIO6


def test_reflectors_take_the_meshs_place_and_give_it_back_and_no_route_is_lost(
    routing: Routing, reached: Reached, calico: Calico, machine: External, watch: Any
) -> None:
    """Longer than a minute: reflectors come one after the other, each when its sessions stand, and go so."""
    at_the_machine(machine)
    with watch() as seen:
        said = reached.run("up", reached.reflected, *WITHOUT_QUESTIONS)
    print("up", nothing_lost(seen))
    assert f"{BUSY} will be made a route reflector and has pods of its own" in said
    assert mesh_off(calico) and [marks(node) for node in REFLECTORS] == [(ID, ID)] * 2
    assert all_reflected() and routed()
    at_the_machine(machine)
    assert_no_statuses(calico)
    reached.run("preview", reached.reflected, "--refresh", "--expect-no-changes")

    with watch() as seen:
        routing.nodes["node3"].end(signal.SIGKILL)
        time_of_death = time.monotonic()
        wait_for(
            "the plain nodes to see it",
            lambda: all(sessions(node, 4) == named("Node", 4, BUSY) for node in PLAIN),
            20,
        )
        assert time.monotonic() - time_of_death < 20
        for node, other in (PLAIN, PLAIN[::-1]):
            assert hops(node)[BLOCKS[4][other]] == ADDRESSES[4][other]
        routing.nodes["node3"].start()
        wait_for("all sessions", all_reflected, 60)
    assert {what for what in seen.gaps(AT_ONCE) if what[0] in PLAIN} == set()
    routing.within(30, "the machine's routes", routing.settled)

    with watch() as seen:
        reached.run("up", reached.plain, *WITHOUT_QUESTIONS)
    print("back", nothing_lost(seen))
    assert all_meshed() and routed()
    at_the_machine(machine)
    assert_nothing_left(calico)


@pytest.mark.parametrize("drift", DRIFTS, ids=["label off, id changed", "id off, label changed"])
def test_marks_that_somebody_took_off_or_changed_are_shown_and_written_again(
    routing: Routing, reached: Reached, calico: Calico, drift: Drift
) -> None:
    """Longer than a minute: the marks come and go one by one, between waits for all nodes' sessions."""
    reached.run("up", reached.reflected, *WITHOUT_QUESTIONS)
    for node, (part, value) in zip(REFLECTORS, drift, strict=True):
        change_mark(node, part, value)
    shown = reached.run("preview", reached.reflected, "--refresh")
    for node in REFLECTORS:
        assert re.search(rf"NodeMark \S+-mark-{node} update", shown), shown
    assert not re.search(r"\d to (create|replace|delete)", shown), shown
    reached.run("up", reached.reflected, *WITHOUT_QUESTIONS, "--refresh")
    assert [marks(node) for node in REFLECTORS] == [(ID, ID)] * 2
    assert all_reflected() and routed()
    reached.run("preview", reached.reflected, "--refresh", "--expect-no-changes")
    # What is written again is taken off with the rest.
    reached.run("up", reached.plain, *WITHOUT_QUESTIONS)
    assert all_meshed()
    assert_nothing_left(calico)


def test_a_peer_of_their_name_that_another_made_stops_it_before_anything_is_written(
    reached: Reached, calico: Calico
) -> None:
    theirs = {"peerIP": "172.34.8.99", "asNumber": 65200, "nodeSelector": "has(nobody)"}
    calico.put("bgppeers", "BGPPeer", PEER_NAME, theirs)
    try:
        reached.ways.cluster.take()
        for command, options in (("preview", ()), ("up", WITHOUT_QUESTIONS)):
            said = reached.run(command, reached.reflected, *options, check=False)
            assert f"BGPPeer {PEER_NAME}, of nobody who left a mark" in said
            assert "Nothing was written" in said and "calico-peering:reflectorClusterId" in said
        # To ask for one's rights is a POST as well.
        calls = [call for call in reached.ways.cluster.take() if call.wrote]
        assert [call for call in calls if "/selfsubjectaccessreviews" not in call.path] == []
        # Whoever wants no reflectors has nothing to do with it.
        reached.run("preview", reached.plain, "--expect-no-changes")
        assert calico.spec("bgppeers", PEER_NAME) == theirs
    finally:
        calico.delete("bgppeers", PEER_NAME)


def test_what_cannot_be_a_reflector_is_told_before_anything_is_written_and_a_large_mesh_is_warned_of(
    reached: Reached, layout: Layout, tmp_path: Path
) -> None:
    unknown = with_settings(layout, tmp_path, reflectorNodes=["node3", "node9"])
    said = reached.run("preview", {**reached.ways.environment, **unknown}, check=False)
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
    # The machine's routes go for good with its sessions, and so do the service networks.
    seen.absent = {what: gap for what, gap in seen.absent.items() if what[1] in ALL_BLOCKS}
    print("destroy", nothing_lost(seen))
    assert all_meshed()
    assert_nothing_left(calico)
    assert calico.find("bgpconfigurations", "default") is None
