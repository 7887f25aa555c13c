"""A delivery that ends in the middle: the machine has the whole old configuration or the whole new one,
and the next delivery finishes.

Whoever delivers is killed before every second program that the script starts, one after the other.
"""

import re

import pytest

from tests.integration.delivered import Delivery, Seen

OLD = Seen("old", "the old word", "old", "the old word")
NEW = Seen("new", "the new word", "new", "the new word")
# A delivery starts fewer programs; a test that comes so far would not end.
MOST_STEPS = 150


@pytest.fixture
def delivery(installed: Delivery) -> Delivery:
    """Nothing is delivered."""
    return installed


def old(delivery: Delivery) -> None:
    delivery.deliver("old", "the old word")
    assert delivery.settled() == OLD


def test_killed_anywhere_it_is_the_old_or_the_new_one(delivery: Delivery) -> None:
    with delivery.counting():
        found: dict[int, str] = {}
        for step in range(2, MOST_STEPS, 2):
            old(delivery)
            delivery.strike_at(step, "kill")
            delivery.deliver("new", "the new word", check=False)
            struck = delivery.struck()
            if not struck:
                break
            found[step] = struck
            assert delivery.settled() in (OLD, NEW), f"after step {step}, {struck}"
            delivery.deliver("new", "the new word")
            assert delivery.settled() == NEW, f"the next run after step {step}, {struck}"
            left = [name for name in delivery.passwords() if "password." in name]
            assert len(left) == 1, f"after step {step}, {struck}: {left}"
    assert len(found) > 12, found


# Each is the next program that the script starts: what is before it, has been done.
BEFORE_REBOOT = [
    "sync /etc/bird",
    "timeout 20 birdc configure timeout",
    "timeout 20 birdc configure confirm",
    "mv /var/lib/calico-peering/unfinished /var/lib/calico-peering/unfinished.gone",
    "rm -f /run/calico-peering-bird",
]


@pytest.mark.parametrize("step", BEFORE_REBOOT)
def test_a_machine_that_reboots_before_the_confirmation_has_the_old_one(
    delivery: Delivery, step: str
) -> None:
    with delivery.counting():
        old(delivery)
        before = delivery.machine.leader()
        delivery.strike_at(step, "reboot")
        delivery.deliver("new", "the new word", check=False)
        delivery.rebooted(before)
        # The one step at which it is made: its record is gone.
        made = step.startswith("rm")
        assert delivery.settled() == (NEW if made else OLD)
        delivery.deliver("new", "the new word")
        assert delivery.settled() == NEW


def test_the_first_delivery_killed_anywhere_leaves_it_as_before(delivery: Delivery) -> None:
    delivery.run("restore bird")
    before = given_back(delivery)
    with delivery.counting():
        for step in range(3, MOST_STEPS, 6):
            delivery.strike_at(step, "kill")
            delivery.deliver("new", "the new word", check=False)
            struck = delivery.struck()
            if not struck:
                break
            if delivery.settled() != NEW:
                assert given_back(delivery) == before, f"after step {step}, {struck}"
            delivery.deliver("new", "the new word")
            assert delivery.settled() == NEW, f"the next run after step {step}, {struck}"
            delivery.run("restore bird")
            assert given_back(delivery) == before, f"given back after step {step}, {struck}"
    assert step > 6 * 12


def given_back(delivery: Delivery) -> str:
    """The configuration's file and BIRD's protocols, without their times."""
    look = "ls -l /etc/bird/bird.conf; cat /etc/bird/bird.conf; birdc show protocols"
    return re.sub(r"\d\d:\d\d:\d\d\.\d+", "", delivery.sh(look).stdout)
