"""The lab's pods: a network namespace each, plugged into its node as Calico plugs a pod in.

There is no kubelet and no container: a pod here is its address, its route and a small HTTP server that
answers with the pod's name. The wiring is Calico's: a /32 route on the node over a `cali…` interface,
and in the pod a default route over the link-local 169.254.1.1, which the node answers for. IPv6 is the same
with a /128 and the link-local address of the node's interface.
"""

import sys
from dataclasses import dataclass
from hashlib import sha1
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
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
# What every such interface has by that MAC.
GATEWAY6 = "fe80::ecee:eeff:feee:eeee"
# The network's 1500 bytes less VXLAN's headers over IPv6, on both ends of a pod's link.
MTU = 1430

# Asks all, one after the other; no curl, which the machine may lack.
GET = "import sys, urllib.request as r; [r.urlopen(url, timeout=2).read() for url in sys.argv[1:]]"


@dataclass(frozen=True)
class Pod:
    """A pod, and the blocks of the pod networks that its node holds, 64 addresses each."""

    name: str
    address: IPv4Address
    node: str
    block: IPv4Network
    address6: IPv6Address
    block6: IPv6Network

    @property
    def url(self) -> str:
        """Where its HTTP server answers."""
        return f"http://{self.address}:{PORT}/"

    @property
    def url6(self) -> str:
        """The same over IPv6."""
        return f"http://[{self.address6}]:{PORT}/"

    @property
    def interface(self) -> str:
        """The node's end, named as Calico names it: a hash, as names are cut at 15 characters."""
        return f"cali{sha1(f'{NAMESPACE}.{self.name}'.encode()).hexdigest()[:11]}"


PODS = (
    Pod(
        "web1",
        IPv4Address("192.168.204.2"),
        "node1",
        IPv4Network("192.168.204.0/26"),
        IPv6Address("fd00:192:168:204::2"),
        IPv6Network("fd00:192:168:204::/122"),
    ),
    Pod(
        "web2",
        IPv4Address("192.168.219.130"),
        "node2",
        IPv4Network("192.168.219.128/26"),
        IPv6Address("fd00:192:168:219::130"),
        IPv6Network("fd00:192:168:219::100/122"),
    ),
)


def _plug_in(pod: Pod) -> None:
    ip_batch([f"netns add {pod.name}"])
    ip_batch(
        [
            f"link add {pod.interface} address {NODE_MAC} mtu {MTU} type veth"
            f" peer name eth0 mtu {MTU} netns {pod.name}",
            f"link set {pod.interface} up",
            f"route add {pod.address}/32 dev {pod.interface} scope link",
            f"route add {pod.address6}/128 dev {pod.interface}",
        ],
        pod.node,
    )
    ip_batch(
        [
            "link set lo up",
            f"address add {pod.address}/32 dev eth0",
            f"address add {pod.address6}/128 dev eth0 nodad",
            "link set eth0 up",
            # Proxy ARP answers only where the node has a default route, which nodes here lack.
            f"neighbor add {GATEWAY} dev eth0 nud permanent lladdr {NODE_MAC}",
            f"route add {GATEWAY} dev eth0 scope link",
            f"route add default via {GATEWAY} dev eth0",
            f"neighbor add {GATEWAY6} dev eth0 nud permanent lladdr {NODE_MAC}",
            f"route add default via {GATEWAY6} dev eth0",
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


def wait_reachable(hosts: Hosts, node: str, timeout: float = 60) -> None:
    """Wait until every pod answers a node, over both families.

    Raises:
        LabError: when one does not within `timeout` seconds.
    """
    urls = [url for pod in PODS for url in (pod.url, pod.url6)]

    def answers() -> bool:
        command = (sys.executable, "-I", "-c", GET, *urls)
        return hosts[node].run(*command, env=DIRECT, check=False).returncode == 0

    def routes() -> str:
        both = hosts[node].run("ip", "route").stdout + hosts[node].run("ip", "-6", "route").stdout
        return f"routes on {node}:\n{both}"

    wait_for(f"answers from {' and '.join(urls)} on {node}", answers, timeout, hint=routes)
