"""The settings of addresses, networks and AS numbers, a part of settings.py's: what is peered with what.

Pure. Both families stand in one list, as Kubernetes has them; a family is in use when the machine has an
address of it. It deliberately does not look at the network: whether anything answers is found out later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from components.networks import IPAddress, IPNetwork, duplicates, overlaps, overlaps_with, parse_address
from components.settings.router_settings import RouterSettings
from components.settings.setting_types import (
    DNS_LABEL,
    NAMESPACE,
    Address,
    Address6,
    AsNumber,
    Network,
    Network6,
    Networks,
    flag,
    list_of,
    matching,
    needed,
    sound,
    whole,
)

# As many sessions of one family were measured (docs/routing.md). BIRD puts at most 255 next hops into one
# route; the nodes beyond these have their sessions all the same.
MOST_NODES = 500

NETWORK_LISTS = ("pod_networks", "service_networks", "external_networks", "load_balancer_networks")
"""The settings of what is taken from the nodes."""


def _router_id(text: object) -> IPv4Address | None:
    if text is None or isinstance(text, IPv4Address):
        return text
    try:
        return IPv4Address(str(text).strip())
    except ValueError:
        raise ValueError(f"found {str(text)[:40]!r}; wanted a number written as an IPv4 address") from None


@dataclass(frozen=True)
class Family:
    """One address family that is in use: the machine's address and what else is of it."""

    version: int
    """4 or 6."""
    address: IPAddress
    node_network: IPNetwork | None
    """None only where the sessions are multihop."""
    nodes: Sequence[IPAddress]
    route_reflectors: Sequence[IPAddress]
    peering_nodes: Sequence[IPAddress]
    networks: Mapping[str, Sequence[IPNetwork]]
    """By the names in NETWORK_LISTS."""
    behind: Sequence[IPNetwork]
    """The networks behind the machine."""

    @property
    def neighbors(self) -> Sequence[IPAddress]:
        """With whom sessions stand: the route reflectors if there are any, else the nodes that peer."""
        return self.route_reflectors or self.peering_nodes or self.nodes


def _without(networks: Iterable[IPNetwork], used: set[int] | None) -> list[str]:
    """Why sessions of a family would have nothing to tell."""
    return [
        f"found no IPv{version} network; wanted one of each family that the machine has an address of"
        for version in sorted((used or set()) - {network.version for network in networks})
    ]


def versions(info: Mapping[str, Any]) -> set[int] | None:
    """The families in use; None while it is not known, since the machine's address is wrong itself."""
    if "machine_address" not in info or "machine_address6" not in info:
        return None
    return {info["machine_address"].version, *([6] if info["machine_address6"] else [])}


def not_in_use(items: Iterable[IPAddress | IPNetwork], used: set[int] | None) -> list[str]:
    lacking = {4: f"{NAMESPACE}:machineAddress is not IPv4", 6: f"set {NAMESPACE}:machineAddress6"}
    return [
        f"{item} is IPv{item.version}, of which the machine has no address: {lacking[item.version]}"
        for item in items
        if used is not None and item.version not in used
    ]


def wrong_nodes(
    nodes: Sequence[IPAddress], info: Mapping[str, Any], what: str = "node", limited: bool = True
) -> list[str]:
    """What is wrong with nodes' addresses beside the settings that `info` has by field.

    `limited`: each is to have a session.
    """
    used = versions(info)
    networks = [info[name] for name in ("node_network", "node_network6") if info.get(name)]
    machine = [info.get("machine_address"), info.get("machine_address6")]
    wrong = [f"{address} occurs more than once" for address in duplicates(nodes)]
    wrong += not_in_use(nodes, used)
    wrong += [
        f"{address} is outside {NAMESPACE}:nodeNetwork{'6' if own == info.get('node_network6') else ''} {own}"
        for address in nodes
        for own in networks
        if own.version == address.version and address not in own
    ]
    wrong += [
        f"{address} is {NAMESPACE}:machineAddress, not a {what}'s" for address in nodes if address in machine
    ]
    for version in sorted(used or {4}):
        count = len([address for address in nodes if address.version == version])
        family = f" with an IPv{version} address" if used and len(used) > 1 else ""
        if (count == 0 and used is not None) or (not nodes and version == min(used or {4})):
            wrong.append(f"found no {what}{family}; wanted the addresses of the cluster's {what}s")
        if limited and count > MOST_NODES:
            wrong.append(
                f"found {count} {what}s; more than {MOST_NODES} sessions were never tried:"
                " name route reflectors or fewer nodes"
            )
    return wrong


class NetworkSettings(RouterSettings):
    """Who peers with whom, and about which networks.

    A field's check sees the fields above it, so the order is that of the checks.
    """

    machine_name: Annotated[
        str, matching(DNS_LABEL, "a DNS label: small letters, digits and dashes, at most 54")
    ] = "external"
    multihop: Annotated[int, whole(0, 255)] = 0
    node_network: Annotated[Network, needed("the network of the nodes, such as 10.20.0.0/24")] = Field(
        default=None, validate_default=True
    )
    node_network6: Network6 | None = None
    machine_address: Annotated[
        Address, needed("the address from which the machine speaks BGP, such as 10.20.0.5")
    ] = Field(default=None, validate_default=True)
    machine_address6: Address6 | None = Field(default=None, validate_default=True)
    router_id: Annotated[IPv4Address | None, BeforeValidator(_router_id)] = Field(
        default=None, validate_default=True
    )
    """None only while machine_address is wrong itself: else the first IPv4 address."""
    pod_networks: Networks = Field(default=[], validate_default=True)
    service_networks: Networks = Field(default=[], validate_default=True)
    external_networks: Networks = Field(default=[], validate_default=True)
    load_balancer_networks: Networks = Field(default=[], validate_default=True)
    nodes_from_cluster: Annotated[bool, flag()] = False
    nodes: Annotated[list[IPAddress], list_of(parse_address)] = Field(default=[], validate_default=True)
    route_reflectors: Annotated[list[IPAddress], list_of(parse_address)] = Field(default=[])
    peering_nodes: Annotated[list[IPAddress], list_of(parse_address)] = Field(default=[])
    """Those of the nodes that peer; none: every one. Where the cluster tells its nodes, found by
    peering_nodes.py."""
    calico_as_number: AsNumber = 64512
    machine_as_number: AsNumber = Field(default=65112, validate_default=True)
    machine_networks: Networks = Field(default=[])
    advertise: Annotated[bool, flag()] = False

    @property
    def families(self) -> list[Family]:
        """The families in use, IPv4 first."""
        addresses = {
            address.version: address for address in (self.machine_address, self.machine_address6) if address
        }
        own = {network.version: network for network in (self.node_network, self.node_network6) if network}
        return [
            Family(
                version,
                addresses[version],
                own.get(version),
                [node for node in self.nodes if node.version == version],
                [node for node in self.route_reflectors if node.version == version],
                [node for node in self.peering_nodes if node.version == version],
                {
                    name: [network for network in getattr(self, name) if network.version == version]
                    for name in NETWORK_LISTS
                },
                [network for network in self.machine_networks if network.version == version],
            )
            for version in sorted(addresses)
        ]

    @property
    def machine_addresses(self) -> list[IPAddress]:
        """The addresses that the machine speaks BGP from, IPv4 first."""
        return [family.address for family in self.families]

    @field_validator("machine_address")
    @classmethod
    def _reachable(cls, address: IPAddress, info: ValidationInfo) -> IPAddress:
        return sound(address, _far(address, "node_network", info))

    @field_validator("machine_address6")
    @classmethod
    def _second(cls, address: IPv6Address | None, info: ValidationInfo) -> IPv6Address | None:
        first, network = info.data.get("machine_address"), info.data.get("node_network6")
        if address is None:
            unused = f"found none, but {NAMESPACE}:nodeNetwork6 {network}; set both or neither"
            return sound(address, [unused] if network else [])
        wrong = []
        if isinstance(first, IPv6Address):
            wrong.append(
                f"found {address}, but {NAMESPACE}:machineAddress is IPv6 already; keep one of the two"
            )
        if info.data.get("machine_source") == "openstack":
            wrong.append(f"found {address}; a machine that is made here speaks BGP over IPv4 only")
        return sound(address, [*wrong, *_far(address, "node_network6", info)])

    @field_validator("router_id")
    @classmethod
    def _known_by(cls, number: IPv4Address | None, info: ValidationInfo) -> IPv4Address | None:
        address = info.data.get("machine_address")
        if number is None and isinstance(address, IPv6Address):
            raise ValueError(
                "found none; a machine without an IPv4 address needs one, unique among all routers, such as"
                " 192.0.2.45: it is a number, not an address that must exist (RFC 6286)"
            )
        if number is not None and int(number) == 0:
            raise ValueError("found 0.0.0.0, which is no router id (RFC 6286)")
        return number or address

    @field_validator(*NETWORK_LISTS)
    @classmethod
    def _apart(cls, networks: list[IPNetwork], info: ValidationInfo) -> list[IPNetwork]:
        wrong = overlaps(networks)
        name = str(info.field_name)
        if not networks and name in NETWORK_LISTS[:2]:
            wrong.append("found an empty list; wanted at least one network")
        used = versions(info.data)
        wrong += not_in_use(networks, used)
        if networks and name == NETWORK_LISTS[0]:
            wrong += _without(networks, used)
        wrong += _overlapping(networks, NETWORK_LISTS[: NETWORK_LISTS.index(name)], info)
        wrong += [
            f"{network} holds {NAMESPACE}:{to_camel(address)} {info.data[address]}, which would be routed"
            " there"
            for network in networks
            for address in ("machine_address", "machine_address6")
            if info.data.get(address) and info.data[address] in network
        ]
        wrong += _too_short(networks, name, info)
        return sound(networks, wrong)

    @field_validator("nodes")
    @classmethod
    def _nodes(cls, nodes: list[IPAddress], info: ValidationInfo) -> list[IPAddress]:
        if info.data.get("nodes_from_cluster"):
            given = f"{NAMESPACE}:nodesFromCluster is set as well; keep one of the two"
            return sound(nodes, [given] if nodes else [])
        return sound(nodes, wrong_nodes(nodes, info.data))

    @field_validator("route_reflectors")
    @classmethod
    def _reflectors(cls, reflectors: list[IPAddress], info: ValidationInfo) -> list[IPAddress]:
        return sound(reflectors, wrong_nodes(reflectors, info.data, "route reflector") if reflectors else [])

    @field_validator("peering_nodes")
    @classmethod
    def _of_the_nodes(cls, chosen: list[IPAddress], info: ValidationInfo) -> list[IPAddress]:
        if not chosen:
            return chosen
        if info.data.get("nodes_from_cluster"):
            return sound(
                chosen, [f"{NAMESPACE}:nodesFromCluster is set, which tells these as well; unset this"]
            )
        wrong = wrong_nodes(chosen, info.data, "peering node")
        if info.data.get("route_reflectors"):
            wrong.append(f"{NAMESPACE}:routeReflectors is set as well; keep one of the two")
        wrong += [
            f"{address} is not among {NAMESPACE}:nodes"
            for address in chosen
            if address not in info.data.get("nodes", chosen)
        ]
        return sound(chosen, wrong)

    @field_validator("machine_as_number")
    @classmethod
    def _external(cls, number: int, info: ValidationInfo) -> int:
        same = info.data.get("calico_as_number") == number
        return sound(
            number,
            [
                f"found {number}, which is {NAMESPACE}:calicoAsNumber as well; that would be iBGP,"
                " where Calico's nodes announce only their own blocks: take another private AS"
                " number, such as 65112"
            ]
            if same
            else [],
        )

    @field_validator("machine_networks")
    @classmethod
    def _behind(cls, networks: list[IPNetwork], info: ValidationInfo) -> list[IPNetwork]:
        wrong = overlaps(networks) + not_in_use(networks, versions(info.data))
        return sound(networks, wrong + _overlapping(networks, NETWORK_LISTS, info))

    @field_validator("advertise")
    @classmethod
    def _something_to_announce(cls, wanted: bool, info: ValidationInfo) -> bool:
        nothing = wanted and info.data.get("machine_networks") == []
        return sound(
            wanted,
            [
                f"there is nothing to announce: set {NAMESPACE}:machineNetworks to the networks behind"
                " the machine"
            ]
            if nothing
            else [],
        )


def _far(address: IPAddress, name: str, info: ValidationInfo) -> list[str]:
    """Why the machine at `address` could not speak BGP over its own interface."""
    # An absent node network is wrong itself, which is told there.
    if name not in info.data:
        return []
    network, key, far = info.data[name], to_camel(name), info.data.get("multihop") != 0
    if (network is None and not far) or (network and network.version != address.version):
        found = f"found {network}" if network else "found none"
        return [f"{address} needs the nodes' IPv{address.version} network in {NAMESPACE}:{key}; {found}"]
    if far or address in network:
        return []
    return [
        f"{address} is outside {NAMESPACE}:{key} {network}; set {NAMESPACE}:multihop to a TTL when the"
        " machine speaks BGP from another address than that of its interface in the nodes' network"
    ]


def _overlapping(networks: Sequence[IPNetwork], others: Iterable[str], info: ValidationInfo) -> list[str]:
    wrong = []
    for name in ("node_network", "node_network6", *others):
        if info.data.get(name):
            those = [info.data[name]] if name.startswith("node_network") else info.data[name]
            wrong += overlaps_with(networks, those, f"{NAMESPACE}:{to_camel(name)}")
    return wrong


def _too_short(networks: Sequence[IPNetwork], name: str, info: ValidationInfo) -> list[str]:
    wrong = []
    for network in networks:
        key = name.replace("networks", "prefix_lengths") + ("6" if isinstance(network, IPv6Network) else "")
        lengths = info.data.get(key)
        if lengths and lengths.longest < network.prefixlen:
            wrong.append(
                f"of {network} nothing would be taken: {NAMESPACE}:{to_camel(key)} ends at {lengths.longest}"
            )
    return wrong
