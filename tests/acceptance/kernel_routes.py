"""The external machine's routes that BIRD made, as `ip route` prints them, and waiting for them.

A test says the whole block that it wants to see, all routes of a family. So what is announced and should not
be is seen as well, and a failure shows both blocks line by line.
"""

import difflib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest

from lab.cluster.pods import PODS
from lab.external import External
from lab.site import NODES, NODES6, SERVICE_NETWORK, SERVICE_NETWORK6

# Seconds: within which Calico's project wants to see each of its own.
PATIENCE = 90
EVERY = 0.1
ALL = tuple(NODES)


@dataclass(frozen=True)
class Family:
    """An address family of the lab: what is announced there, and by whom."""

    version: int
    services: IPv4Network | IPv6Network
    external: str
    """The network of Services' external addresses."""
    single: str
    """One external address that is a network of its own."""
    load_balancer: str
    wrong: str
    """A network that no Service has an address of."""

    @property
    def name(self) -> str:
        """As Kubernetes calls it."""
        return f"IPv{self.version}"

    @property
    def bits(self) -> int:
        """The length of one address' prefix."""
        return 32 if self.version == 4 else 128

    def address(self, node: str) -> str:
        """A node's."""
        return str(NODES[node] if self.version == 4 else NODES6[node])

    def of(self, network: str, number: int) -> str:
        """An address of a network."""
        return str(ip_network(network)[number])

    @property
    def blocks(self) -> list[str]:
        """The pods' blocks."""
        return [str(pod.block if self.version == 4 else pod.block6) for pod in PODS]

    def block(self, routes: Mapping[str, Iterable[str]]) -> str:
        """The text for routes: prefix → names of the nodes that are next hops."""
        return "".join(sorted(self._route(prefix, sorted(nodes)) for prefix, nodes in routes.items()))

    def _route(self, prefix: str, nodes: list[str]) -> str:
        # A host's route is printed without its length.
        name = prefix.removesuffix(f"/{self.bits}")
        end = "metric 32" if self.version == 4 else "metric 32 pref medium"
        if len(nodes) == 1:
            return f"{name} via {self.address(nodes[0])} dev eth0 {end}\n"
        hops = [f"\tnexthop via {self.address(node)} dev eth0 weight 1\n" for node in nodes]
        return f"{name} {end}\n" + "".join(hops)


IPV4 = Family(4, SERVICE_NETWORK, "198.51.100.0/24", "203.0.113.7/32", "192.0.2.0/24", "203.0.113.128/25")
IPV6 = Family(
    6, SERVICE_NETWORK6, "2001:db8:5::/64", "2001:db8:7::7/128", "2001:db8:6::/64", "2001:db8:8::/64"
)
FAMILIES = (IPV4, IPV6)


@dataclass(frozen=True)
class KernelRoutes:
    """Those of one family on the external machine."""

    machine: External
    family: Family
    base: Mapping[str, Iterable[str]]
    """What is there all the while."""

    def now(self) -> str:
        """What `ip route` prints, each route's next hops and all routes in the order of their text."""
        version = f"-{self.family.version}"
        printed = self.machine.run("ip", version, "route", "show", "proto", "bird").stdout
        routes: list[list[str]] = []
        for line in printed.splitlines():
            if line.startswith("\t"):
                routes[-1].append(line.rstrip())
            else:
                routes.append([line.rstrip()])
        ordered = ([first, *sorted(hops, key=self._place)] for first, *hops in routes)
        return "".join(sorted("\n".join(lines) + "\n" for lines in ordered))

    def _place(self, hop: str) -> int:
        addresses = [self.family.address(node) for node in ALL]
        found = hop.split()[2]
        return addresses.index(found) if found in addresses else len(addresses)

    def become(
        self,
        more: Mapping[str, Iterable[str]],
        what: str,
        within: float = PATIENCE,
        since: float | None = None,
    ) -> float:
        """Wait until the routes are `base` and `more`, which may say otherwise of a prefix of `base`.

        Returns the seconds that it took from `since` (time.monotonic(); default: now), and prints them.
        """
        wanted = self.family.block({**self.base, **more})
        start = since or time.monotonic()
        while (found := self.now()) != wanted and time.monotonic() < start + within:
            time.sleep(EVERY)
        took = time.monotonic() - start
        self._check(found, wanted, f"{what}, within {within} s")
        print(f"{self.family.name}: {what}: {took:.1f} s")
        return took

    def stay(self, more: Mapping[str, Iterable[str]], what: str, seconds: float) -> None:
        """See that they are so for as long."""
        wanted = self.family.block({**self.base, **more})
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._check(self.now(), wanted, f"{what}, for {seconds} s")
            time.sleep(EVERY)

    def _check(self, found: str, wanted: str, what: str) -> None:
        if found != wanted:
            lines = difflib.unified_diff(
                wanted.splitlines(), found.splitlines(), "wanted", "found", lineterm=""
            )
            pytest.fail("\n".join([f"{self.family.name}: {what}", *lines]), pytrace=False)
