"""Arithmetic of IPv4 networks and addresses as people write them in settings.

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
    ip_network,
)


def _shown(text: object) -> str:
    short = str(text)
    return repr(short if len(short) <= 60 else short[:57] + "…")


def parse_address(text: object) -> IPv4Address:
    """An IPv4 address.

    Raises:
        ValueError: saying what was found, also for IPv6 and for a network.
    """
    try:
        address = ip_address(str(text).strip())
    except (AddressValueError, ValueError):
        raise ValueError(f"found {_shown(text)}, which is not an IPv4 address such as 172.34.8.45") from None
    if isinstance(address, IPv6Address):
        raise ValueError(f"found the IPv6 address {address}; only IPv4 is peered")
    return address


def parse_network(text: object) -> IPv4Network:
    """An IPv4 network in CIDR notation, with the prefix length and without host bits.

    Raises:
        ValueError: saying what was found and, with host bits set, which network was probably meant.
    """
    written = str(text).strip()
    try:
        network = ip_network(written, strict=False)
    except ValueError:
        raise ValueError(
            f"found {_shown(text)}, which is not an IPv4 network such as 172.34.8.0/24"
        ) from None
    if isinstance(network, IPv6Network):
        raise ValueError(f"found the IPv6 network {network}; only IPv4 is peered")
    address, slash, length = written.partition("/")
    if not slash:
        raise ValueError(f"found {_shown(text)}, which has no prefix length, such as {written}/24")
    if not length.isdigit():
        raise ValueError(f"found {_shown(text)}; write the prefix length: {network}")
    if IPv4Address(address) != network.network_address:
        raise ValueError(f"found {_shown(text)}, which has host bits set; the network is {network}")
    return network


def duplicates(items: Iterable[object]) -> list[str]:
    """What occurs more than once, in the order of first occurrence."""
    seen: dict[str, int] = {}
    for item in items:
        seen[str(item)] = seen.get(str(item), 0) + 1
    return [item for item, count in seen.items() if count > 1]


def overlaps(mine: Sequence[IPv4Network]) -> list[str]:
    """A sentence for each pair of networks in one list that overlap."""
    return [
        f"{first} and {second} overlap"
        for place, first in enumerate(mine)
        for second in mine[place + 1 :]
        if first.overlaps(second)
    ]


def overlaps_with(mine: Sequence[IPv4Network], others: Sequence[IPv4Network], where: str) -> list[str]:
    """A sentence for each network of `mine` that overlaps one of `others`, which stand in `where`."""
    return [
        f"{network} overlaps {other} of {where}"
        for network in mine
        for other in others
        if network.overlaps(other)
    ]
