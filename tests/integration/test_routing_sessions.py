"""Who is heard: with TTL security nobody from farther away, with a password nobody who has another one."""

import subprocess
from collections.abc import Iterator

import pytest

from lab.layout import Layout
from lab.routing import Routing
from lab.site import HOSTS, NODES, PEER
from tests.integration.conftest import Changed, Json, Stack

NODE = "node4"
ADDRESS = str(NODES[NODE])
OTHERS = {str(address) for name, address in NODES.items() if name != NODE}


@pytest.fixture
def routing(stack: Stack, layout: Layout) -> Iterator[Routing]:
    """All nodes with their sessions, before and after the test; the stack as it was."""
    found = Routing(layout)
    found.settle()
    yield found
    stack.up()
    found.settle()


def established(routing: Routing) -> set[str]:
    """The neighbors whose sessions stand."""
    return {address for address, session in routing.sessions().items() if session.state == "Established"}


def test_with_ttl_security_a_speaker_that_is_farther_away_is_not_heard_and_up_says_so(
    routing: Routing, stack: Stack, changed: Changed
) -> None:
    with routing.nodes[NODE].farther(HOSTS[PEER]):
        assert routing.settled(), "without TTL security it is heard"
        failed = stack.run(
            *("up", "--yes", "--skip-preview"),
            environment=changed(ttlSecurity=True, verifyTimeout=25),
            check=False,
        )
        assert failed.returncode != 0
        assert f"session with {ADDRESS}" in failed.stdout + failed.stderr
        assert established(routing) == OTHERS
        assert routing.full(NODE)
    routing.within(30, "the node, now near enough", routing.settled)


def test_a_node_with_another_password_is_not_heard_and_up_says_so_and_the_right_one_heals_it(
    routing: Routing, stack: Stack, changed: Changed
) -> None:
    def up(check: bool, **settings: Json) -> subprocess.CompletedProcess[str]:
        environment = changed(verifyTimeout=40, **settings)
        password = ("config", "set", "--secret", "bgpPassword", "one of our own")
        stack.run(*password, environment=environment)
        return stack.run("up", "--yes", "--skip-preview", environment=environment, check=check)

    up(check=True)
    # Nodes hear of it when they do, and begin their sessions anew.
    routing.within(40, "all nodes to have it, through Calico's Secret", routing.settled)
    with routing.nodes[NODE].with_password("another"):
        routing.within(20, "the node not to be heard", lambda: established(routing) == OTHERS)
        # What changes is something else; the verification comes after it.
        failed = up(check=False, description="another")
        assert failed.returncode != 0
        text = failed.stdout + failed.stderr
        assert f"session with {ADDRESS}" in text
        assert "one of our own" not in text
        assert routing.full(NODE)
    routing.within(40, "the node, with the right password", routing.settled)
