"""One of a node's two BIRDs as confd drives it: `bird` for IPv4, `bird6` for IPv6, as BIRD 1.6 has them.

Here are its files, the script by which confd's files become its own, and its client. Calico ships a fork of
BIRD, Debian the original of the same version: the one word in the rendered files that only the fork knows is
`krt_tunnel`, which is empty where no tunnel is used, so its line is dropped on the way. It deliberately
starts no confd (lab/cluster/node_router.py), and stops nothing (lab/cluster/node_bird.py).
"""

import re
import shlex
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from lab.cluster.node_bird import arguments, configuration, socket
from lab.cluster.pods import PODS
from lab.debian import Tools
from lab.hosts import Host, Service
from lab.site import NODES

# The session with a node is the mesh's, whatever else comes.
ESTABLISHED = re.compile(r"^Mesh_\S+\s+BGP\s.*\bEstablished\s*$", re.M)
CLIENTS = {"bird": "birdc1", "bird6": "birdc6"}


@dataclass(frozen=True)
class NodeDaemon:
    """The daemon of one family; `node` is the node's folder, `name` is Debian's and Calico's."""

    host: Host
    node: Path
    tools: Tools
    name: str

    @property
    def folder(self) -> Path:
        """What it reads; its control socket is in there."""
        return self.node / self.name

    @property
    def templates(self) -> list[str]:
        """confd's names of its files, without `.cfg`."""
        return [self.name, f"{self.name}_aggr", f"{self.name}_ipam"]

    @property
    def reload(self) -> Path:
        """What confd runs after it wrote one of them."""
        return self.node / f"reload-{self.name}.sh"

    def start(self, router_id: IPv4Address) -> Service:
        """Start it; until confd has spoken, it knows no more than who it is."""
        self.folder.mkdir()
        self.reload.write_text(self._reload())
        text = f"router id {router_id};\nprotocol device {{ }}\n"
        (self.folder / configuration(self.name)).write_text(text)
        return self.host.start(
            f"{self.host.name}-{self.name}",
            *arguments(self.tools, self.name),
            env=self.tools.environment(),
            cwd=self.folder,
        )

    def listening(self) -> bool:
        """Whether its client can speak to it."""
        return (self.folder / socket(self.name)).exists()

    def _reload(self) -> str:
        """The script, of which several may run at a time.

        BIRD's client exits with 0 when a configuration is rejected, so its words count.
        """
        libraries = self.tools.environment()["LD_LIBRARY_PATH"]
        client = shlex.quote(str(self.tools.path(CLIENTS[self.name])))
        return f"""set -e
cd {shlex.quote(str(self.node))}
exec 9>{self.name}.lock
flock 9
for name in {" ".join(self.templates)}; do
    [ -e rendered/$name.cfg ] || exit 0
done
for name in {" ".join(self.templates)}; do
    sed /krt_tunnel/d rendered/$name.cfg > {self.name}/$name.cfg
done
cd {self.name}
answer=$(LD_LIBRARY_PATH={shlex.quote(libraries)} {client} -s {socket(self.name)} configure)
case $answer in
    *Reconfigur*) ;;
    *) echo "{self.name} rejects what confd rendered: $answer" >&2; exit 1 ;;
esac
"""

    def birdc(self, *words: str) -> str:
        """What its client answers; nothing while BIRD does not."""
        command = (str(self.tools.path(CLIENTS[self.name])), "-s", socket(self.name), *words)
        return self.host.run(*command, env=self.tools.environment(), cwd=self.folder, check=False).stdout

    def complete(self) -> bool:
        """Whether it has a session with every other node and knows every pod block."""
        sessions = ESTABLISHED.findall(self.birdc("show", "protocols"))
        routes = self.birdc("show", "route").split()
        blocks = [pod.block if self.name == "bird" else pod.block6 for pod in PODS]
        return len(sessions) == len(NODES) - 1 and all(str(block) in routes for block in blocks)

    def state(self) -> str:
        """What it says of itself, for an error message."""
        return f"{self.name}:\n{self.birdc('show', 'protocols')}\n{self.birdc('show', 'route')}\n"
