"""Hypothesis strategies of right settings, in texts as Pulumi's configuration has them.

Every network has a block of its own, so that nothing overlaps by chance; within that the boundaries are
drawn as often as the middle.
"""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from hypothesis import strategies as st

from components.networks import IPNetwork
from tests.unit.example import HOST_KEY

# Of IPv4 whole /8, without those in which no machine has an address; of IPv6 /16, global and unique local.
BLOCKS: dict[int, list[IPNetwork]] = {
    4: [IPv4Network((first << 24, 8)) for first in range(1, 224) if first != 127],
    6: [IPv6Network((first << 112, 16)) for first in (*range(0x2001, 0x2080), 0xFC00, 0xFDFF)],
}
NETWORKS = ("podNetworks", "serviceNetworks", "externalNetworks", "loadBalancerNetworks")
LENGTHS = ("podPrefixLengths", "servicePrefixLengths", "externalPrefixLengths", "loadBalancerPrefixLengths")
AS_NUMBERS = st.sampled_from([1, 64512, 65534, 4200000000, 4294967295]) | st.integers(1, 4294967295)
# In a BGPPeer.
WRITTEN_AS_NUMBERS = st.sampled_from([1, 65112, 65534, 2147483647]) | st.integers(1, 2147483647)
FLAGS = st.sampled_from(["true", "false"])
DESCRIPTIONS = st.text("abcXYZ019 .,:;()/+=@_#-", max_size=80)
PASSWORDS = st.text([chr(code) for code in range(32, 127) if chr(code) != '"'], min_size=1, max_size=80)
CLUSTER_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?", fullmatch=True)


def bits(version: int) -> int:
    """The length of an address."""
    return 32 if version == 4 else 128


def addresses(network: IPNetwork) -> st.SearchStrategy[IPv4Address | IPv6Address]:
    """Addresses in a network, its first and last too."""
    first, last = int(network[0]), int(network[-1])
    numbers = st.sampled_from([first, last, first + 1]) | st.integers(first, last)
    make = IPv4Address if network.version == 4 else IPv6Address
    return numbers.map(make)


@st.composite
def subnetworks(draw: st.DrawFn, block: IPNetwork, longest: int) -> IPNetwork:
    """A network of a block, at most of this length."""
    length = draw(st.sampled_from([block.prefixlen, longest]) | st.integers(block.prefixlen, longest))
    return ip_network((int(draw(addresses(block))), length), strict=False)


@st.composite
def blocks(draw: st.DrawFn, version: int) -> Iterator[IPNetwork]:
    """Blocks that do not overlap, as many as are asked for."""
    start = draw(st.integers(0, len(BLOCKS[version]) - 1))
    return iter([*BLOCKS[version][start:], *BLOCKS[version][:start]])


def _but(
    some: st.SearchStrategy[IPv4Address | IPv6Address], one: IPv4Address | IPv6Address
) -> st.SearchStrategy[str]:
    return some.filter(lambda address: address != one).map(str)


@st.composite
def _cluster(draw: st.DrawFn, free: dict[int, Iterator[IPNetwork]], far: bool) -> dict[str, Any]:
    own: dict[str, Any] = {name: [] for name in (*NETWORKS, "nodes", "routeReflectors")}
    own["multihop"] = str(draw(st.integers(1, 255))) if far else "0"
    own["neighbors"] = draw(st.sampled_from(["range", "listed"]))
    own["calicoAsNumber"] = draw(AS_NUMBERS)
    own["ttlSecurity"] = draw(FLAGS)
    own["importPolicy"] = draw(st.sampled_from(["expected", "expected", "all"]))
    own["importLimit"] = draw(st.sampled_from([1, 1000, 4294967295]))
    own["description"] = draw(DESCRIPTIONS)
    reflected = draw(st.booleans())
    for version in free:
        key = "nodeNetwork" if own.get("nodeNetwork") is None else "nodeNetwork6"
        network = draw(subnetworks(next(free[version]), bits(version) - 4))
        own[key] = str(network)
        # The last address is left for the machine.
        others = _but(addresses(network), network[-1])
        for name, wanted in (("nodes", True), ("routeReflectors", reflected)):
            some = st.lists(others, min_size=1, max_size=4, unique=True)
            own[name] += draw(some) if wanted else []
        for name, lengths in zip(NETWORKS, LENGTHS, strict=True):
            # Services may be of one family only.
            least = 1 if name == "podNetworks" or (name, version) == ("serviceNetworks", min(free)) else 0
            count = draw(st.integers(least, 2))
            networks = [draw(subnetworks(next(free[version]), bits(version))) for _ in range(count)]
            own[name] += map(str, networks)
            shortest = draw(st.none() | st.integers(0, bits(version)))
            if shortest is not None:
                longest = max([shortest, *(one.prefixlen for one in networks)])
                own[lengths + ("" if version == 4 else "6")] = (
                    f"{shortest}-{draw(st.integers(longest, bits(version)))}"
                )
    return own


@st.composite
def sites(
    draw: st.DrawFn, most_clusters: int = 2, families: tuple[tuple[int, ...], ...] = ((4,), (6,), (4, 6))
) -> dict[str, dict[str, str]]:
    """Settings of a machine with each of its clusters, by the cluster's name; "" is the only one."""
    versions = draw(st.sampled_from(families))
    free = {version: draw(blocks(version)) for version in versions}
    far = draw(st.booleans())
    count = draw(st.integers(1, most_clusters))
    # Only in one of the nodes' networks can the machine be.
    clusters = [draw(_cluster(free, far or place > 0)) for place in range(count)]
    machine: dict[str, Any] = {"sshHostKey": HOST_KEY, "sshHost": "external"}
    for key, place in (("machineAddress", "nodeNetwork"), ("machineAddress6", "nodeNetwork6")):
        if network := clusters[0].get(place):
            version = ip_network(network).version
            where = next(free[version]) if far else ip_network(network)
            machine[key] = str(draw(addresses(where)) if far else ip_address(where[-1]))
    if draw(st.booleans()) or versions == (6,):
        machine["routerId"] = str(IPv4Address(draw(st.integers(1, 2**32 - 1))))
    taken = {cluster["calicoAsNumber"] for cluster in clusters}
    machine["machineAsNumber"] = draw(WRITTEN_AS_NUMBERS.filter(lambda number: number not in taken))
    behind = [
        str(draw(subnetworks(next(free[version]), bits(version))))
        for version in versions
        for _ in range(draw(st.integers(0, 2)))
    ]
    machine["machineNetworks"] = behind
    machine["advertise"] = draw(FLAGS) if behind else "false"
    machine["birdVersion"] = draw(st.sampled_from(["1.6", "2", "3"]))
    machine["bgpPassword"] = draw(st.just("") | PASSWORDS.filter(lambda text: bool(text)))
    machine["gracefulRestart"] = draw(FLAGS)
    machine["restartTime"] = draw(st.sampled_from([1, 120, 4095]))
    hold = draw(st.sampled_from([3, 9, 65535]) | st.integers(3, 65535))
    machine["holdTime"], machine["keepaliveTime"] = hold, draw(st.integers(1, hold // 2))
    machine["kernelMetric"] = draw(st.sampled_from([1, 32, 4294967295]))
    table = draw(st.sampled_from([0, 1, 100, 254, 256, 4294967295]))
    machine["kernelTable"] = table
    if table:
        machine["vrf"] = draw(st.just("") | st.from_regex(r"[A-Za-z0-9_.-]{1,15}", fullmatch=True))
    names = draw(st.lists(CLUSTER_NAMES, min_size=count, max_size=count, unique=True))
    return {
        name: {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in {**machine, **cluster}.items()
        }
        for name, cluster in zip(names if count > 1 else [""], clusters, strict=True)
    }
