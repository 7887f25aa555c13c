"""Routing on a cluster node: Calico's confd as a daemon, and Debian's BIRD 1.6.8 that obeys it.

What the node announces and to whom is only what confd renders from the API; nothing is configured
here. Calico ships a fork of BIRD, Debian the original of the same version: the one word in the
rendered files that only the fork knows is `krt_tunnel`, which is empty where no tunnel is used, so
its line is dropped on the way from confd's folder to BIRD's. IPv6 is not rendered.
"""

import json
import re
import shlex
import shutil
import tomllib
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from lab.cluster.direct import DIRECT
from lab.cluster.node_bird import CONFIGURATION, SOCKET, arguments
from lab.cluster.pki import CALICO_NAMESPACE, Pki
from lab.cluster.pods import PODS
from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Host, Service
from lab.layout import Layout
from lab.site import NODES
from lab.waiting import wait_for

TEMPLATES = ("bird", "bird_aggr", "bird_ipam")
# The session with a node is the mesh's, whatever else comes.
ESTABLISHED = re.compile(r"^Mesh_\S+\s+BGP\s.*\bEstablished\s*$", re.M)


def _toml(table: dict[str, object]) -> str:
    # JSON's strings and lists of strings are TOML's too.
    return "[template]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


@dataclass
class NodeRouter:
    """confd and BIRD of one node; their files are in `<run>/<node>/`."""

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
        """`confd/` (its configuration), `rendered/` (what it writes), `bird/` (what BIRD reads)."""
        return self.layout.run / self.host.name

    @property
    def bird(self) -> Path:
        """BIRD's folder; its control socket is `bird.ctl` in there."""
        return self.folder / "bird"

    def start(self) -> None:
        """Start both; confd tells BIRD all it knows a moment later.

        Raises:
            LabError: when Calico's files are not where they should be.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        # BIRD's configuration holds the sessions' passwords.
        self.folder.mkdir(mode=0o700)
        for name in ("confd/conf.d", "rendered", "bird", "endpoint-status"):
            (self.folder / name).mkdir(parents=True)
        self.host.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        self._write_confd()
        # Until confd has spoken, BIRD knows no more than who it is.
        (self.bird / CONFIGURATION).write_text(f"router id {self.address};\nprotocol device {{ }}\n")
        bird = self.host.start(
            f"{self.host.name}-bird", *arguments(self.tools), env=self.tools.environment(), cwd=self.bird
        )
        self.services = [bird]
        wait_for(f"BIRD on {self.host.name}", self._listening, 20, hint=bird.tail)
        confd = self.host.start(
            f"{self.host.name}-confd",
            str(self.binaries / "calico-confd"),
            f"-confdir={self.folder / 'confd'}",
            env={
                **DIRECT,
                "NODENAME": self.host.name,
                "CALICO_NETWORKING_BACKEND": "bird",
                "DATASTORE_TYPE": "kubernetes",
                "KUBECONFIG": str(self.pki.confd_kubeconfig(self.host.name)),
                # Where it looks for the Secrets with the sessions' passwords.
                "NAMESPACE": CALICO_NAMESPACE,
                # It watches this folder for pods that speak BGP themselves; there are none.
                "CALICO_ENDPOINT_STATUS_PATH_PREFIX": str(self.folder),
            },
        )
        self.services = [bird, confd]

    def _listening(self) -> bool:
        self._check()
        return (self.bird / SOCKET).exists()

    def _check(self) -> None:
        for service in self.services:
            if not service.alive():
                raise LabError(f"{service.name} has ended; {service.tail()}")

    def _write_confd(self) -> None:
        source, target = self.calico_files / "confd", self.folder / "confd"
        reload = self.folder / "reload.sh"
        reload.write_text(self._reload())
        try:
            shutil.copytree(source / "templates", target / "templates")
            for name in TEMPLATES:
                table = tomllib.loads((source / "conf.d" / f"{name}.toml").read_text())["template"]
                # It checks one file before the others are there, with the fork's word in it.
                table.pop("check_cmd", None)
                table["dest"] = str(self.folder / "rendered" / f"{name}.cfg")
                table["reload_cmd"] = f"sh {shlex.quote(str(reload))}"
                (target / "conf.d" / f"{name}.toml").write_text(_toml(table))
        except FileNotFoundError as error:
            raise LabError(
                f"wanted Calico's confd files, but {error.filename} does not exist; the build of"
                " calico-confd puts them there: remove the lab's cache folder and bring it up again"
            ) from error

    def _reload(self) -> str:
        """What confd runs after it wrote a file, several at a time.

        BIRD's client exits with 0 when a configuration is rejected, so its words count.
        """
        libraries = self.tools.environment()["LD_LIBRARY_PATH"]
        client = shlex.quote(str(self.tools.path("birdc1")))
        return f"""set -e
cd {shlex.quote(str(self.folder))}
exec 9>reload.lock
flock 9
for name in {" ".join(TEMPLATES)}; do
    [ -e rendered/$name.cfg ] || exit 0
done
for name in {" ".join(TEMPLATES)}; do
    sed /krt_tunnel/d rendered/$name.cfg > bird/$name.cfg
done
cd bird
answer=$(LD_LIBRARY_PATH={shlex.quote(libraries)} {client} -s {SOCKET} configure)
case $answer in
    *Reconfigur*) ;;
    *) echo "BIRD rejects what confd rendered: $answer" >&2; exit 1 ;;
esac
"""

    def birdc(self, *words: str) -> str:
        """What BIRD's client answers on this node; nothing while BIRD does not."""
        command = (str(self.tools.path("birdc1")), "-s", SOCKET, *words)
        done = self.host.run(*command, env=self.tools.environment(), cwd=self.bird, check=False)
        return done.stdout

    def _complete(self) -> bool:
        self._check()
        sessions = ESTABLISHED.findall(self.birdc("show", "protocols"))
        routes = self.birdc("show", "route").split()
        return len(sessions) == len(NODES) - 1 and all(str(pod.block) in routes for pod in PODS)

    def wait(self, timeout: float = 60) -> None:
        """Wait until the node has a session with every other node and knows every pod block.

        Raises:
            LabError: when it has not within `timeout` seconds.
        """
        wait_for(
            f"the node mesh on {self.host.name}",
            self._complete,
            timeout,
            hint=lambda: (
                f"birdc:\n{self.birdc('show', 'protocols')}\n{self.birdc('show', 'route')}\n"
                + "\n".join(service.tail() for service in self.services)
            ),
        )
