"""An `up` whose delivery ends in the middle: the machine has the old configuration or the new one, and the
next `up` finishes.

What the script does when it is struck anywhere is in test_delivery_cut.py, without a stack.
"""

import re

import pytest

from lab.external import External
from tests.integration.conftest import Changed, Stack
from tests.integration.delivered import Delivery, Strike


@pytest.mark.parametrize(
    ("how", "step"),
    [("cut", "sed s"), ("cut", "timeout 20 birdc configure confirm"), ("kill", "sync /etc/bird")],
)
def test_the_next_up_finishes_what_a_cut_connection_left(
    stack: Stack, machine: External, changed: Changed, how: Strike, step: str
) -> None:
    delivery = Delivery(machine)
    was = limits_of(delivery)
    number = 901 if was != [901, 901] else 902
    environment = changed(importLimit=number)
    with delivery.counting():
        delivery.strike_at(step, how)
        done = stack.run("up", "--yes", "--skip-preview", environment=environment, check=False)
        assert delivery.struck()
        assert done.returncode != 0, done.stdout
        delivery.settled()
        assert limits_of(delivery) in (was, [number] * 2)
    stack.run("up", "--yes", "--skip-preview", environment=environment)
    assert limits_of(delivery) == [number] * 2


def limits_of(delivery: Delivery) -> list[int]:
    """The import limit in the file and in BIRD's memory."""
    texts = delivery.sh("cat /etc/bird/bird.conf; birdc show protocols all calico_172_34_8_0").stdout
    return [int(found) for found in re.findall(r"[Ii]mport limit:? +(\d+)", texts)]
