"""Many nodes and one machine on this computer, for the measurements of bench/sessions.py.

The machine is a BIRD with the configuration that the program renders, in a network namespace of its own,
started as the program has systemd start it; each node is a BIRD 1.6 with the sessions' options that Calico's
confd renders, at an address of its own. Every node announces the service network and every block, as Calico's
do. It deliberately has no cluster and no systemd: the lab has them for four nodes. It relies on root and on a
/run/netns of its own, as the lab's management host has.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from components.bird.bird_config import bird_config, next_hop_limit, render
from components.settings.settings import Settings, read_settings
from lab.debian import Tools
from lab.hosts import NETNS
from lab.layout import Layout
from lab.network import ip, ip_batch
from lab.newer_bird import newer_birds
from lab.site import CALICO_AS, POD_NETWORK, SERVICE_NETWORK
from lab.waiting import wait_for

NETWORK = IPv4Network("172.20.0.0/16")
MACHINE = NETWORK[-2]
MACHINE_AS = 65112
MACHINES, NODES = "many-machine", "many-nodes"
# What sshd would show; nobody logs in.
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0kfLB3XgwyN4bY1QmFHyG8sQ9c0e8oXo0mBqFhVYwT"
# Seconds.
PATIENCE = 900
# The parts that a route's line and its next hops' lines have in `ip route`.
ROUTE = re.compile(r"^\S.*\n(?:[ \t].*\n)*", re.MULTILINE)
HOP = re.compile(r"via (\S+)")


def addresses(count: int) -> list[IPv4Address]:
    """The nodes'."""
    return [NETWORK[number] for number in range(1, count + 1)]


def settings(series: str, count: int) -> Settings:
    """The program's settings for such a site."""
    return read_settings(
        {
            "birdVersion": series,
            "machineAddress": str(MACHINE),
            "machineAsNumber": str(MACHINE_AS),
            "calicoAsNumber": str(CALICO_AS),
            "nodeNetwork": str(NETWORK),
            "nodes": json.dumps([str(address) for address in addresses(count)]),
            "podNetworks": json.dumps([str(POD_NETWORK)]),
            "serviceNetworks": json.dumps([str(SERVICE_NETWORK)]),
            "sshHostKey": HOST_KEY,
        }
    )


def node_text(address: IPv4Address, blocks: Sequence[IPv4Network]) -> str:
    """A node's bird.conf, with the options that confd renders."""
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
def network(nodes: Sequence[IPv4Address]) -> Iterator[None]:
    """Two namespaces and a wire between them, which is still.

    What changes at an interface wakes all BIRDs in one moment, and from then on the whole seconds for which
    1.6 sleeps would have all nodes dial in the same millisecond. Nodes with a kernel each never do.
    """
    ip_batch([f"netns add {name}" for name in (MACHINES, NODES)])
    try:
        ip_batch([f"link add eth0 type veth peer name eth0 netns {NODES}"], MACHINES)
        for name, own in ((MACHINES, [MACHINE]), (NODES, nodes)):
            added = [f"address add {address}/{NETWORK.prefixlen} dev eth0" for address in own]
            ip_batch(["link set lo up", "link set eth0 addrgenmode none", *added, "link set eth0 up"], name)
        wait_for(
            "the wire",
            lambda: all(" state UP " in ip("-netns", name, "link") for name in (MACHINES, NODES)),
            timeout=10,
        )
        yield
    finally:
        for name in (MACHINES, NODES):
            ip("netns", "del", name)


class ManyNodes:
    """The daemons; their files are in a folder of their own."""

    def __init__(self, folder: Path, tools: Tools, series: str, count: int) -> None:
        self.folder = folder
        self.count = count
        self.settings = settings(series, count)
        self.nodes: list[subprocess.Popen[bytes]] = []
        self._tools = tools
        self.series = series
        self._machine: subprocess.Popen[bytes] | None = None

    def _start(self, namespace: str, command: Sequence[str], *more: str) -> subprocess.Popen[bytes]:
        """In the foreground, where we can end it."""
        return subprocess.Popen(
            ["nsenter", f"--net={NETNS / namespace}", "--", *command, "-f", *more],
            cwd=self.folder,
            env={**os.environ, **self._tools.environment()} if command[0].endswith("/bird") else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _command(self, program: str) -> list[str]:
        if self.series == "3":
            return newer_birds(Layout()).command("bird3", program)
        return [str(self._tools.path(f"{program}2"))]

    def start_nodes(self) -> None:
        """All of them, one after the other, and wait until they run."""
        blocks = list(POD_NETWORK.subnets(new_prefix=26))[: self.count]
        for number, address in enumerate(addresses(self.count)):
            (self.folder / f"node{number}.conf").write_text(node_text(address, blocks))
            command = [str(self._tools.path("bird1"))]
            self.nodes.append(
                self._start(NODES, command, "-c", f"node{number}.conf", "-s", f"node{number}.ctl")
            )
        wait_for(
            "the nodes", lambda: len(list(self.folder.glob("node*.ctl"))) == self.count, PATIENCE, every=0.5
        )

    def start_machine(self, recovery: bool | None = None) -> None:
        """As the program does on a fresh boot (router_script/starting.sh), or with or without `-R`."""
        if recovery is None:
            recovery = self.series != "3" and next_hop_limit(self.series, self.count) == 255
        (self.folder / "machine.conf").write_text(render(bird_config(self.settings)))
        more = ["-c", "machine.conf", "-s", "machine.ctl", *(["-R"] if recovery else [])]
        self._machine = self._start(MACHINES, self._command("bird"), *more)

    def limit_next_hops(self, most: int) -> None:
        """Have the machine's BIRD 2 put as many into one route, whatever the program renders."""
        text = render(bird_config(self.settings))
        limited = re.sub(r"merge paths on limit \d+", f"merge paths on limit {most}", text)
        (self.folder / "machine.conf").write_text(limited)
        said = self.birdc("configure")
        assert "Reconfigur" in said, said

    def kill_machine(self) -> None:
        """Its BIRD only: what is in the kernel stays."""
        if self._machine:
            self._machine.kill()
            self._machine.wait()
            self._machine = None

    @property
    def pid(self) -> int:
        """The machine's BIRD's."""
        assert self._machine
        return self._machine.pid

    def client(self) -> list[str]:
        """The command line of birdc for the machine, in `folder`."""
        return [*self._command("birdc"), "-s", "machine.ctl"]

    def environment(self) -> dict[str, str]:
        """What birdc's process needs."""
        return {**os.environ, **({} if self.series == "3" else self._tools.environment())}

    def birdc(self, *words: str) -> str:
        """What the machine's BIRD answers; nothing while it does not."""
        command = [*self.client(), *words]
        environment = self.environment()
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        ).stdout

    def sessions(self) -> int:
        """How many stand."""
        return self.birdc("show", "protocols").count("Established")

    def end(self) -> None:
        """All of them."""
        self.kill_machine()
        for process in self.nodes:
            process.kill()
        for process in self.nodes:
            process.wait()


def kernel_routes() -> dict[str, list[str]]:
    """The next hops of each route of BIRD's in the machine's kernel."""
    # Behind another question: the first answer has no room for so many (docs/decisions, 31).
    questions = "route show exact default proto 250\nroute show proto bird\n"
    command = ["ip", "-netns", MACHINES, "-batch", "-"]
    said = subprocess.run(command, input=questions, capture_output=True, text=True).stdout
    return {text.split()[0]: HOP.findall(text) for text in ROUTE.findall(said)}


def wire(state: str) -> None:
    """Take it `down` or `up`, at the nodes' end."""
    ip("-netns", NODES, "link", "set", "eth0", state)
