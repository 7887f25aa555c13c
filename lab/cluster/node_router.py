"""Routing on a cluster node: Calico's confd as a daemon, and Debian's BIRD 1.6.8 that obeys it.

What the node announces and to whom is only what confd renders from the API; nothing is configured
here. Of BIRD there are two, one for each family (lab/cluster/node_daemon.py). In a lab with the extra
`node-status` (lab/extras.py), Calico's status reporter writes into every CalicoNodeStatus what they say of
their sessions; without it nobody answers one.
"""

import json
import shlex
import shutil
import tomllib
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from lab.cluster.direct import DIRECT
from lab.cluster.node_daemon import CLIENTS, NodeDaemon
from lab.cluster.pki import CALICO_NAMESPACE, Pki
from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Host, Service
from lab.layout import Layout
from lab.waiting import wait_for

# Where the reporter looks for BIRD's sockets is fixed, so it has a /run of its own.
REPORT = """mount -t tmpfs tmpfs /run
mkdir /run/calico
for name in bird bird6; do ln -s "$1/$name/$name.ctl" "/run/calico/$name.ctl"; done
exec "$2"
"""
FORWARD = "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"


def _toml(table: dict[str, object]) -> str:
    # JSON's strings and lists of strings are TOML's too.
    return "[template]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


@dataclass
class NodeRouter:
    """confd and both BIRDs of one node; their files are in `<run>/<node>/`."""

    layout: Layout
    host: Host
    address: IPv4Address
    tools: Tools
    binaries: Path
    calico_files: Path
    pki: Pki
    services: list[Service] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """`confd/` (its configuration), `rendered/` (what it writes), `bird/` and `bird6/`."""
        return self.layout.run / self.host.name

    @property
    def daemons(self) -> list[NodeDaemon]:
        """BIRD for IPv4, and for IPv6."""
        return [NodeDaemon(self.host, self.folder, self.tools, name) for name in CLIENTS]

    def start(self) -> None:
        """Start all; confd tells BIRD all it knows a moment later.

        Raises:
            LabError: when Calico's files are not where they should be.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        # BIRD's configuration holds the sessions' passwords.
        self.folder.mkdir(mode=0o700)
        for name in ("confd/conf.d", "rendered", "endpoint-status"):
            (self.folder / name).mkdir(parents=True)
        self.host.run("sh", "-c", FORWARD)
        self._write_confd()
        environment = {
            **DIRECT,
            "NODENAME": self.host.name,
            "DATASTORE_TYPE": "kubernetes",
            "KUBECONFIG": str(self.pki.confd_kubeconfig(self.host.name)),
        }
        self.services = [daemon.start(self.address) for daemon in self.daemons]
        wait_for(f"BIRD on {self.host.name}", self._listening, 20, hint=self.services[0].tail)
        confd = self.host.start(
            f"{self.host.name}-confd",
            str(self.binaries / "calico-confd"),
            f"-confdir={self.folder / 'confd'}",
            env={
                **environment,
                "CALICO_NETWORKING_BACKEND": "bird",
                # Where it looks for the Secrets with the sessions' passwords.
                "NAMESPACE": CALICO_NAMESPACE,
                # It watches this folder for pods that speak BGP themselves; there are none.
                "CALICO_ENDPOINT_STATUS_PATH_PREFIX": str(self.folder),
            },
        )
        self.services.append(confd)
        reporter = self.binaries / "calico-node-status"
        if reporter.exists():
            words = ("unshare", "--mount", "sh", "-ec", REPORT, "sh", str(self.folder), str(reporter))
            self.services.append(self.host.start(f"{self.host.name}-status", *words, env=environment))

    def _listening(self) -> bool:
        self._check()
        return all(daemon.listening() for daemon in self.daemons)

    def _check(self) -> None:
        for service in self.services:
            if not service.alive():
                raise LabError(f"{service.name} has ended; {service.tail()}")

    def _write_confd(self) -> None:
        source, target = self.calico_files / "confd", self.folder / "confd"
        try:
            shutil.copytree(source / "templates", target / "templates")
            for daemon in self.daemons:
                for name in daemon.templates:
                    table = tomllib.loads((source / "conf.d" / f"{name}.toml").read_text())["template"]
                    # It checks one file before the others are there, with the fork's word in it.
                    table.pop("check_cmd", None)
                    table["dest"] = str(self.folder / "rendered" / f"{name}.cfg")
                    table["reload_cmd"] = f"sh {shlex.quote(str(daemon.reload))}"
                    (target / "conf.d" / f"{name}.toml").write_text(_toml(table))
        except FileNotFoundError as error:
            raise LabError(
                f"wanted Calico's confd files, but {error.filename} does not exist; the build of"
                " calico-confd puts them there: remove the lab's cache folder and bring it up again"
            ) from error

    def _complete(self) -> bool:
        self._check()
        return all(daemon.complete() for daemon in self.daemons)

    def wait(self, timeout: float = 60) -> None:
        """Wait until the node has a session with every other one and knows every pod block, of each family.

        Raises:
            LabError: when it has not within `timeout` seconds.
        """
        wait_for(
            f"the node mesh on {self.host.name}",
            self._complete,
            timeout,
            hint=lambda: (
                "".join(daemon.state() for daemon in self.daemons)
                + "\n".join(service.tail() for service in self.services)
            ),
        )
