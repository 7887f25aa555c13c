"""The sessions' password: the same on both sides they stand, with another they do not, and it is exchanged
without an interruption."""

import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from kubernetes.client import CoreV1Api

from lab.cluster.pki import CALICO_NAMESPACE
from lab.layout import Layout
from lab.routing import Routing
from lab.site import NODES, NODES6, PEER
from lab.traffic import traffic
from tests.acceptance.conftest import DUAL_STACK, base_routes
from tests.acceptance.kernel_routes import ALL, FAMILIES, Family, KernelRoutes
from tests.on_the_lab import Stack, with_settings

SECRET = "bgppeer-external-password"
NEIGHBORS = {str(address) for address in (*NODES.values(), *NODES6.values())}
# Seconds: the default of holdTime.
HOLD_TIME = 9
# With the nodes' ports, as packets are counted.
SETTINGS = {key: value for key, value in DUAL_STACK.items() if key != "nodePortNetwork"}


@contextmanager
def watching(routing: Routing) -> Iterator[list[float]]:
    """When, in seconds of time.monotonic(), not every session stood while the block ran."""
    seen: list[float] = []
    ended = Event()

    def look() -> None:
        while not ended.is_set():
            if standing(routing) != NEIGHBORS:
                seen.append(time.monotonic())
            time.sleep(0.1)

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


@contextmanager
def losses() -> Iterator[list[str]]:
    """The routes from BIRD that lost a next hop while the block ran, as the kernel told; filled after it.

    A route that is replaced by one that is the same is told too.
    """
    told: list[str] = []
    command = ["ip", "-netns", PEER, "-oneline", "monitor", "route"]
    monitor = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield told
    finally:
        monitor.terminate()
        output, _ = monitor.communicate()
        told += [
            line
            for line in output.splitlines()
            if "proto bird" in line and (line.startswith("Deleted") or line.count(" via ") < len(ALL))
        ]


def standing(routing: Routing) -> set[str]:
    """The neighbors with whom a session stands."""
    return {address for address, session in routing.sessions().items() if session.state == "Established"}


def begun(routing: Routing) -> Mapping[str, str]:
    """Since when each session stands, in BIRD's words."""
    names = {session.name: address for address, session in routing.sessions().items()}
    words = [line.split() for line in routing.machine.run("birdc", "show", "protocols").stdout.splitlines()]
    return {names[line[0]]: line[4].partition(".")[0] for line in words if line and line[0] in names}


class Protected:
    """The stack with both families and a password."""

    def __init__(self, stack: Stack, environment: dict[str, str]) -> None:
        self.stack, self.environment = stack, environment

    def up(self, word: str, *options: str) -> None:
        """Bring it up with this one."""
        set_it = ("config", "set", "--secret", "bgpPassword", word)
        self.stack.run(*set_it, environment=self.environment)
        self.stack.run("up", "--yes", "--skip-preview", *options, environment=self.environment)


@pytest.fixture(scope="module")
def protected(
    dual_stack: Stack, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Protected]:
    """With the password `the first one`; without one afterwards."""
    folder: Path = tmp_path_factory.mktemp("password")
    made = Protected(dual_stack, with_settings(layout, folder, **SETTINGS))
    made.up("the first one")
    yield made
    without = with_settings(layout, tmp_path_factory.mktemp("none"), **DUAL_STACK)
    dual_stack.run("up", "--yes", "--skip-preview", environment=without)


@pytest.fixture
def routing(protected: Protected, layout: Layout) -> Routing:
    """The machine, with traffic by way of every next hop."""
    found = Routing(layout)
    found.spread()
    return found


def table(routing: Routing, family: Family) -> KernelRoutes:
    """The machine's routes of a family."""
    return KernelRoutes(routing.machine, family, base_routes(family))


def test_with_the_same_password_on_both_sides_every_session_stands_when_up_ends(
    protected: Protected, routing: Routing
) -> None:
    assert standing(routing) == NEIGHBORS


@pytest.mark.main_path
def test_another_password_costs_no_route_and_no_packet_and_up_ends_when_every_session_stands_with_it(
    protected: Protected, routing: Routing
) -> None:
    """Longer than a minute on a busy machine: the sessions with every node begin anew, under traffic."""
    for family in FAMILIES:
        table(routing, family).become({}, "all nodes' routes")
    before = begun(routing)
    with watching(routing) as missing, losses() as lost, traffic(routing.machine) as sent:
        protected.up("quite another one")
        after = begun(routing)
        assert standing(routing) == NEIGHBORS, "up ends when every session stands"
    assert not [address for address in NEIGHBORS if before[address] == after[address]], "all are new"
    gap = missing[-1] - missing[0]
    print(f"another password: every session back after {gap:.1f} s; {sent}")
    assert gap < HOLD_TIME
    assert not lost
    assert sent.sent and not sent.lost, sent


def test_with_different_passwords_no_session_stands_and_none_comes_until_up_repairs_it(
    protected: Protected, routing: Routing
) -> None:
    core = CoreV1Api()
    wrong = {"data": {"password": b64encode(b"not that one").decode()}}
    core.patch_namespaced_secret(SECRET, CALICO_NAMESPACE, wrong)
    routing.within(30, "no session with another password", lambda: not standing(routing))
    end = time.monotonic() + HOLD_TIME + 3
    while time.monotonic() < end:
        assert not standing(routing)
        time.sleep(0.2)
    for family in FAMILIES:
        assert table(routing, family).now() == ""
    protected.up("quite another one", "--refresh")
    assert standing(routing) == NEIGHBORS
    for family in FAMILIES:
        table(routing, family).become({}, "all nodes' routes again")
