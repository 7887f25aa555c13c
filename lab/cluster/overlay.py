"""The cluster's overlay: on every node what Calico's Felix sets up for an IP pool with VXLAN.

A cluster whose nodes' ports OpenStack guards works only with an overlay until somebody allows the pod
network on the ports: between the nodes everything has a node's own address then. With routes instead
of an overlay the ports would also drop, for good, what the external machine sends to a pod by way of
another node than the pod's own, since that node would send with the machine's address.

The wiring is fixed, as nodes and blocks are. BIRD programs none of these routes (confd says "VXLAN
routes are handled by Felix"), but announces the blocks as ever. Calico would give each node's device an
address of one of the node's blocks; here only two nodes have a block, so the addresses are of a pool
of their own, which is for tunnels only and not announced (lab/cluster/objects.py).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from lab.cluster.pods import MTU, PODS
from lab.hosts import Hosts
from lab.network import ip_batch
from lab.site import NODES

# Felix's names and numbers.
DEVICE = "vxlan.calico"
VNI = 4096
PORT = 4789

TUNNEL_NETWORK = IPv4Network("172.30.255.0/26")
ADDRESSES: dict[str, IPv4Address] = dict(zip(NODES, TUNNEL_NETWORK.hosts(), strict=False))


def _mac(node: str) -> str:
    return ":".join(["66:00", *(f"{octet:02x}" for octet in NODES[node].packed)])


def _to(other: str) -> Iterator[str]:
    """The lines by which a node finds another one, its device and its blocks."""
    yield f"neighbor add {ADDRESSES[other]} dev {DEVICE} lladdr {_mac(other)} nud permanent"
    yield f"route add {ADDRESSES[other]}/32 dev {DEVICE} scope link"
    for pod in PODS:
        if pod.node == other:
            yield f"route add {pod.block} via {ADDRESSES[other]} dev {DEVICE} onlink"


def bring_up(hosts: Hosts) -> None:
    """Make the device on every node, with the way to every other one."""
    for node, address in NODES.items():
        others = [name for name in NODES if name != node]
        device = f"id {VNI} local {address} dev eth0 dstport {PORT} nolearning"
        ip_batch(
            [
                f"link add {DEVICE} address {_mac(node)} mtu {MTU} type vxlan {device}",
                f"address add {ADDRESSES[node]}/32 dev {DEVICE}",
                f"link set {DEVICE} up",
                *(line for other in others for line in _to(other)),
            ],
            node,
        )
        for other in others:
            entry = ("bridge", "fdb", "append", _mac(other), "dev", DEVICE, "dst", str(NODES[other]))
            hosts[node].run(*entry)
