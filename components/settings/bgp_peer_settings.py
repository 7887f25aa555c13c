"""The settings of which nodes peer with the machine and how, as Calico's BGPPeer and BGPFilter have them.

Pure. What the machine's own end of a session does, and what both ends share, is router_settings.py's. It
deliberately does not know the cluster's nodes: which of them are chosen is peering_nodes.py's.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from components.calico.selectors import parse_selector
from components.networks import IPAddress, IPNetwork, duplicates, overlaps, within
from components.settings.bgp_configuration_settings import MOST_WRITTEN_AS_NUMBER, BgpConfigurationSettings
from components.settings.network_settings import not_in_use, versions
from components.settings.setting_types import (
    NAMESPACE,
    OBJECT_NAME,
    Address,
    Address6,
    AsNumber,
    Networks,
    flag,
    list_of,
    sound,
    whole,
)

# A BGPPeer's name has 253 characters, of which `bgppeer-`, the machine's 54, `-v6` and a dot are taken.
LONGEST_NODE_NAME = 187
LONGEST_FILTER_NAME = 253


def _selector(value: object) -> str | None:
    if value is not None:
        parse_selector(str(value))
    return None if value is None else str(value)


def _names(longest: int, example: str) -> BeforeValidator:
    def check(value: object) -> str:
        text = str(value)
        if not OBJECT_NAME.fullmatch(text) or len(text) > longest:
            raise ValueError(
                f"found {text[:60]!r}; wanted a name such as {example}: small letters, digits, dashes and"
                f" dots, at most {longest}"
            )
        return text

    return list_of(check)


class BgpPeerSettings(BgpConfigurationSettings):
    """Which nodes peer, and how; without any of these every node does, as Calico has it by default.

    A field's check sees the fields above it, so the order is that of the checks.
    """

    peer_node_selector: Annotated[str | None, BeforeValidator(_selector)] = None
    peer_nodes: Annotated[list[str], _names(LONGEST_NODE_NAME, "node1.example.org")] = Field(
        default=[], validate_default=True
    )
    node_source_address: Literal["UseNodeIP", "None"] | None = None
    node_next_hop_mode: Literal["Auto", "Self", "Keep"] | None = None
    node_local_as_number: AsNumber | None = None
    allowed_local_as_numbers: Annotated[int, whole(0, 10)] = 0
    reachable_by: Address | None = None
    reachable_by6: Address6 | None = None
    bgp_filters: Annotated[list[str], _names(LONGEST_FILTER_NAME, "to-the-outside")] = Field(default=[])
    default_bgp_filter: Annotated[bool, flag()] = True
    withheld_networks: Networks = Field(default=[])

    @property
    def nodes_are_chosen(self) -> bool:
        """Whether not every node peers."""
        return bool(self.peer_node_selector or self.peer_nodes)

    @property
    def choice_is_open(self) -> bool:
        """Whether it is not known yet at which addresses the chosen nodes are."""
        return self.nodes_are_chosen and not (self.peering_nodes or self.route_reflectors)

    @property
    def asks_for_nodes(self) -> bool:
        """Whether the cluster has to tell its nodes."""
        return self.nodes_from_cluster or self.choice_is_open

    @property
    def node_as_number(self) -> int:
        """The AS number that nodes have towards the machine."""
        return self.node_local_as_number or self.calico_as_number

    @property
    def gateways(self) -> list[str | None]:
        """By which nodes reach each of `machine_addresses`; None is by their own routes."""
        of = {self.machine_address: self.reachable_by}
        if self.machine_address6:
            of[self.machine_address6] = self.reachable_by6
        return [str(of[address]) if of[address] else None for address in self.machine_addresses]

    @field_validator("peer_nodes")
    @classmethod
    def _chosen_in_one_way(cls, names: list[str], info: ValidationInfo) -> list[str]:
        wrong = [f"{name} occurs more than once" for name in duplicates(names)]
        selector = info.data.get("peer_node_selector")
        if names and selector:
            wrong.append(f"{NAMESPACE}:peerNodeSelector is set as well; keep one of the two")
        if (
            not names
            and "peer_node_selector" in info.data
            and not selector
            and info.data.get("peering_nodes")
        ):
            wrong.append(
                f"found none, but {NAMESPACE}:peeringNodes; every node peers unless {NAMESPACE}:peerNodes or"
                f" {NAMESPACE}:peerNodeSelector says which"
            )
        return sound(names, wrong)

    @field_validator("machine_as_number", "node_local_as_number")
    @classmethod
    def _fits_a_bgppeer(cls, number: int | None) -> int | None:
        return sound(
            number,
            [
                f"found {number}; Calico's definition of a BGPPeer takes at most {MOST_WRITTEN_AS_NUMBER}:"
                " take a smaller private AS number, from 64512 to 65534"
            ]
            if number is not None and number > MOST_WRITTEN_AS_NUMBER
            else [],
        )

    @field_validator("node_local_as_number")
    @classmethod
    def _not_the_machines(cls, number: int | None, info: ValidationInfo) -> int | None:
        same = number is not None and info.data.get("machine_as_number") == number
        return sound(
            number,
            [f"found {number}, which is {NAMESPACE}:machineAsNumber; the sessions would be iBGP"]
            if same
            else [],
        )

    @field_validator("reachable_by", "reachable_by6")
    @classmethod
    def _a_gateway(cls, gateway: IPAddress | None, info: ValidationInfo) -> IPAddress | None:
        field = str(info.field_name).replace("reachable_by", "machine_address")
        machine = info.data.get(field)
        if gateway is None or field not in info.data:
            return gateway
        wrong = []
        if machine is None or machine.version != gateway.version:
            other = f"{NAMESPACE}:{to_camel(field)} {machine or 'is not set'}"
            wrong.append(f"found {gateway}, but {other}; wanted both of one family")
        if gateway == machine:
            wrong.append(
                f"{gateway} is {NAMESPACE}:{to_camel(field)} itself; wanted the gateway on the way there"
            )
        if info.data.get("multihop") == 0:
            wrong.append(
                f"found {gateway}, but {NAMESPACE}:multihop is 0: nodes reach a machine in their own network"
                " without a gateway"
            )
        return sound(gateway, wrong)

    @field_validator("bgp_filters")
    @classmethod
    def _asked_once(cls, names: list[str], info: ValidationInfo) -> list[str]:
        wrong = [f"{name} occurs more than once" for name in duplicates(names)]
        own = filter_name(str(info.data.get("machine_name")))
        if own in names:
            wrong.append(f"{own} is the program's own, which {NAMESPACE}:defaultBgpFilter is about")
        return sound(names, wrong)

    @field_validator("withheld_networks")
    @classmethod
    def _something_is_left(cls, networks: list[IPNetwork], info: ValidationInfo) -> list[IPNetwork]:
        wrong = overlaps(networks) + not_in_use(networks, versions(info.data))
        # The verification waits for these.
        awaited = ("pod_networks", "service_networks")
        wrong += [
            f"{network} leaves nothing of {taken} in {NAMESPACE}:{to_camel(name)}; take that out there"
            for name in awaited
            for taken in info.data.get(name, [])
            for network in networks
            if within(taken, network)
        ]
        if networks and info.data.get("default_bgp_filter") is False:
            wrong.append(
                f"{NAMESPACE}:defaultBgpFilter is false: put these into a BGPFilter of your own,"
                f" which {NAMESPACE}:bgpFilters names"
            )
        return sound(networks, wrong)


def filter_name(machine_name: str) -> str:
    """The name of the BGPFilter that a machine has by default."""
    return f"bgpfilter-{machine_name}"
