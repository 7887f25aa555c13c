"""What many nodes cost the machine: time until all sessions stand and all routes are known, memory, load.

Run on the lab's management host: `python -m lab exec mgmt -- python bench/sessions.py [OPTIONS] [COUNT…]`, by
default with BIRD 2 and 4, 100 and 500 nodes (bench/many_nodes.py); BIRD 3 needs a lab with `next-debian`
(lab/extras.py). Prints a Markdown table; all goes at the end. `--verify` has the program's own verification
look at the site as well, whole and with something missing, and fails when it says anything but that.
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.many_nodes import MACHINES, PATIENCE, ManyNodes, addresses, kernel_routes, network, wire
from bench.verified import verified
from lab.debian import tools
from lab.extras import NEXT_DEBIAN, check_extras
from lab.hosts import NETNS
from lab.layout import Layout
from lab.parts import Parts
from lab.waiting import wait_for

COUNTS = (4, 100, 500)
MOST_HOPS = 255
# Seconds.
RESTING = 10
# More than the hold time and BIRD's delays of both sides.
OUTAGE = 15


def seconds_of(pid: int) -> float:
    """The processor's time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def overflows() -> int:
    """How often the queue of connections that BIRD had not yet accepted was full."""
    command = ["nsenter", f"--net={NETNS / MACHINES}", "--", "nstat", "-asz", "TcpExtListenOverflows"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(said.split()[-2])


def complete(count: int) -> bool:
    """Whether the kernel has every route with all next hops that it can have."""
    routes = kernel_routes()
    return len(routes) == count + 1 and all(len(hops) == min(count, MOST_HOPS) for hops in routes.values())


def row(what: str, site: ManyNodes, event: Callable[[], None]) -> None:
    """Print one: from the event to the last session and to the last next hop, and what it took."""
    before = overflows()
    had = 0.0
    start = time.monotonic()
    event()
    if what == "wire mended":
        had = seconds_of(site.pid)
    wait_for("every session", lambda: site.sessions() == site.count, PATIENCE, every=0.2)
    sessions = time.monotonic() - start
    wait_for("every next hop", lambda: complete(site.count), PATIENCE, every=0.2)
    routes = time.monotonic() - start
    spent = seconds_of(site.pid) - had
    full = overflows() - before
    had = seconds_of(site.pid)
    time.sleep(RESTING)
    load = 100 * (seconds_of(site.pid) - had) / RESTING
    resident = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{site.pid}/status").read_text())
    assert resident
    memory = int(resident[1]) / 1024
    times = f"{sessions:.1f} s | {routes:.1f} s | {spent:.1f} s"
    learnt = site.count * (site.count + 1)
    took = f"{memory:.0f} MB | {load:.1f} % | {os.getloadavg()[0]:.1f}"
    print(f"| {site.count} | {what} | {learnt} | {times} | {full} | {took} |", flush=True)


def outage() -> None:
    """Every session ends by its hold time, and may come again."""
    wire("down")
    time.sleep(OUTAGE)
    wire("up")


def measure(site: ManyNodes, wanted: argparse.Namespace) -> None:
    """All rows of one site, and the verification."""
    site.start_nodes()
    if wanted.without_recovery:
        row("started without -R", site, lambda: site.start_machine(recovery=False))
    else:
        row("started", site, site.start_machine)
    if wanted.restart:
        site.kill_machine()
        row("killed, and started", site, lambda: site.start_machine(recovery=True))
    if wanted.outage:
        outage()
        row("wire mended", site, lambda: None)
    if wanted.verify:
        # Last, since it ends a node.
        verified(site)


def main() -> None:
    """Measure and print the table, each row as soon as it is known."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("counts", nargs="*", type=int, metavar="COUNT", help="how many nodes")
    words.add_argument("--bird", choices=("2", "3"), default="2", help="the machine's series (default: 2)")
    words.add_argument("--without-recovery", action="store_true", help="start BIRD without -R in any case")
    words.add_argument("--restart", action="store_true", help="kill the machine's BIRD and start it, as well")
    words.add_argument("--outage", action="store_true", help=f"have no wire for {OUTAGE} s, as well")
    words.add_argument("--verify", action="store_true", help="verify as `up` does, as well")
    wanted = words.parse_args()
    layout = Layout()
    if wanted.bird == "3":
        check_extras(Parts.of_running(layout).extras, [NEXT_DEBIAN])
    unpacked = tools(layout)
    columns = (
        "nodes| |routes learnt|every session|every next hop|processor|queue full|memory|idle|load".split("|")
    )
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for count in wanted.counts or COUNTS:
        folder = Path(tempfile.mkdtemp())
        site = ManyNodes(folder, unpacked, wanted.bird, count)
        try:
            with network(addresses(count)):
                try:
                    measure(site, wanted)
                finally:
                    site.end()
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
