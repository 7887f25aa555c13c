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
from math import inf
from pathlib import Path

from lab.hosts import Host

TOLD = re.compile(r"^\[(?P<time>[^\]]+)\] (?P<gone>Deleted )?(?P<prefix>[\da-f.:]+(/\d+)?)\s", re.I)


@dataclass(frozen=True)
class Absence:
    """A time without a route: when it began and ended, in seconds of the epoch; infinite if it stays away."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin

    def overlaps(self, other: "Absence") -> bool:
        """Whether both were at one time."""
        return self.begin < other.end and other.begin < self.end


@dataclass
class RouteWatch:
    """What became of routes; filled when it has ended."""

    absent: dict[tuple[str, str], list[Absence]] = field(default_factory=dict)
    """By host and prefix, when there was no such route."""

    def longer(self, seconds: float) -> dict[tuple[str, str], list[Absence]]:
        """Those times without a route that were longer than so many seconds."""
        long = {what: [one for one in those if one.seconds > seconds] for what, those in self.absent.items()}
        return {what: those for what, those in long.items() if those}

    def gaps(self, longest: float) -> dict[tuple[str, str], float]:
        """Those that were away for longer than so many seconds, and for how long at most."""
        found = self.longer(longest)
        return {what: max(one.seconds for one in those) for what, those in found.items()}


def absences(lines: Sequence[str], prefixes: Sequence[str]) -> dict[str, list[Absence]]:
    """When each prefix that was taken away was absent, out of what `ip -ts monitor route` said."""
    gone: dict[str, float] = {}
    found: dict[str, list[Absence]] = {}
    for line in lines:
        told = TOLD.match(line)
        if not told or told["prefix"] not in prefixes:
            continue
        prefix, time = told["prefix"], datetime.fromisoformat(told["time"]).timestamp()
        if told["gone"]:
            gone.setdefault(prefix, time)
        elif prefix in gone:
            found.setdefault(prefix, []).append(Absence(gone.pop(prefix), time))
    for prefix, time in gone.items():
        found.setdefault(prefix, []).append(Absence(time, inf))
    return found


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
        for prefix, those in absences(log.read_text().splitlines(), prefixes).items():
            found.absent[host.name, prefix] = those
