"""Arithmetic of IP networks and addresses, of both families, as people write them in settings.

Nothing here knows Pulumi, BIRD or a setting's name; errors say what was found and what would be right.
It relies on the standard library's ipaddress alone.
"""

from collections.abc import Iterable, Sequence
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


def address_or_none(text: object) -> IPAddress | None:
    """The address in an object of others, with or without a prefix length; None for any other text."""
    try:
        return ip_interface(str(text).strip()).ip
    except ValueError:
        return None


def network_or_none(text: object) -> IPNetwork | None:
    """The network in an object of others, with host bits or without; None for any other text."""
    try:
        return ip_network(str(text).strip(), strict=False) if "%" not in str(text) else None
    except ValueError:
        return None


def _shown(text: object) -> str:
    short = str(text)
    return repr(short if len(short) <= 60 else short[:57] + "…")


def parse_address(text: object) -> IPAddress:
    """An IPv4 or IPv6 address.

    Raises:
        ValueError: saying what was found, also for a network, for an address with a zone, and for one that
            no other machine can reach (loopback, multicast, reserved).
    """
    try:
        address = ip_address(str(text).strip())
    except (AddressValueError, ValueError):
        raise ValueError(
            f"found {_shown(text)}, which is not an address such as 172.34.8.45 or 2001:db8::45"
        ) from None
    if isinstance(address, IPv6Address) and (address.scope_id or address.is_link_local):
        raise ValueError(f"found {address}; wanted an address that is the same on every link")
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        raise ValueError(f"found {address}; write it as the IPv4 address {address.ipv4_mapped}")
    # Of IPv6 the standard library calls more reserved than never will be an address.
    reserved = isinstance(address, IPv4Address) and (
        address.is_reserved or address in IPv4Network("0.0.0.0/8")
    )
    if address.is_multicast or address.is_unspecified or address.is_loopback or reserved:
        raise ValueError(f"found {address}; wanted the address of one machine in a network")
    return address


def parse_address6(text: object) -> IPv6Address:
    """An IPv6 address.

    Raises:
        ValueError: saying what was found.
    """
    address = parse_address(text)
    if isinstance(address, IPv4Address):
        raise ValueError(f"found the IPv4 address {address}; wanted an IPv6 address such as 2001:db8::45")
    return address


def parse_network(text: object) -> IPNetwork:
    """An IPv4 or IPv6 network in CIDR notation, with the prefix length and without host bits.

    Raises:
        ValueError: saying what was found and, with host bits set, which network was probably meant.
    """
    written = str(text).strip()
    try:
        # Python takes a zone (`fd00::%eth0/64`), which may be any text; a network has none (RFC 4007, 11).
        network = ip_network(written if "%" not in written else "", strict=False)
    except ValueError:
        raise ValueError(
            f"found {_shown(text)}, which is not a network such as 172.34.8.0/24 or 2001:db8::/64"
        ) from None
    address, slash, length = written.partition("/")
    if not slash:
        example = "24" if network.version == 4 else "64"
        raise ValueError(f"found {_shown(text)}, which has no prefix length, such as {written}/{example}")
    if not length.isdigit():
        raise ValueError(f"found {_shown(text)}; write the prefix length: {network}")
    if ip_address(address) != network.network_address:
        raise ValueError(f"found {_shown(text)}, which has host bits set; the network is {network}")
    return network


def parse_network6(text: object) -> IPv6Network:
    """An IPv6 network.

    Raises:
        ValueError: saying what was found.
    """
    network = parse_network(text)
    if isinstance(network, IPv4Network):
        raise ValueError(f"found the IPv4 network {network}; wanted an IPv6 network such as 2001:db8::/64")
    return network


def duplicates(items: Iterable[object]) -> list[str]:
    """What occurs more than once, in the order of first occurrence."""
    seen: dict[str, int] = {}
    for item in items:
        seen[str(item)] = seen.get(str(item), 0) + 1
    return [item for item, count in seen.items() if count > 1]


def overlap(first: IPNetwork, second: IPNetwork) -> bool:
    """Whether two networks, of one family or of two, share an address."""
    if isinstance(first, IPv4Network):
        return isinstance(second, IPv4Network) and first.overlaps(second)
    return isinstance(second, IPv6Network) and first.overlaps(second)


def within(inner: IPNetwork, outer: IPNetwork) -> bool:
    """Whether all of `inner` lies in `outer`."""
    return overlap(inner, outer) and inner.prefixlen >= outer.prefixlen


def overlaps(mine: Sequence[IPNetwork]) -> list[str]:
    """A sentence for each pair of networks in one list that overlap."""
    return [
        f"{first} and {second} overlap"
        for place, first in enumerate(mine)
        for second in mine[place + 1 :]
        if overlap(first, second)
    ]


def overlaps_with(mine: Sequence[IPNetwork], others: Sequence[IPNetwork], where: str) -> list[str]:
    """A sentence for each network of `mine` that overlaps one of `others`, which stand in `where`."""
    return [
        f"{network} overlaps {other} of {where}"
        for network in mine
        for other in others
        if overlap(network, other)
    ]
