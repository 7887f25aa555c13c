"""What the verification is to find, in the format of router_script/verification.sh.

Pure. One text is about one machine and one cluster.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

from components.bird.bird_config import bird_config, services
from components.networks import IPAddress, IPNetwork
from components.settings.settings import Settings


@dataclass(frozen=True)
class NotExpected:
    """What a verification is not to wait for, of one machine and one cluster."""

    nodes: frozenset[IPAddress] = frozenset()
    """Neighbors with which no session is expected."""
    announcers: frozenset[IPAddress] = frozenset()
    """Neighbors that announce no service network."""
    pod_networks: frozenset[IPNetwork] = frozenset()
    """Those into which no route is expected."""
    reasons: tuple[str, ...] = ()
    """A sentence each, for a warning."""


NOTHING = NotExpected()


def expectation(settings: Settings, parts: object = None, without: NotExpected = NOTHING) -> str:
    """What the verification is to find, in the format of router_script/verification.sh.

    `without`: what of it cannot be there, by what the cluster says.
    `parts` is what it comes after, as JSON has it: another one makes another text, so that the
    verification runs again.
    """
    bird = bird_config(settings)
    neighbors = (node for family in settings.families for node in family.neighbors)
    nodes = [node for node in neighbors if node not in without.nodes]
    lines = [
        *(f"daemon {service}" for service in services(bird)),
        *(f"address {address}" for address in settings.machine_addresses),
        f"as {settings.machine_as_number}",
        f"timeout {settings.verify_timeout}",
        f"limit {bird.next_hops}",
        *([f"table {bird.table}"] if bird.table else []),
        *([f"vrf {bird.vrf}"] if bird.vrf else []),
        *(f"node {node}" for node in nodes),
        *(f"announces_none {node}" for node in nodes if node in without.announcers),
        *(f"service {network}" for network in settings.service_networks),
        *(f"pod {network}" for network in settings.pod_networks if network not in without.pod_networks),
        # Its own node is then a block's only next hop: no other one names itself, or none hears of it.
        *(
            ["pod_next_hops one"]
            if settings.node_next_hop_mode == "Keep" or settings.node_to_node_mesh == "Disabled"
            else []
        ),
        f"after {sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]}",
    ]
    return "\n".join(lines) + "\n"
