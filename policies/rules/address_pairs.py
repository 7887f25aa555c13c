"""Rule: an allowed address pair is no wider than the declared networks, and never every address.

Neutron's anti-spoofing takes an address pair as a permission: what has 0.0.0.0/0 may send as anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from components.networks import IPNetwork, network_or_none, within
from policies.resource import UNKNOWN, Resource, items, listed, mapping, shown_network

LISTS = "podNetworks, serviceNetworks, externalNetworks, loadBalancerNetworks or machineNetworks"


def address_pairs(resource: Resource, declared: Sequence[IPNetwork] | None) -> Iterator[str]:
    """`declared` None: the settings are not known, which is reported where there are pairs."""
    pairs = find_pairs(resource)
    networks = [network for pair in pairs if isinstance(pair, str) and (network := network_or_none(pair))]
    everything = [network for network in networks if network.prefixlen == 0]
    if not everything:
        # 0.0.0.0/1 and 128.0.0.0/1 are 0.0.0.0/0 in two lines.
        everything = [network for network in _together(networks) if network.prefixlen == 0]
    for network in everything:
        yield (
            f"the allowed address pairs are every address, so that the port may send as anybody: expected"
            f" {_expected(declared)}, found {network}. Take it out of the settings, and list the networks"
            " that are meant"
        )
    if declared is None:
        if pairs:
            yield (
                "the allowed address pairs cannot be compared: expected the settings of calico-peering in the"
                " stack's configuration, found none that can be read. Give the networks in the policy"
                ' configuration: "address-pairs": {"networks": […]}'
            )
        return
    for pair in pairs:
        network = network_or_none(pair) if isinstance(pair, str) else None
        if pair is UNKNOWN or (network and network.prefixlen == 0):
            continue
        if network is None or not any(within(network, each) for each in declared):
            yield (
                "an allowed address pair is wider than the declared networks: expected"
                f" {_expected(declared)}, found {shown_network(pair)}. Declare the"
                f" network in {LISTS}, or remove the pair"
            )


def find_pairs(resource: Resource) -> list[object]:
    """The addresses and networks of the allowed address pairs that the resource writes."""
    if resource.kind == "PortPairs":
        return items(resource.properties.get("networks"))
    pairs = items(resource.properties.get("allowedAddressPairs"))
    return [mapping(pair).get("ipAddress", UNKNOWN) for pair in pairs]


def _together(networks: Sequence[IPNetwork]) -> list[IPNetwork]:
    four = [network for network in networks if isinstance(network, IPv4Network)]
    six = [network for network in networks if isinstance(network, IPv6Network)]
    return [*collapse_addresses(four), *collapse_addresses(six)]


def _expected(declared: Sequence[IPNetwork] | None) -> str:
    return f"a network within {listed(declared)}" if declared else "the declared networks"
