"""BIRD 3 on the machine itself: both families, password, change, restart under traffic, exchanged both ways.

Debian 12 has no package of it; what the machine's source has is told in lab/bird3_package.py.
"""

import time
from pathlib import Path

import pytest

from lab.external import External
from lab.layout import Layout
from lab.routing import Routing
from lab.traffic import traffic
from tests.integration.conftest import Changed, Json, Stack, bird_routes, poll
from tests.integration.test_bird_packages import version
from tests.integration.test_connection import SCENARIO
from tests.integration.test_dual_stack import BOTH, SCENARIO6, routes6, states
from tests.integration.test_leaving import on_machine
from tests.integration.test_routing_machine import bird, recovered
from tests.on_the_lab import encrypted


@pytest.mark.extra("next-debian")
def test_bird_3_connects_changes_restarts_is_exchanged_and_leaves_nothing(
    bare_stack: Stack, machine: External, changed: Changed, layout: Layout, tmp_path: Path
) -> None:
    """Longer than a minute: its package is exchanged twice, and its restart is waited out under traffic."""
    routing = Routing(layout)

    def up(**settings: Json) -> dict[str, str]:
        environment = changed(**BOTH, **settings)
        bare_stack.run("up", "--yes", "--skip-preview", environment=environment)
        assert states(bare_stack) == dict.fromkeys(BOTH["nodes"], "Established")
        # Nodes hear of another password when they do, and begin their sessions anew.
        poll(
            "both families' routes",
            lambda: (bird_routes(machine), routes6(machine)) == (SCENARIO, SCENARIO6),
            60,
        )
        return environment

    bare_stack.destroy()
    before = on_machine(machine)
    up()
    assert version(machine) == "2.0.12"
    word = encrypted(tmp_path, layout, "bgpPassword", "correct horse battery")
    environment = up(birdVersion="3", bgpPassword=word)
    assert version(machine).startswith("3.")
    # Without a warning: BIRD 3 wants `authentication md5` beside a password.
    assert machine.run("sh", "-c", "bird -p 2>&1").stdout == ""
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=environment)

    stood = {node: routing.since(node) for node in routing.nodes}
    with traffic(machine) as seen:
        up(birdVersion="3", bgpPassword=word, podPrefixLengths="26-32")
        assert {node: routing.since(node) for node in routing.nodes} == stood
        start = time.time()
        bird(routing, "restart")
        recovered(routing, start)
    assert not seen.lost, seen

    other = encrypted(tmp_path, layout, "bgpPassword", "quite another")
    environment = up(birdVersion="2", bgpPassword=other)
    assert version(machine) == "2.0.12"
    bare_stack.run("destroy", "--yes", "--skip-preview", environment=environment)
    after = on_machine(machine)
    for name, was in before.items():
        assert after[name] == was, name
