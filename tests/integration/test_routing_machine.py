"""BIRD on the machine is reconfigured, restarted, stopped, killed, upgraded under traffic: nothing is lost.

How long each took in a quiet lab is in docs/routing.md, measured by bench/routing.py.
"""

import re
import time

from lab.routing import Routing
from lab.traffic import traffic
from tests.integration.conftest import Changed, Stack

# Seconds after a restart in which BIRD leaves the kernel's routes alone (components/bird/bird_config.py).
RECOVERY = 10


def bird(routing: Routing, *words: str) -> None:
    """`systemctl WORDS bird` on the machine."""
    routing.machine.run("systemctl", *words, "bird")


def recovered(routing: Routing, start: float) -> None:
    """Wait until BIRD changes the kernel's routes again; all of them are right all the while."""
    # BIRD 3 calls it recovery.
    while not re.search("Graceful (restart|recovery) done", routing.log(start)):
        assert routing.full(), "routes left the kernel while BIRD recovered"
        assert time.time() < start + RECOVERY + 10
    routing.within(5, "all sessions and routes", routing.settled)


def test_nothing_is_lost_when_an_up_changes_the_filter_and_the_sessions_stay(
    routing: Routing, module_stack: Stack, changed: Changed
) -> None:
    before = {node: routing.since(node) for node in routing.nodes}
    with traffic(routing.machine) as seen:
        module_stack.run(
            "up", "--yes", "--skip-preview", environment=changed(podPrefixLengths="26-32", importLimit=500)
        )
        module_stack.up()
    assert not seen.lost, seen
    assert {node: routing.since(node) for node in routing.nodes} == before


def test_nothing_is_lost_when_bird_is_restarted(routing: Routing) -> None:
    start = time.time()
    with traffic(routing.machine) as seen:
        bird(routing, "restart")
        recovered(routing, start)
    assert not seen.lost, seen


def test_nothing_is_lost_when_bird_is_killed_and_systemd_starts_it_again(routing: Routing) -> None:
    start = time.time()
    with traffic(routing.machine) as seen:
        bird(routing, "kill", "--signal=KILL")
        recovered(routing, start)
    assert not seen.lost, seen


def test_nothing_is_lost_while_bird_is_stopped_and_when_it_is_started(routing: Routing) -> None:
    with traffic(routing.machine) as seen:
        bird(routing, "stop")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert routing.full(), "the routes outlive BIRD"
        start = time.time()
        bird(routing, "start")
        recovered(routing, start)
    assert not seen.lost, seen


def test_nothing_is_lost_when_birds_package_is_installed_anew(routing: Routing) -> None:
    start = time.time()
    with traffic(routing.machine) as seen:
        routing.machine.run("sh", "-c", "dpkg --install /opt/repository/bird2_*.deb")
        recovered(routing, start)
    assert not seen.lost, seen


def test_a_node_that_died_while_bird_was_down_is_gone_when_bird_has_recovered(routing: Routing) -> None:
    bird(routing, "stop")
    routing.nodes["node4"].cut()
    bird(routing, "start")
    routing.within(RECOVERY + 5, "the dead node to be gone", lambda: routing.full("node4"))
