"""Another password delivered by a restart of BIRD, which keeps the kernel's routes; cut off or refused, the
machine has the whole old one or the whole new one, and the next delivery finishes."""

import subprocess

import pytest

from components.bird.bird_router import END
from tests.integration.delivered import Delivery, Seen, configuration
from tests.integration.test_delivery_faults import ROOTS_LOG

OLD = Seen("old", "the old word", "old", "the old word")
NEW = Seen("new", "the new word", "new", "the new word")
# What nodes announced a moment ago.
LEARNT = "203.0.113.0/24"


def graceful(mark: str, extra: str = "") -> str:
    """The configuration with graceful restart, as the program renders it by default."""
    sessions = "  password PASSWORD;\n  graceful restart yes;"
    text = configuration(mark, extra).replace("  password PASSWORD;", sessions)
    return text.replace("protocol kernel { persist;", "protocol kernel { persist; graceful restart;")


def deliver(
    delivery: Delivery, mark: str, password: str, extra: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    generation = delivery.stage(password)
    return delivery.run(f"deliver bird {generation}", graceful(mark, extra) + END, check)


def runs_since(delivery: Delivery) -> str:
    """The daemon's process."""
    return delivery.sh("systemctl show -P MainPID bird").stdout


@pytest.fixture
def delivery(installed: Delivery) -> Delivery:
    """The old configuration runs, and the kernel has a route that BIRD learnt."""
    deliver(installed, "old", "the old word")
    assert installed.settled() == OLD
    installed.sh(f"ip route replace blackhole {LEARNT} proto bird metric 32")
    return installed


def test_another_password_restarts_bird_and_what_it_learnt_stays_for_the_nodes_to_come_back(
    delivery: Delivery,
) -> None:
    before = runs_since(delivery)
    deliver(delivery, "more", "the old word")
    assert runs_since(delivery) == before, "the same password: reconfigured"
    delivery.sh(f"ip route replace blackhole {LEARNT} proto bird metric 32")
    deliver(delivery, "new", "the new word")
    assert LEARNT in delivery.sh("ip route show proto bird").stdout
    assert runs_since(delivery) != before
    assert delivery.settled() == NEW


@pytest.mark.parametrize(
    "step",
    [
        "systemctl reset-failed",
        "systemctl restart",
        "timeout 20 birdc show protocols",
        "mv /var/lib/calico-peering/unfinished /var",
    ],
)
def test_killed_around_the_restart_it_is_the_old_or_the_new_one(delivery: Delivery, step: str) -> None:
    with delivery.counting():
        generation = delivery.stage("the new word")
        delivery.strike_at(step, "kill")
        delivery.run(f"deliver bird {generation}", graceful("new") + END, check=False)
        assert delivery.struck()
        assert delivery.settled() == OLD
        deliver(delivery, "new", "the new word")
        assert delivery.settled() == NEW


def test_a_daemon_that_does_not_start_with_it_starts_with_the_old_one(delivery: Delivery) -> None:
    done = deliver(delivery, "new", "the new word", ROOTS_LOG, check=False)
    assert done.returncode != 0
    assert "BIRD did not start." in done.stderr and "Permission denied" in done.stderr
    assert "the new word" not in done.stdout + done.stderr
    assert delivery.settled() == OLD
    assert LEARNT in delivery.sh("ip route show proto bird").stdout, "and what it learnt stays"
    delivery.sh("rm -f /root/only-for-root")
    deliver(delivery, "new", "the new word")
    assert delivery.settled() == NEW
