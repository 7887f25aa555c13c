"""A stack's whole site: which machines peer with which clusters, each pair with its own settings.

Pure. Most sites are one machine and one cluster, and say so with plain settings. `machines` and `clusters`
are for more: by name, what is different there from the plain settings, which hold for all. What must not
stand in one place twice (addresses, networks of two clusters on one machine) is checked here; what one pair
means is settings.py's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from components.networks import IPNetwork, duplicates, overlaps_with
from components.settings.network_settings import NETWORK_LISTS
from components.settings.peering_nodes import ClusterNode, silent_nodes, with_nodes
from components.settings.setting_types import DNS_LABEL, NAMESPACE
from components.settings.settings import (
    KEYS as SETTINGS_KEYS,
)
from components.settings.settings import (
    Settings,
    SettingsError,
    pair_networks,
    read_settings,
)
from components.settings.unknown_keys import no_such_setting, unknown_keys

MACHINES, CLUSTERS = "machines", "clusters"
KEYS = (*SETTINGS_KEYS, MACHINES, CLUSTERS)
"""The keys of the configuration without their namespace."""

CLUSTER_KEYS = frozenset(
    """
    nodeNetwork nodeNetwork6 nodes nodesFromCluster routeReflectors neighbors multihop ttlSecurity description
    podNetworks serviceNetworks externalNetworks loadBalancerNetworks
    podPrefixLengths podPrefixLengths6 servicePrefixLengths servicePrefixLengths6
    externalPrefixLengths externalPrefixLengths6 loadBalancerPrefixLengths loadBalancerPrefixLengths6
    reflectorNodes reflectorClusterId reflectorTimeout
    importPolicy importLimit calicoAsNumber calicoNamespace calicoApi kubeconfig kubeContext
    nodeRestartTime
    peerNodeSelector peerNodes peeringNodes nodeSourceAddress nodeNextHopMode nodeLocalAsNumber
    allowedLocalAsNumbers bgpFilters defaultBgpFilter withheldNetworks
    nodePortNetwork nodePortNames nodePortTag nodeServerMetadata nodePortIds maxAddressPairs
    machinePairs nodeSecurityGroup
    serviceLoadBalancerAggregation bindMode nodeToNodeMesh writeCalicoAsNumber bgpLogSeverity
    communities prefixAdvertisements nodeBgpConfigurations bgpConfigurationTakeOver
    """.split()
)
"""What one of `clusters` may say; the rest is a machine's, and what one of `machines` may say."""
MACHINE_KEYS = frozenset(SETTINGS_KEYS) - CLUSTER_KEYS - {"machineName"}
# It is a part of BIRD's names, which have at most 64 characters.
MOST_CLUSTER_NAME = 15

Values = Mapping[str, str]


@dataclass(frozen=True)
class Site:
    """Every machine with every cluster. A cluster that has no name is the only one."""

    peerings: Mapping[tuple[str, str], Settings]
    """By machine and cluster."""
    several: bool = False
    """Whether machines have names of their own in what is declared."""
    notes: Sequence[str] = ()
    """What somebody should know of the clusters, though nothing is wrong; each is a warning."""

    @property
    def machines(self) -> list[str]:
        """The machines' names."""
        return list(dict.fromkeys(machine for machine, _ in self.peerings))

    @property
    def clusters(self) -> list[str]:
        """The clusters' names."""
        return list(dict.fromkeys(cluster for _, cluster in self.peerings))

    def of_machine(self, machine: str) -> dict[str, Settings]:
        """A machine's settings by cluster."""
        return {cluster: self.peerings[machine, cluster] for cluster in self.clusters}

    def of_cluster(self, cluster: str) -> dict[str, Settings]:
        """A cluster's settings by machine."""
        return {machine: self.peerings[machine, cluster] for machine in self.machines}

    def machine(self, machine: str) -> Settings:
        """What is the machine's of the settings; they differ by cluster only in what is the cluster's."""
        return self.peerings[machine, self.clusters[0]]

    def cluster(self, cluster: str) -> Settings:
        """What is the cluster's of the settings."""
        return self.peerings[self.machines[0], cluster]

    def with_nodes(self, nodes: Mapping[str, Sequence[ClusterNode]]) -> "Site":
        """The site with the nodes' addresses that these clusters named, and notes of those that have none.

        Raises:
            SettingsError: when they do not fit the other settings.
        """
        found = {
            (machine, cluster): with_nodes(settings, nodes[cluster]) if cluster in nodes else settings
            for (machine, cluster), settings in self.peerings.items()
        }
        silent = [
            note
            for (_, cluster), settings in self.peerings.items()
            for note in silent_nodes(settings, nodes.get(cluster, ()))
        ]
        return replace(self, peerings=found, notes=[*self.notes, *silent])

    def with_namespaces(self, namespaces: Mapping[str, str], notes: Sequence[str] = ()) -> "Site":
        """The site with calico-node's namespace in these clusters, and what somebody should know of it."""
        found = {
            (machine, cluster): settings.model_copy(update={"calico_namespace": namespaces[cluster]})
            if cluster in namespaces
            else settings
            for (machine, cluster), settings in self.peerings.items()
        }
        return replace(self, peerings=found, notes=[*self.notes, *notes])

    def with_cloud(self, cloud: str | None) -> "Site":
        """The site with the entry of clouds.yaml that is meant where the settings name none."""
        found = {
            which: settings if settings.cloud else settings.model_copy(update={"cloud": cloud})
            for which, settings in self.peerings.items()
        }
        return replace(self, peerings=found)

    def pair_networks(self, cluster: str) -> list[str]:
        """What a cluster's ports have to let pass, for all machines."""
        networks = (pair_networks(settings) for settings in self.of_cluster(cluster).values())
        return list(dict.fromkeys(network for some in networks for network in some))


def single(settings: Settings) -> Site:
    """The site of one machine and one cluster."""
    return Site({(settings.machine_name, ""): settings})


def read_site(values: Values, found: Iterable[str] = ()) -> Site:
    """The site out of configuration texts by key (without the namespace); an empty text is unset.

    `found`: all keys of the configuration, with their namespaces.

    Raises:
        SettingsError: naming every key that is wrong, what was found and what would be right.
    """
    wrong = [f"  {line}" for line in unknown_keys(found, KEYS)]
    plain = {key: text for key, text in values.items() if key not in (MACHINES, CLUSTERS)}
    clusters = _named(values, CLUSTERS, CLUSTER_KEYS, MOST_CLUSTER_NAME, wrong)
    machines = _named(values, MACHINES, MACHINE_KEYS, 54, wrong)
    peerings = {}
    for machine, own in (machines or {"": {}}).items():
        for cluster, its in (clusters or {"": {}}).items():
            where = {key: f"{MACHINES}.{machine}.{key}" for key in own}
            where |= {key: f"{CLUSTERS}.{cluster}.{key}" for key in its}
            name = {"machineName": machine} if machine else {}
            try:
                settings = read_settings({**plain, **own, **its, **name}, where)
                peerings[settings.machine_name, cluster] = settings
            except SettingsError as error:
                wrong += str(error).splitlines()[1:]
    site = Site(peerings, several=bool(machines))
    if not wrong:
        wrong = _not_apart(site)
    if wrong:
        raise SettingsError("\n".join(["the settings are wrong:", *dict.fromkeys(wrong)]))
    return site


def _named(
    values: Values, key: str, allowed: frozenset[str], longest: int, wrong: list[str]
) -> dict[str, dict[str, str]]:
    """What is said of each name in `machines` or `clusters`, as texts."""
    text = values.get(key) or "{}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(of, dict) for of in found.values()):
        wrong.append(
            f"  {NAMESPACE}:{key}: wanted names, and below each its settings, such as `nodeNetwork: …`"
        )
        return {}
    for name, own in found.items():
        where = f"{NAMESPACE}:{key}.{name[:60]}"
        if not DNS_LABEL.fullmatch(name) or len(name) > longest:
            wrong.append(
                f"  {where}: wanted a DNS label: small letters, digits and dashes, at most {longest}"
            )
        wrong += [
            f"  {where}.{other}: {_elsewhere(other, key, allowed)}" for other in own if other not in allowed
        ]
    return {
        name: {
            other: value if isinstance(value, str) else json.dumps(value)
            for other, value in own.items()
            if other in allowed
        }
        for name, own in found.items()
    }


def _elsewhere(key: str, found_in: str, allowed: frozenset[str]) -> str:
    """Why a setting may not stand where it does."""
    if key == "machineName":
        return f"a machine is called as it is in {NAMESPACE}:{MACHINES}"
    if key in SETTINGS_KEYS:
        other = MACHINES if found_in == CLUSTERS else CLUSTERS
        return f"is not a setting of one of {found_in}: set it plainly, or in {NAMESPACE}:{other}"
    return no_such_setting(key, allowed)


def _not_apart(site: Site) -> list[str]:
    """What two machines, or two clusters of one machine, may not share."""
    addresses = {machine: site.machine(machine).machine_addresses for machine in site.machines}
    twice = duplicates(address for those in addresses.values() for address in those)
    wrong = [
        f"  {NAMESPACE}:{MACHINES}: {address} is the machineAddress of"
        f" {' and '.join(name for name, those in addresses.items() if address in map(str, those))}"
        for address in twice
    ]
    for settings in map(site.of_machine, site.machines):
        for first, second in combinations(settings, 2):
            wrong += [
                f"  {NAMESPACE}:{CLUSTERS}.{first}: {line}"
                for line in overlaps_with(
                    _taken(settings[first]),
                    _taken(settings[second]),
                    f"{NAMESPACE}:{CLUSTERS}.{second}; a machine cannot tell them apart",
                )
            ]
    return wrong


def _taken(settings: Settings) -> list[IPNetwork]:
    """The networks that are routed to a cluster, and those that its sessions come from."""
    nodes = [network for network in (settings.node_network, settings.node_network6) if network]
    taken: list[IPNetwork] = [network for name in NETWORK_LISTS for network in getattr(settings, name)]
    return taken + (nodes if settings.neighbors == "range" else [])
