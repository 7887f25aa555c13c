"""BIRD of one node of a running lab, to be stopped, killed, cut off and started again by whoever tests.

The files are NodeRouter's (lab/cluster/node_router.py), and what stands in them is confd's. It deliberately
starts no confd: that one goes on meanwhile, as in Calico, where both are processes of one container.
"""

import contextlib
import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Host
from lab.layout import Layout
from lab.network import ip
from lab.site import SWITCH
from lab.waiting import wait_for

CONFIGURATION = "bird.cfg"
SOCKET = "bird.ctl"
# The name of the protocol that announces what is not Calico's, and what filters say about its routes.
ROGUE = "rogue"
MINE = f'    if proto = "{ROGUE}" then accept;'
NOT_MINE = f'    if proto = "{ROGUE}" then reject;'


def configuration(service: str) -> str:
    """The file's name in the folder of `bird` or `bird6`."""
    return f"{service}.cfg"


def socket(service: str) -> str:
    """The control socket's name in there."""
    return f"{service}.ctl"


def arguments(tools: Tools, service: str = "bird") -> list[str]:
    """The command line, for the folder of `bird` or `bird6`.

    A socket's path may have 107 characters; a relative one is always short enough. -d keeps it in the
    foreground with its messages on standard error, and -R is Calico's: a start is a graceful restart.
    """
    program = str(tools.path("bird1" if service == "bird" else "bird6"))
    return [program, "-R", "-d", "-c", configuration(service), "-s", socket(service)]


@dataclass(frozen=True)
class NodeBird:
    """The daemon of the node that has this name."""

    name: str
    layout: Layout
    tools: Tools

    @property
    def host(self) -> Host:
        """The node."""
        return Host(self.name, self.layout)

    @property
    def folder(self) -> Path:
        """What BIRD reads, and its control socket."""
        return self.layout.run / self.name / "bird"

    def pid(self) -> int | None:
        """Of the process, in the lab's pid namespace; None when it does not run."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "cwd").readlink() == self.folder:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if words[0].decode() == str(self.tools.path("bird1")):
                        return int(entry.name)
        return None

    def birdc(self, *words: str) -> str:
        """What its client answers; nothing while BIRD does not."""
        command = (str(self.tools.path("birdc1")), "-s", SOCKET, *words)
        return self.host.run(*command, env=self.tools.environment(), cwd=self.folder, check=False).stdout

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, cleanly or with SIGKILL, and wait until it has ended.

        SIGTERM has it tell its neighbors, as when a node is shut down.
        """
        found = self.pid()
        if found is not None:
            os.kill(found, how)
            wait_for(f"BIRD on {self.name} to end", lambda: self.pid() is None, 10, 0.02)

    def start(self) -> None:
        """Start it with what confd rendered; nothing when it runs."""
        if self.pid() is None:
            (self.folder / SOCKET).unlink(missing_ok=True)
            command = arguments(self.tools)
            self.host.start(f"{self.name}-bird", *command, env=self.tools.environment(), cwd=self.folder)
            wait_for(f"BIRD on {self.name}", lambda: (self.folder / SOCKET).exists(), 10, 0.02)

    def _link(self) -> str:
        """The switch's end of the node's link."""
        [own] = json.loads(ip("-netns", self.name, "-json", "link", "show", "eth0"))
        links = json.loads(ip("-netns", SWITCH, "-json", "link"))
        return next(str(link["ifname"]) for link in links if link["ifindex"] == own["link_index"])

    def cut(self) -> None:
        """Take its link down at the switch: nothing comes through any more, no FIN and no RST."""
        ip("-netns", SWITCH, "link", "set", self._link(), "down")

    def mend(self) -> None:
        """Take its link up again."""
        ip("-netns", SWITCH, "link", "set", self._link(), "up")

    @contextmanager
    def farther(self, address: IPv4Address) -> Iterator[None]:
        """Have what it says to the BGP speaker at `address` arrive as if from a router farther away."""
        nft = (str(self.tools.path("nft")), "-f", "-")
        libraries = self.tools.environment()
        rules = "\n".join(f"ip daddr {address} tcp {port} 179 ip ttl set 254" for port in ("sport", "dport"))
        chain = f"type filter hook output priority mangle\n{rules}"
        table = f"table ip farther {{\nchain out {{\n{chain}\n}}\n}}\n"
        self.host.run(*nft, stdin=table, env=libraries)
        try:
            yield
        finally:
            self.host.run(*nft, stdin="delete table ip farther", env=libraries)

    @contextmanager
    def announcing(self, prefixes: Sequence[IPv4Network]) -> Iterator[None]:
        """Have it announce these to the external machine as well, and to nobody else, while the block lasts.

        confd writes the whole file anew when anything of the peers changes in the cluster; so nothing may.
        """
        routes = "".join(f"  route {prefix} blackhole;\n" for prefix in prefixes)
        # Preferred to what the node itself has, such as its own network.
        mine = f"protocol static {ROGUE} {{\n  preference 300;\n{routes}}}\n"

        def told(text: str) -> str:
            # Neither the other nodes nor this node's kernel are to get them.
            text = re.sub(r"(protocol bgp Mesh_.*?export filter \{)", rf"\1\n{NOT_MINE}", text, flags=re.S)
            text = re.sub(r"(protocol bgp Global_.*?export filter \{)", rf"\1\n{MINE}", text, flags=re.S)
            return text.replace("export filter calico_kernel_programming;", "export none;") + mine

        with self._changed(told):
            yield

    @contextmanager
    def with_password(self, password: str) -> Iterator[None]:
        """Have it use another password than confd rendered, while the block lasts; as for `announcing`."""

        def told(text: str) -> str:
            text, count = re.subn(r'(?m)^(\s*password )"[^"]*"', rf'\1"{password}"', text)
            if not count:
                raise LabError(f"{self.folder / CONFIGURATION} has no session with a password")
            return text

        with self._changed(told):
            yield

    @contextmanager
    def _changed(self, told: Callable[[str], str]) -> Iterator[None]:
        path = self.folder / CONFIGURATION
        had = path.read_text()
        try:
            path.write_text(told(had))
            self._configure()
            yield
        finally:
            path.write_text(had)
            self._configure()

    def _configure(self) -> None:
        answer = self.birdc("configure")
        if "Reconfigur" not in answer:
            raise LabError(f"BIRD on {self.name} refuses {self.folder / CONFIGURATION}: {answer}")
