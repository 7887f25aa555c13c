"""The lab's pods: a network namespace each, plugged into its node as Calico plugs a pod in.

There is no kubelet and no container: a pod here is its address, its route and a small HTTP server that
answers with the pod's name. The wiring is Calico's: a /32 route on the node over a `cali…` interface,
and in the pod a default route over the link-local 169.254.1.1, which the node answers for.
"""

import sys
from dataclasses import dataclass
from hashlib import sha1
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from lab.cluster.direct import DIRECT
from lab.hosts import Hosts
from lab.network import ip_batch
from lab.waiting import wait_for

PORT = 8080
NAMESPACE = "default"
SERVER = Path(__file__).with_name("pod_server.py")
# Calico's: see docs.tigera.io/calico/latest/reference/faq on 169.254.1.1.
GATEWAY = "169.254.1.1"
NODE_MAC = "ee:ee:ee:ee:ee:ee"
# The network's 1500 bytes less VXLAN's header, on both ends of a pod's link.
MTU = 1450

# Prints the answer; no curl, which the machine may lack.
GET = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=2).read().decode())"


@dataclass(frozen=True)
class Pod:
    """A pod, and the /26 block of the pod network that its node holds."""

    name: str
    address: IPv4Address
    node: str
    block: IPv4Network

    @property
    def url(self) -> str:
        """Where its HTTP server answers."""
        return f"http://{self.address}:{PORT}/"

    @property
    def interface(self) -> str:
        """The node's end, named as Calico names it: a hash, as names are cut at 15 characters."""
        return f"cali{sha1(f'{NAMESPACE}.{self.name}'.encode()).hexdigest()[:11]}"


PODS = (
    Pod("web1", IPv4Address("192.168.204.2"), "node1", IPv4Network("192.168.204.0/26")),
    Pod("web2", IPv4Address("192.168.219.130"), "node2", IPv4Network("192.168.219.128/26")),
)


def _plug_in(pod: Pod) -> None:
    ip_batch([f"netns add {pod.name}"])
    ip_batch(
        [
            f"link add {pod.interface} address {NODE_MAC} mtu {MTU} type veth"
            f" peer name eth0 mtu {MTU} netns {pod.name}",
            f"link set {pod.interface} up",
            f"route add {pod.address}/32 dev {pod.interface} scope link",
        ],
        pod.node,
    )
    ip_batch(
        [
            "link set lo up",
            f"address add {pod.address}/32 dev eth0",
            "link set eth0 up",
            # Proxy ARP answers only where the node has a default route, which nodes here lack.
            f"neighbor add {GATEWAY} dev eth0 nud permanent lladdr {NODE_MAC}",
            f"route add {GATEWAY} dev eth0 scope link",
            f"route add default via {GATEWAY} dev eth0",
        ],
        pod.name,
    )


def bring_up(hosts: Hosts) -> None:
    """Plug every pod in and start its server."""
    for pod in PODS:
        _plug_in(pod)
        proxy_arp = f"/proc/sys/net/ipv4/conf/{pod.interface}/proxy_arp"
        hosts[pod.node].run("sh", "-c", f"echo 1 > {proxy_arp}")
        hosts[pod.name].start(f"pod-{pod.name}", sys.executable, "-I", str(SERVER), pod.name, str(PORT))


def wait_reachable(hosts: Hosts, url: str, node: str, timeout: float = 30) -> None:
    """Wait until something answers on `url` as asked from a node.

    Raises:
        LabError: when nothing does within `timeout` seconds.
    """

    def answers() -> bool:
        command = (sys.executable, "-I", "-c", GET, url)
        return hosts[node].run(*command, env=DIRECT, check=False).returncode == 0

    def routes() -> str:
        return f"routes on {node}:\n{hosts[node].run('ip', 'route').stdout}"

    wait_for(f"an answer from {url} on {node}", answers, timeout, hint=routes)
