"""What many nodes cost the machine: time until all sessions stand and all routes are known, memory, load.

Run on the lab's management host: `python -m lab exec mgmt -- python bench/sessions.py [COUNT…]`, by default
4, 100 and 500. The machine is BIRD 2 with the program's configuration in a namespace of its own; each node is
a BIRD 1.6 in another, at an address of its own, with the sessions' options of Calico's. Every node announces
the service network and every block, as Calico's do. Prints a Markdown table; everything goes at the end.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from components.bird.bird_config import BirdConfig, Peering, Taken, next_hop_limit, render
from components.settings.router_settings import PrefixLengths
from lab.debian import Tools, tools
from lab.hosts import NETNS
from lab.layout import Layout
from lab.network import ip, ip_batch
from lab.site import CALICO_AS, POD_NETWORK, SERVICE_NETWORK
from lab.waiting import wait_for

COUNTS = (4, 100, 500)
NETWORK = IPv4Network("10.99.0.0/16")
MACHINE = NETWORK[-2]
MACHINE_AS = 65112
MACHINES, NODES = "many-machine", "many-nodes"
# Seconds.
PATIENCE = 600
RESTING = 10


def addresses(count: int) -> list[IPv4Address]:
    """The nodes'."""
    return [NETWORK[number] for number in range(1, count + 1)]


def machine_text(count: int) -> str:
    """bird.conf as the program renders it, for a range of neighbors."""

    def taken(network: IPv4Network) -> list[Taken]:
        return [Taken(network, PrefixLengths(network.prefixlen, 32))]

    peering = Peering(
        name="calico",
        version=4,
        address=MACHINE,
        node_network=NETWORK,
        neighbors=[],
        reflected=False,
        as_number=CALICO_AS,
        taken={"pod networks": taken(POD_NETWORK), "service networks": taken(SERVICE_NETWORK)},
        advertised=[],
        import_limit=1000,
        import_all=False,
        multihop=0,
        ttl_security=False,
        hold_time=9,
        keepalive_time=3,
        password=False,
        description="",
    )
    return render(BirdConfig("2", MACHINE, MACHINE_AS, [peering], next_hop_limit("2", count)))


def node_text(address: IPv4Address, blocks: list[IPv4Network]) -> str:
    """A node's, with the options that confd renders."""
    routes = "".join(f"  route {prefix} blackhole;\n" for prefix in (SERVICE_NETWORK, *blocks))
    return f"""router id {address};
listen bgp address {address};
protocol device {{ }}
protocol static {{
{routes}}}
protocol bgp machine {{
  local {address} as {CALICO_AS};
  neighbor {MACHINE} as {MACHINE_AS};
  multihop;
  source address {address};
  import all;
  export where source = RTS_STATIC;
  graceful restart;
  graceful restart time 5;
  connect delay time 2;
  connect retry time 5;
  error wait time 5, 30;
}}
"""


@contextmanager
def network(nodes: list[IPv4Address]) -> Iterator[None]:
    """Two namespaces and a wire between them."""
    ip_batch([f"netns add {name}" for name in (MACHINES, NODES)])
    try:
        ip_batch([f"link add eth0 type veth peer name eth0 netns {NODES}"], MACHINES)
        for name, own in ((MACHINES, [MACHINE]), (NODES, nodes)):
            added = [f"address add {address}/{NETWORK.prefixlen} dev eth0" for address in own]
            ip_batch(["link set lo up", *added, "link set eth0 up"], name)
        yield
    finally:
        for name in (MACHINES, NODES):
            ip("netns", "del", name)


class Birds:
    """The daemons of one measurement; files in a folder of their own."""

    def __init__(self, folder: Path, unpacked: Tools) -> None:
        self.folder = folder
        self.tools = unpacked
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, namespace: str, program: str, name: str, text: str) -> int:
        """Start one in the foreground, which it stays in for us to end; its pid."""
        (self.folder / f"{name}.conf").write_text(text)
        way = ["nsenter", f"--net={NETNS / namespace}", "--", str(self.tools.path(program))]
        process = subprocess.Popen(
            [*way, "-f", "-c", f"{name}.conf", "-s", f"{name}.ctl"],
            cwd=self.folder,
            env={**os.environ, **self.tools.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process.pid

    def birdc(self, *words: str) -> str:
        """What the machine's BIRD answers; nothing while it does not."""
        return subprocess.run(
            [str(self.tools.path("birdc2")), "-s", "machine.ctl", *words],
            cwd=self.folder,
            env={**os.environ, **self.tools.environment()},
            capture_output=True,
            text=True,
        ).stdout

    def end(self) -> None:
        """All of them."""
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait()


def seconds_of(pid: int) -> float:
    """The processor's time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(birds: Birds, count: int) -> str:
    """A row: from the machine's start to the last session and to the last route, and what it takes then."""
    nodes = addresses(count)
    blocks = list(POD_NETWORK.subnets(new_prefix=26))[:count]
    for number, address in enumerate(nodes):
        birds.start(NODES, "bird1", f"node{number}", node_text(address, blocks))
    wait_for("the nodes", lambda: len(list(birds.folder.glob("node*.ctl"))) == count, PATIENCE, 0.5)
    start = time.monotonic()
    pid = birds.start(MACHINES, "bird2", "machine", machine_text(count))
    wait_for(
        "every session",
        lambda: birds.birdc("show", "protocols").count("Established") == count,
        PATIENCE,
        0.2,
    )
    sessions = time.monotonic() - start
    wanted = f"{count * (count + 1)} of {count * (count + 1)} routes for {count + 1} networks"
    wait_for("every route", lambda: wanted in birds.birdc("show", "route", "count"), PATIENCE, 0.2)
    routes = time.monotonic() - start
    kernel = f"{SERVICE_NETWORK[80]} via"
    wait_for("the kernel", lambda: kernel in ip("-netns", MACHINES, "route", "get", kernel[:-4]), PATIENCE)
    had = seconds_of(pid)
    time.sleep(RESTING)
    load = 100 * (seconds_of(pid) - had) / RESTING
    resident = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert resident
    memory = int(resident[1]) / 1024
    times = f"{sessions:.1f} s | {routes:.1f} s"
    return f"| {count} | {count * (count + 1)} | {times} | {memory:.0f} MB | {load:.1f} % |"


def main(arguments: list[str]) -> None:
    """Measure and print the table, each row as soon as it is known."""
    unpacked = tools(Layout())
    print("| nodes | routes learnt | every session | every route | memory | processor, idle |")
    print("|---|---|---|---|---|---|")
    for count in [int(text) for text in arguments] or COUNTS:
        folder = Path(tempfile.mkdtemp())
        birds = Birds(folder, unpacked)
        try:
            with network(addresses(count)):
                try:
                    print(measure(birds, count), flush=True)
                finally:
                    birds.end()
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
