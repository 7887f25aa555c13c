"""How long the machine takes to follow what happens to nodes and to its own BIRD, and what is lost meanwhile.

Run on the lab's management host, with the stack applied and nothing else running on the machine:
`python -m lab exec mgmt -- python bench/routing.py [REPETITIONS] [WORD…]`, five by default, only the rows
in whose name one of the words is. It prints a Markdown table: seconds from the event until the kernel's
routes are as they should be (median and longest), and of the probes sent meanwhile and a second before and
after how many were lost (all repetitions together, and the longest outage). Probes go to both pods and the
service, 200 a second, each a flow of its own.
"""

import signal
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.routing import Routing
from lab.site import NODES
from lab.traffic import Traffic, traffic

REPETITIONS = 5
NODE = "node4"
# Seconds; nothing that is measured here may take longer.
PATIENCE = 90


@dataclass(frozen=True)
class Row:
    """An event, and how it is told that the kernel has followed it."""

    name: str
    event: Callable[[Routing], object]
    followed: Callable[[Routing], bool]
    before: Callable[[Routing], object] = lambda routing: None
    """What makes the event possible; not measured."""


def bird(*words: str) -> Callable[[Routing], object]:
    """`systemctl WORDS bird` on the machine."""
    return lambda routing: routing.machine.run("systemctl", *words, "bird")


def gone(routing: Routing) -> bool:
    """Whether all but the one node are next hops."""
    return routing.full(NODE)


def without(routing: Routing) -> None:
    """Nobody's routes: BIRD is stopped and what it left in the kernel taken out."""
    bird("stop")(routing)
    routing.machine.run("ip", "route", "flush", "proto", "bird")


def end(routing: Routing) -> None:
    """Stop the node's BIRD cleanly and wait until it is gone."""
    routing.nodes[NODE].end()
    routing.within(PATIENCE, "the node to be gone", lambda: gone(routing))


def cut(routing: Routing) -> None:
    """Cut the node off and wait until it is gone."""
    routing.nodes[NODE].cut()
    routing.within(PATIENCE, "the node to be gone", lambda: gone(routing))


def kill_and_start(routing: Routing) -> None:
    """Kill the node's BIRD and start it a second later."""
    routing.nodes[NODE].end(signal.SIGKILL)
    time.sleep(1)
    routing.nodes[NODE].start()


def back(routing: Routing) -> bool:
    """Whether all is as it should be, and no restart is being waited for any more."""
    status = routing.machine.run("birdc", "show", "status", check=False).stdout
    return routing.settled() and "up and running" in status and "recovery" not in status


ROWS = (
    Row("all next hops from nothing", bird("start"), Routing.settled, without),
    Row("a node stopped cleanly: gone", lambda routing: routing.nodes[NODE].end(), gone),
    Row("… started again: back", lambda routing: routing.nodes[NODE].start(), Routing.settled, end),
    Row("a node's BIRD killed: gone", lambda routing: routing.nodes[NODE].end(signal.SIGKILL), gone),
    Row("… started again after a second: session stands", kill_and_start, Routing.settled),
    Row("a node cut off: gone", lambda routing: routing.nodes[NODE].cut(), gone),
    Row("… its link mended: back", lambda routing: routing.nodes[NODE].mend(), Routing.settled, cut),
    Row("the machine's BIRD reconfigured", lambda routing: routing.machine.run("birdc", "configure"), back),
    Row("… restarted", bird("restart"), back),
    Row("… killed, and started by systemd", bird("kill", "--signal=KILL"), back),
    Row("… stopped for a while, and started", bird("start"), back, bird("stop")),
    Row(
        "… its package installed anew",
        lambda routing: routing.machine.run("sh", "-c", "dpkg --install /opt/repository/bird2_*.deb"),
        back,
    ),
)


def measure(routing: Routing, row: Row) -> tuple[float, Traffic]:
    """Once: the seconds, and what became of the traffic."""
    # A BIRD that remembers errors waits twice as long after each, on a node (Calico's options) up to 30 s.
    routing.nodes[NODE].end()
    routing.settle()
    row.before(routing)
    with traffic(routing.machine) as seen:
        time.sleep(1)
        start = time.monotonic()
        row.event(routing)
        routing.within(PATIENCE, row.name, lambda: row.followed(routing))
        seconds = time.monotonic() - start
        time.sleep(1)
    return seconds, seen


def line(row: Row, measured: list[tuple[float, Traffic]]) -> str:
    """The row of the table."""
    seconds = [one for one, _ in measured]
    lost, sent = sum(len(seen.lost) for _, seen in measured), sum(seen.sent for _, seen in measured)
    outage = max(seen.outage for _, seen in measured)
    share = f"{lost} of {sent}" + (f", at most {outage:.1f} s" if outage else "")
    return f"| {row.name} | {statistics.median(seconds):.1f} s | {max(seconds):.1f} s | {share} |"


def main(arguments: list[str]) -> None:
    """Measure and print the table, each row as soon as it is known."""
    repetitions = int(arguments[0]) if arguments else REPETITIONS
    routing = Routing()
    routing.spread()
    print(f"| {len(NODES)} nodes | median of {repetitions} | longest | lost |\n|---|---|---|---|")
    for row in ROWS:
        if not arguments[1:] or any(word in row.name for word in arguments[1:]):
            print(line(row, [measure(routing, row) for _ in range(repetitions)]), flush=True)
    routing.settle()


if __name__ == "__main__":
    main(sys.argv[1:])
