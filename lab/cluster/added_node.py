"""A node more, for a running lab: its link, its object in the API, and Calico's confd with a BIRD.

It routes as the others do, but has neither overlay nor services, so it hands nothing on: it is for seeing
sessions and routes come and go. It has no port of Neutron's either, so nothing guards it.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from kubernetes import client

from lab.cluster.node_router import NodeRouter
from lab.cluster.objects import node
from lab.cluster.pki import Pki
from lab.debian import tools
from lab.engine.build import folder
from lab.engine.products import CONFD
from lab.hosts import Host
from lab.layout import Layout
from lab.network import ip, ip_batch
from lab.site import NODE_NETWORK, PEER, SWITCH, mac


def _bridge() -> str:
    """What the external machine is plugged into."""
    [own] = json.loads(ip("-netns", SWITCH, "-json", "link", "show", PEER))
    return str(own["master"])


@contextmanager
def switch_port(name: str, address: IPv4Address) -> Iterator[None]:
    """A namespace with eth0 in the nodes' network, while the block lasts."""
    ip_batch([f"netns add {name}"])
    try:
        link = f"link add {name} type veth peer name eth0 address {mac(address)} netns {name}"
        ip_batch([link, f"link set {name} master {_bridge()} up"], SWITCH)
        own = f"address add {address}/{NODE_NETWORK.prefixlen} dev eth0"
        ip_batch(["link set lo up", own, "link set eth0 up"], name)
        yield
    finally:
        ip("-netns", SWITCH, "link", "del", name)
        ip("netns", "del", name)


@contextmanager
def added_node(
    layout: Layout, api: client.CoreV1Api, name: str, address: IPv4Address
) -> Iterator[NodeRouter]:
    """Add it while the block lasts; at the end its BIRD stops cleanly, as on a node that is shut down."""
    pki = Pki(layout.pki)
    router = NodeRouter(
        layout,
        Host(name, layout),
        address,
        tools(layout),
        layout.bin,
        folder(layout.cache, CONFD) / "files",
        pki,
    )
    # Every node's confd is of one service account.
    shutil.copy(pki.confd_kubeconfig("node1"), pki.confd_kubeconfig(name))
    with switch_port(name, address):
        try:
            api.create_node(node(name, address))  # type: ignore[arg-type]  # a dictionary will do
            router.start()
            yield router
        finally:
            for service in router.services:
                service.stop()
            api.delete_node(name)
