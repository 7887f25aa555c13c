"""The nodes' side of the sessions with the external machine: what confd rendered, and what BIRD made of it.

Helpers of the tests about BGPPeers and BGPFilters, no tests.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from kubernetes.client import CoreV1Api

from lab.cluster.node_daemon import NodeDaemon
from lab.debian import tools
from lab.hosts import Host
from lab.layout import Layout
from lab.machine import Machine
from lab.site import HOSTS, HOSTS6, NODES, PEER
from lab.waiting import wait_for
from tests.integration.conftest import bird_routes

SERVICES = {4: "bird", 6: "bird6"}
MACHINE: dict[int, IPv4Address | IPv6Address] = {4: HOSTS[PEER], 6: HOSTS6[PEER]}


class NodeSide:
    """One node, and one family there."""

    def __init__(self, layout: Layout, node: str, version: int = 4) -> None:
        self.version = version
        self.host = Host(node, layout)
        self.daemon = NodeDaemon(self.host, layout.run / node, tools(layout), SERVICES[version])

    def peering(self, address: object = None) -> str:
        """What confd rendered of the session with the machine; empty where there is none."""
        text = (self.daemon.folder / f"{self.daemon.name}.cfg").read_text()
        neighbor = f"neighbor {address or MACHINE[self.version]} as"
        blocks = re.findall(r"^protocol bgp \w+ from bgp_template \{.*?^\}", text, re.M | re.S)
        return next((block for block in blocks if neighbor in block), "")

    def taken(self, address: object = None) -> set[str]:
        """The prefixes that BIRD took from the machine."""
        found = re.match(r"protocol bgp (\w+)", self.peering(address))
        if not found:
            return set()
        answer = self.daemon.birdc("show", "route", "protocol", found[1])
        return set(re.findall(r"^([0-9a-f.:]+/\d+) ", answer, re.M))

    def kernel(self) -> set[str]:
        """The prefixes that the kernel has from BIRD."""
        answer = self.host.run("ip", f"-{self.version}", "route", "show", "proto", "bird").stdout
        return {line.split()[0] for line in answer.splitlines() if not line.startswith(("\t", " "))}


def sides(layout: Layout, version: int = 4) -> dict[str, NodeSide]:
    """Every node's, by its name."""
    return {node: NodeSide(layout, node, version) for node in NODES}


@contextmanager
def labelled(labels: Mapping[str, str], *nodes: str) -> Iterator[None]:
    """These nodes have these labels, while the block lasts."""
    with _patched("labels", labels, *nodes):
        yield


@contextmanager
def annotated(annotations: Mapping[str, str], *nodes: str) -> Iterator[None]:
    """These nodes have these annotations, while the block lasts."""
    with _patched("annotations", annotations, *nodes):
        yield


@contextmanager
def _patched(what: str, values: Mapping[str, str], *nodes: str) -> Iterator[None]:
    def patch(wanted: Mapping[str, Any]) -> None:
        for node in nodes:
            CoreV1Api().patch_node(node, {"metadata": {what: dict(wanted)}})

    patch(values)
    try:
        yield
    finally:
        patch(dict.fromkeys(values))


def from_nothing(what: str, machine: Machine, wanted: Mapping[str, set[str]]) -> None:
    """Start the machine's BIRD without routes or sessions; how long until the routes are there is printed.

    docs/routing.md has the figures of a quiet lab; here is only a bound.
    """
    machine.run("systemctl", "stop", "bird")
    for family in ("-4", "-6"):
        machine.run("ip", family, "route", "flush", "proto", "bird")
    start = time.monotonic()
    machine.run("systemctl", "start", "bird")
    hops(machine, wanted)
    print(f"from nothing, {what}: {time.monotonic() - start:.1f} s")


def hops(machine: Machine, wanted: Mapping[str, set[str]]) -> None:
    """Wait until the machine's kernel has these prefixes, each by way of these nodes, and no others."""
    by_address = {prefix: {str(NODES[node]) for node in nodes} for prefix, nodes in wanted.items()}

    def there() -> bool:
        return {prefix: set(those) for prefix, those in bird_routes(machine).items()} == by_address

    wait_for(f"the routes {by_address}", there, 60, 0.04, hint=lambda: f"found {bird_routes(machine)}")
