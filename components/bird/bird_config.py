"""BIRD's configuration for the machine: a typed model, rendered by templates/bird2.conf.j2.

Pure. Only numbers, addresses and networks go into the text, never a free text of a setting, so nothing
can break out of its place; and nothing secret is in it, so it may stand in a preview. The text is for
BIRD 2 and 3 (1.x knows neither `neighbor range` nor channels).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from components.settings import Settings

# Steps, so that one node more does not change the kernel protocol; 255 is the most BIRD takes.
NEXT_HOP_STEPS = (16, 32, 64, 128, 255)


def next_hop_limit(nodes: int) -> int:
    """How many next hops `merge paths` may put into one route: room for all nodes, 16 to 255."""
    return next((step for step in NEXT_HOP_STEPS if nodes <= step), NEXT_HOP_STEPS[-1])


@dataclass(frozen=True)
class BirdConfig:
    """What the configuration says; `multihop` 0 is a single hop, otherwise the TTL."""

    address: IPv4Address
    as_number: int
    node_network: IPv4Network
    calico_as_number: int
    pod_networks: Sequence[IPv4Network]
    service_networks: Sequence[IPv4Network]
    next_hops: int
    multihop: int = 0
    import_policy: Literal["expected", "all"] = "expected"
    import_limit: int = 1000


def bird_config(settings: Settings) -> BirdConfig:
    """The configuration that the settings ask for."""
    return BirdConfig(
        address=settings.machine_address,
        as_number=settings.machine_as_number,
        node_network=settings.node_network,
        calico_as_number=settings.calico_as_number,
        pod_networks=settings.pod_networks,
        service_networks=settings.service_networks,
        next_hops=next_hop_limit(len(settings.nodes)),
        multihop=settings.multihop,
        import_policy=settings.import_policy,
        import_limit=settings.import_limit,
    )


def _prefix_set(networks: Sequence[IPv4Network]) -> str:
    """A BIRD set of the networks and of everything inside them."""
    return ", ".join(f"{network}{{{network.prefixlen},32}}" for network in networks)


def render(config: BirdConfig) -> str:
    """The text of bird.conf."""
    environment = Environment(
        loader=PackageLoader("components.bird"),
        undefined=StrictUndefined,
        autoescape=False,  # BIRD's language, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prefix_set"] = _prefix_set
    return environment.get_template("bird2.conf.j2").render(bird=config)
