"""Routing between the lab's nodes and the external machine: what its kernel has, and how long a change takes.

For tests and bench/. It looks on the machine itself, by `ip` and `birdc`, ten to twenty times a second; what
a time says is therefore right to a tenth of a second.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from lab.cluster.node_bird import NodeBird
from lab.cluster.pods import PODS
from lab.debian import tools
from lab.external import External
from lab.hosts import Host
from lab.layout import Layout
from lab.site import NODES, PEER, SERVICE_NETWORK
from lab.status import Session, sessions
from lab.waiting import wait_for

PREFIXES = (str(SERVICE_NETWORK), *(str(pod.block) for pod in PODS))
# ECMP has to choose by ports, or all traffic to one address goes by way of one node.
HASH_POLICY = "/proc/sys/net/ipv4/fib_multipath_hash_policy"
EVERY = 0.04


@dataclass
class Routing:
    """The machine's side and the nodes' of a running lab."""

    layout: Layout = field(default_factory=Layout)

    @cached_property
    def machine(self) -> External:
        """The external machine."""
        return External(self.layout, Host(PEER, self.layout))

    @cached_property
    def nodes(self) -> dict[str, NodeBird]:
        """BIRD of each node, by the node's name."""
        unpacked = tools(self.layout)
        return {name: NodeBird(name, self.layout, unpacked) for name in NODES}

    def all_routes(self) -> str:
        """Every route of the kernel's main table, as `ip` prints it."""
        return self.machine.run("ip", "route", "show", "table", "main").stdout

    def next_hops(self) -> dict[str, set[str]]:
        """The kernel's routes from BIRD: prefix → next hops."""
        answer = self.machine.run("ip", "-j", "route", "show", "proto", "bird").stdout
        return {
            route["dst"]: {hop["gateway"] for hop in route.get("nexthops", [route])}
            for route in json.loads(answer or "[]")
        }

    def sessions(self) -> dict[str, Session]:
        """BIRD's sessions, by the neighbor's address."""
        text = self.machine.run("birdc", "show", "protocols", "all", check=False).stdout
        return {session.neighbor: session for session in sessions(text)}

    def since(self, node: str) -> str:
        """Since when the session with a node stands, in BIRD's words; it has to.

        To the second: BIRD reckons it anew each time, and its milliseconds differ by one now and then.
        """
        name = self.sessions()[str(NODES[node])].name
        line = self.machine.run("birdc", "show", "protocols", name).stdout.splitlines()[-1]
        assert "Established" in line, line
        return line.split()[4].partition(".")[0]

    def log(self, since: float) -> str:
        """What BIRD on the machine has logged since then, in seconds of time.time()."""
        return self.machine.run("journalctl", "-u", "bird", "-o", "cat", "--since", f"@{since:.3f}").stdout

    def full(self, *without: str, plus: tuple[str, ...] = ()) -> bool:
        """Whether every prefix has all nodes as next hops, but for those named, and no others but `plus`."""
        wanted = {str(address) for name, address in NODES.items() if name not in without} | {*plus}
        return self.next_hops() == dict.fromkeys(PREFIXES, wanted)

    def settled(self) -> bool:
        """Whether that is so with all nodes, and their sessions stand.

        BIRD keeps the session of a node that came by the range and went; it does not count.
        """
        found = self.sessions()
        states = [found[str(address)].state for address in NODES.values() if str(address) in found]
        return self.full() and states == ["Established"] * len(NODES)

    def within(self, seconds: float, what: str, probe: Callable[[], bool]) -> float:
        """Wait until something is so; how long it took, in seconds.

        Raises:
            LabError: when it took longer.
        """
        start = time.monotonic()
        wait_for(what, probe, seconds, EVERY, lambda: self.all_routes() + self._birdc("show", "protocols"))
        return time.monotonic() - start

    def settle(self) -> None:
        """Have every node's link up and its BIRD run, and wait until all is as it should be."""
        for node in self.nodes.values():
            node.mend()
            node.start()
        if not re.search(r"^active$", self._systemctl("is-active"), re.M):
            self._systemctl("start")
        self.within(60, "all sessions and routes", self.settled)

    def spread(self) -> None:
        """Have the kernel choose next hops by ports too, as the program does (sysctls)."""
        # From without: what the machine sees of /proc/sys may be read-only.
        Host(PEER, self.layout).run("sh", "-c", f"echo 1 > {HASH_POLICY}")

    def _birdc(self, *words: str) -> str:
        return self.machine.run("birdc", *words, check=False).stdout

    def _systemctl(self, *words: str) -> str:
        return self.machine.run("systemctl", *words, "bird", check=False).stdout
