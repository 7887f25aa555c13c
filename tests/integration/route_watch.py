"""The kernel's routes on nodes and machine, watched by the kernel's own word on each change of them.

A route that was taken away and came back between two looks would not be seen; `ip monitor` tells of every
one. BIRD 1.6 changes a route by taking it away and setting it again, microseconds apart; so what counts is
for how long there was none.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lab.hosts import Host

TOLD = re.compile(r"^\[(?P<time>[^\]]+)\] (?P<gone>Deleted )?(?P<prefix>[\da-f.:]+(/\d+)?)\s", re.I)


@dataclass
class RouteWatch:
    """What became of routes; filled when it has ended."""

    absent: dict[tuple[str, str], float] = field(default_factory=dict)
    """By host and prefix the longest time without such a route, in seconds; infinite if it stays away."""

    def gaps(self, longest: float) -> dict[tuple[str, str], float]:
        """Those that were away for longer than so many seconds."""
        return {what: seconds for what, seconds in self.absent.items() if seconds > longest}


def absences(lines: Sequence[str], prefixes: Sequence[str]) -> dict[str, float]:
    """The longest absence of each prefix that was taken away, out of what `ip -ts monitor route` said."""
    gone: dict[str, datetime] = {}
    longest: dict[str, float] = {}
    for line in lines:
        told = TOLD.match(line)
        if not told or told["prefix"] not in prefixes:
            continue
        prefix, time = told["prefix"], datetime.fromisoformat(told["time"])
        if told["gone"]:
            gone.setdefault(prefix, time)
        elif prefix in gone:
            seconds = (time - gone.pop(prefix)).total_seconds()
            longest[prefix] = max(longest.get(prefix, 0), seconds)
    return {**longest, **dict.fromkeys(gone, float("inf"))}


@contextmanager
def watch_routes(hosts: Iterable[Host], prefixes: Sequence[str], folder: Path) -> Iterator[RouteWatch]:
    """Watch these hosts' routes to `prefixes` while the block lasts; what it yields is filled after it.

    `folder` gets what the kernel said.
    """
    found, logs = RouteWatch(), {host: folder / f"{host.name}.routes" for host in hosts}
    with ExitStack() as stack:
        for host, log in logs.items():
            command = ["nsenter", f"--net={host.netns}", "ip", "-ts", "monitor", "route"]
            with log.open("w") as told:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        yield found
    for host, log in logs.items():
        for prefix, seconds in absences(log.read_text().splitlines(), prefixes).items():
            found.absent[host.name, prefix] = seconds
