"""The cluster's overlay: on every node what Calico's Felix sets up for an IP pool with VXLAN.

A cluster whose nodes' ports OpenStack guards works only with an overlay until somebody allows the pod
network on the ports: between the nodes everything has a node's own address then. With routes instead
of an overlay the ports would also drop, for good, what the external machine sends to a pod by way of
another node than the pod's own, since that node would send with the machine's address.

The wiring is fixed, as nodes and blocks are. BIRD programs none of these routes (confd says "VXLAN
routes are handled by Felix"), but announces the blocks as ever. Calico would give each node's device an
address of one of the node's blocks; here only two nodes have a block, so the addresses are of a pool
of their own, which is for tunnels only and not announced (lab/cluster/objects.py). IPv6 has a device, a
pool and a way between the nodes of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from lab.cluster.pods import PODS
from lab.hosts import Hosts
from lab.network import bridge_batch, ip_batch
from lab.site import NODES, NODES6

# Felix's names and numbers.
DEVICE = "vxlan.calico"
DEVICE6 = "vxlan-v6.calico"
VNI = 4096
PORT = 4789
# The network's 1500 bytes less VXLAN's headers.
MTU = 1450
MTU6 = 1430

TUNNEL_NETWORK = IPv4Network("172.30.255.0/26")
TUNNEL_NETWORK6 = IPv6Network("fd00:172:30:255::/122")


def _mac(prefix: str, node: str) -> str:
    return ":".join([prefix, *(f"{octet:02x}" for octet in NODES[node].packed)])


@dataclass(frozen=True)
class _Overlay:
    """That of one family."""

    device: str
    mtu: int
    macs: Mapping[str, str]
    """Of the devices, by node, as the addresses are."""
    nodes: Mapping[str, IPv4Address] | Mapping[str, IPv6Address]
    """What the packets on the way have."""
    addresses: Mapping[str, IPv4Address] | Mapping[str, IPv6Address]
    """What the devices have."""
    blocks: Mapping[str, IPv4Network] | Mapping[str, IPv6Network]

    def lines(self, node: str) -> Iterator[str]:
        """The lines for `ip` that make a node's device."""
        length = self.addresses[node].max_prefixlen
        kind = f"type vxlan id {VNI} local {self.nodes[node]} dev eth0 dstport {PORT} nolearning"
        yield f"link add {self.device} address {self.macs[node]} mtu {self.mtu} {kind}"
        nodad = " nodad" if length > 32 else ""
        yield f"address add {self.addresses[node]}/{length} dev {self.device}{nodad}"
        yield f"link set {self.device} up"
        for other in self.others(node):
            address = self.addresses[other]
            yield f"neighbor add {address} dev {self.device} lladdr {self.macs[other]} nud permanent"
            yield f"route add {address}/{length} dev {self.device} scope link"
            if other in self.blocks:
                yield f"route add {self.blocks[other]} via {address} dev {self.device} onlink"

    def entries(self, node: str) -> Iterator[str]:
        """The lines for `bridge`, by which a node finds the others' devices."""
        for other in self.others(node):
            yield f"fdb append {self.macs[other]} dev {self.device} dst {self.nodes[other]}"

    def others(self, node: str) -> Iterator[str]:
        """The other nodes."""
        return (name for name in NODES if name != node)


OVERLAYS = (
    _Overlay(
        DEVICE,
        MTU,
        {node: _mac("66:00", node) for node in NODES},
        NODES,
        dict(zip(NODES, TUNNEL_NETWORK.hosts(), strict=False)),
        {pod.node: pod.block for pod in PODS},
    ),
    _Overlay(
        DEVICE6,
        MTU6,
        {node: _mac("66:06", node) for node in NODES},
        NODES6,
        dict(zip(NODES, TUNNEL_NETWORK6.hosts(), strict=False)),
        {pod.node: pod.block6 for pod in PODS},
    ),
)


def bring_up(hosts: Hosts) -> None:
    """Make the devices on every node, with the way to every other one."""
    for node in NODES:
        ip_batch([line for overlay in OVERLAYS for line in overlay.lines(node)], node)
        bridge_batch([line for overlay in OVERLAYS for line in overlay.entries(node)], node)
