"""The AS numbers that a cluster's nodes have, and whether the machine's BIRD expects these.

Pure; the Node objects are read by cluster_nodes.py. As Calico 3.31's confd has it, a node has the
number of its annotation, else `default`'s, else Calico's own; `asNumber` of a node's BGPConfiguration is read
by nobody. Nodes that do not peer may have any number, and where somebody may not list nodes nothing is
refused: what is seen then may be a mix that fits. It deliberately does not ask what a node's BIRD runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.calico.bgp_configuration_fields import AS_NUMBER, DEFAULT, get_value
from components.calico.bgp_configuration_part import marks
from components.calico.cluster_nodes import AS_NUMBERS
from components.calico.stack_names import StackNames
from components.networks import IPAddress
from components.settings.peering_nodes import ClusterNode
from components.settings.setting_types import NAMESPACE
from components.shared.shared_value import settle_value
from components.shared.some_of import some_of

# What nodes have where nobody says anything.
CALICOS_OWN = 64512
MOST_NAMES = 10


@dataclass(frozen=True)
class Number:
    """An AS number, and where it stands."""

    number: int
    where: str


def cluster_as_number(default: Mapping[str, Any] | None, wanted: int | None, stack: StackNames) -> Number:
    """What nodes without a number of their own have once this run is done.

    `default`: the BGPConfiguration of this name. `wanted`: what `stack` is to write there; None takes away
    what it wrote.
    """
    where = f"{AS_NUMBER} of BGPConfiguration {DEFAULT}"
    if wanted is not None:
        return Number(wanted, where)
    if default is None:
        return Number(CALICOS_OWN, f"Calico's own, as there is no BGPConfiguration {DEFAULT}")
    now = get_value(default.get("spec") or {}, AS_NUMBER)
    left = settle_value(now, None, stack.its(marks(default)).get(AS_NUMBER), False).value
    if left is None:
        return Number(CALICOS_OWN, f"Calico's own, as BGPConfiguration {DEFAULT} has no {AS_NUMBER}")
    return Number(int(left), where if left == now else f"{where}, where it is put back")


def others(
    nodes: Sequence[ClusterNode], neighbors: Collection[IPAddress], expected: int, cluster: Number
) -> dict[Number, list[str]]:
    """The names of the nodes among `neighbors` that have another number than BIRD expects, by that."""
    found: dict[Number, list[str]] = {}
    for node in nodes:
        number = cluster
        if node.as_number is not None:
            number = Number(node.as_number, f"annotation {AS_NUMBERS} of the Node")
        if number.number != expected and not set(node.addresses).isdisjoint(neighbors):
            found.setdefault(number, []).append(node.name)
    return found


def told(host: str, machine: str, expected: int, found: Mapping[Number, Sequence[str]]) -> str:
    """What does not fit on one machine, and what to do about it."""
    lines = [
        f"  {some_of(names, MOST_NAMES)}: {number.number} ({number.where})" for number, names in found.items()
    ]
    every = sorted({number.number for number in found})
    ways = []
    if len(every) == 1:
        ways.append(f"set {NAMESPACE}:calicoAsNumber to {every[0]}, if all nodes that peer have that")
    ways += [
        "give these nodes the number that is expected",
        f"set {NAMESPACE}:nodeLocalAsNumber, by which all nodes call themselves towards this machine alone",
        f"have only nodes peer that have it ({NAMESPACE}:peerNodeSelector or peerNodes)",
    ]
    return (
        f"BIRD on {machine} would expect AS number {expected} of each node ({NAMESPACE}:calicoAsNumber), and"
        f" no session would stand with those of the cluster at {host} that have another one; nothing was"
        " written:\n" + "\n".join(lines) + f"\nEither {'; or '.join(ways)}"
    )


def unknown(host: str, expected: int, cluster: Number) -> str:
    """What to say where a number does not fit, and nodes may not be listed."""
    return (
        f"{NAMESPACE}:calicoAsNumber is {expected}, and nodes of the cluster at {host} have {cluster.number}"
        f" ({cluster.where}) unless they have an annotation {AS_NUMBERS}, which is not known, as nodes may"
        " not be listed: no session stands with those that have none"
    )
