"""The networks that a stack's settings declare, against which the rules compare what is written.

Read with the program's own settings, so that both understand them alike. It deliberately does not ask the
cluster: what a policy expects is what a person wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from components.networks import IPAddress, IPNetwork, network_or_none
from components.settings.network_settings import NETWORK_LISTS
from components.settings.setting_types import NAMESPACE
from components.settings.settings import Settings, SettingsError
from components.settings.site import KEYS, read_site


@dataclass(frozen=True)
class Declared:
    """Networks by what they are, of all machines and clusters of the stack."""

    pods_and_services: tuple[IPNetwork, ...] = ()
    nodes: tuple[IPNetwork, ...] = ()
    """From which nodes open sessions."""
    machines: tuple[IPNetwork, ...] = ()
    """The machines' addresses."""
    behind: tuple[IPNetwork, ...] = ()
    """The networks behind the machines."""
    node_addresses: frozenset[IPAddress] = frozenset()
    """As far as the settings name them."""

    @property
    def pairs(self) -> tuple[IPNetwork, ...]:
        """What a port may have as an allowed address pair."""
        return (*self.pods_and_services, *self.machines, *self.behind)


def read_declared(configuration: Mapping[str, Any]) -> Declared | None:
    """What a stack's configuration (texts by `namespace:key`) declares.

    None where it is not this program's, or one that the program refuses.
    """
    prefix = f"{NAMESPACE}:"
    values = {key: configuration.get(f"{prefix}{key}") for key in KEYS}
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    if not texts:
        return None
    try:
        site = read_site({key: texts.get(key, "") for key in KEYS})
    except SettingsError:
        return None
    return declared_by(site.peerings.values())


def declared_by(peerings: Iterable[Settings]) -> Declared:
    """What settings of machines and clusters declare together."""
    every = [*peerings]
    taken = [network for its in every for name in NETWORK_LISTS for network in getattr(its, name)]
    nodes = [network for its in every for network in (its.node_network, its.node_network6) if network]
    machines = [ip_network(address) for its in every for address in its.machine_addresses]
    behind = [network for its in every for network in its.machine_networks]
    return Declared(
        pods_and_services=tuple(dict.fromkeys(taken)),
        nodes=tuple(dict.fromkeys(nodes)),
        machines=tuple(dict.fromkeys(machines)),
        behind=tuple(dict.fromkeys(behind)),
        node_addresses=frozenset(address for its in every for address in its.nodes),
    )


def read_networks(configured: object) -> tuple[IPNetwork, ...] | None:
    """The networks of a policy's configuration, which count instead of the settings; None: none given."""
    if not isinstance(configured, list):
        return None
    return tuple(network for each in configured if (network := network_or_none(each)))
