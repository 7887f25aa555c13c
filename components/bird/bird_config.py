"""BIRD's configuration for the machine: a typed model, rendered by the templates beside this file.

Pure. bird2.conf.j2 is for BIRD 2 and 3, bird1.conf.j2 for 1.6, where each address family has a daemon and
a file of its own. Only numbers, addresses, networks and names of a narrow alphabet go into the text,
so nothing can break out of its place; the sessions' password is in a file of its own that the text
includes, so it may stand in a preview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from components.networks import IPAddress, IPNetwork
from components.settings.network_settings import NETWORK_LISTS, Family
from components.settings.router_settings import PrefixLengths
from components.settings.settings import Settings

# What stands in the text; on the machine the name goes on with the delivery's (router_script/).
PASSWORD_FILE = "/etc/bird/calico-peering.password"
# Steps, so that one node more does not change the kernel protocol; 255 is the most BIRD takes.
NEXT_HOP_STEPS = (16, 32, 64, 128, 255)
# Calico's nodes try again every 5 s, after an error up to 2 s later; docs/routing.md has what was measured.
RECOVERY_SECONDS = 10


def next_hop_limit(version: str, nodes: int) -> int:
    """How many next hops `merge paths` may put into one route: room for all nodes, 16 to 255.

    Always 255 for BIRD 3, which dies (3.1.8) when a reconfiguration changes it.
    """
    if version == "3":
        return NEXT_HOP_STEPS[-1]
    return next((step for step in NEXT_HOP_STEPS if nodes <= step), NEXT_HOP_STEPS[-1])


@dataclass(frozen=True)
class Taken:
    """A network from which prefixes are taken, and their lengths."""

    network: IPNetwork
    lengths: PrefixLengths


@dataclass(frozen=True)
class Peering:
    """The sessions of one address family with one cluster."""

    name: str
    """BIRD's name of the protocol that waits for the nodes, or of the template of those that are listed.

    A protocol is named by its network or neighbor alone: BIRD ends the sessions of one whose name changes, so
    nothing that a person may rename is in it. A template's name may change.
    """
    label: str
    """What the prefix sets are called by: BIRD compares their content, so it may change."""
    version: int
    """4 or 6."""
    address: IPAddress
    node_network: IPNetwork | None
    """With whom: every node in it, or only `neighbors` when it is None."""
    neighbors: Sequence[IPAddress]
    reflected: bool
    """Whether the neighbors are Calico's route reflectors."""
    as_number: int
    """Calico's."""
    taken: Mapping[str, Sequence[Taken]]
    """By what the networks are, such as `pod networks`; those that are empty are left out."""
    advertised: Sequence[IPNetwork]
    import_limit: int
    import_all: bool
    multihop: int
    """0 is a single hop, otherwise the TTL."""
    ttl_security: bool
    hold_time: int
    keepalive_time: int
    password: bool
    description: str

    @property
    def dynamic_name(self) -> str:
        """What a session of a range is called before its number."""
        return f"{self.name}_"

    def names(self) -> Mapping[str, str]:
        """BIRD's name of the prefix set of each of `taken`: `NODES_POD_NETWORKS`."""
        return {what: f"{self.label}_{what.replace(' ', '_')}".upper() for what in self.taken}


@dataclass(frozen=True)
class BirdConfig:
    """What the configuration of one machine says."""

    version: Literal["1.6", "2", "3"]
    router_id: IPv4Address
    as_number: int
    peerings: Sequence[Peering]
    next_hops: int
    table: int = 0
    """0 is the main one."""
    metric: int = 32
    vrf: str | None = None
    graceful_restart: bool = True
    restart_time: int = 120
    recovery_time: int = RECOVERY_SECONDS
    """Seconds after a graceful restart until the kernel's routes are changed; with a range always as many, as
    BIRD cannot know for whom it waits."""

    @property
    def password_file(self) -> str | None:
        """Path of the file that defines PASSWORD; None where no session has one."""
        return PASSWORD_FILE if any(peering.password for peering in self.peerings) else None

    @property
    def versions(self) -> list[int]:
        """The address families."""
        return sorted({peering.version for peering in self.peerings})

    def advertised(self, version: int) -> Sequence[IPNetwork]:
        """The networks of one family behind the machine, which every cluster hears of."""
        return next(
            (one.advertised for one in self.peerings if one.version == version and one.advertised), []
        )


def _peering(settings: Settings, family: Family, cluster: str) -> Peering:
    bits = 32 if family.version == 4 else 128
    suffix = "" if family.version == 4 else "6"

    def taken(name: str) -> list[Taken]:
        wanted: PrefixLengths | None = getattr(settings, name.replace("networks", "prefix_lengths") + suffix)
        shortest, longest = wanted or (0, bits)
        return [
            Taken(network, PrefixLengths(max(shortest, network.prefixlen), longest))
            for network in family.networks[name]
        ]

    # A range would let every node in, not the route reflectors only.
    listed = settings.neighbors == "listed" or bool(family.route_reflectors)
    # Never the cluster's name alone, which may be a word of BIRD's language.
    label = name = f"nodes{suffix}_{cluster.replace('-', '_')}" if cluster else f"nodes{suffix}"
    if not listed and family.node_network:
        name = session_name(family.node_network.network_address)
    return Peering(
        name=name,
        label=label,
        version=family.version,
        address=family.address,
        node_network=None if listed else family.node_network,
        neighbors=family.neighbors,
        reflected=bool(family.route_reflectors),
        as_number=settings.node_as_number,
        taken={name.replace("_", " "): those for name in NETWORK_LISTS if (those := taken(name))},
        advertised=family.behind if settings.advertise else [],
        import_limit=settings.import_limit,
        import_all=settings.import_policy == "all",
        multihop=settings.multihop,
        ttl_security=settings.ttl_security,
        hold_time=settings.hold_time,
        keepalive_time=settings.keepalive_time,
        password=settings.with_password,
        description=settings.description,
    )


def bird_config(settings: Settings) -> BirdConfig:
    """The configuration that the settings of one cluster ask for."""
    return machine_config({"": settings})


def machine_config(clusters: Mapping[str, Settings]) -> BirdConfig:
    """The configuration of a machine that peers with these clusters, by name; at least one."""
    settings = next(iter(clusters.values()))
    peerings = [
        _peering(its, family, cluster) for cluster, its in clusters.items() for family in its.families
    ]
    return BirdConfig(
        version=settings.bird_version,
        router_id=settings.router_id or IPv4Address(0),
        as_number=settings.machine_as_number,
        peerings=peerings,
        next_hops=next_hop_limit(settings.bird_version, max(len(peering.neighbors) for peering in peerings)),
        table=settings.kernel_table,
        metric=settings.kernel_metric,
        vrf=settings.vrf,
        graceful_restart=settings.graceful_restart,
        restart_time=settings.restart_time,
    )


def _prefix_set(taken: Sequence[Taken]) -> str:
    """A BIRD set of the prefixes."""
    return ", ".join(f"{one.network}{{{one.lengths.shortest},{one.lengths.longest}}}" for one in taken)


def session_name(address: IPAddress) -> str:
    """BIRD's name of what speaks with a neighbor or a network: `calico_172_34_8_10`, `calico_fd00__10`."""
    return f"calico_{str(address).replace('.', '_').replace(':', '_')}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("components.bird"),
        undefined=StrictUndefined,
        autoescape=False,  # BIRD's language, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prefix_set"] = _prefix_set
    environment.filters["session_name"] = session_name
    return environment


def render(config: BirdConfig, version: int | None = None) -> str:
    """The text of bird.conf; of BIRD 1.6, of the daemon of one family, 4 or 6 (bird6.conf)."""
    template = "bird1.conf.j2" if config.version == "1.6" else "bird2.conf.j2"
    peerings = [one for one in config.peerings if version in (None, one.version)]
    return _environment().get_template(template).render(bird=config, peerings=peerings)


def services(config: BirdConfig) -> dict[str, int | None]:
    """The daemons that have to run: `bird`, or of 1.6 `bird` and `bird6`, each with its own family."""
    if config.version != "1.6":
        return {"bird": None}
    return {"bird" if version == 4 else "bird6": version for version in config.versions}


def daemons(config: BirdConfig) -> dict[str, str]:
    """The text for each daemon that has to run, by its service."""
    return {service: render(config, version) for service, version in services(config).items()}
