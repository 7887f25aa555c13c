"""Values of BGPConfigurations `node.<name>` that Calico prefers to this stack's in `default`, on that node.

Pure. Calico 3.31's confd reads three things of a node's object: `prefixAdvertisements` (with the object's own
`communities`), `logSeverityScreen` and `listenPort`; `asNumber`, `bindMode` and all others it ignores there.
It deliberately leaves out what the settings themselves say for the node (`nodeBgpConfigurations`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.calico.bgp_configuration_fields import (
    ADVERTISEMENTS,
    COMMUNITIES,
    DEFAULT,
    LISTS,
    LOG_SEVERITY,
    NODE,
)
from components.calico.bgp_configuration_part import PartArgs, marks
from components.calico.confd_peerings import BGP_PORT, Scope
from components.calico.field_owner import MANAGERS, owner_of
from components.calico.stack_names import StackNames
from components.settings.setting_types import NAMESPACE
from components.shared.some_of import some_of

LISTEN_PORT = "listenPort"
MOST_ENTRIES = 5


@dataclass(frozen=True)
class NodeConfigurationConflicts:
    """What was found, a line each."""

    harmful: list[str] = field(default_factory=list)
    confusing: list[str] = field(default_factory=list)


def find_node_configuration_conflicts(
    wanted: Mapping[str, PartArgs],
    found: Sequence[Mapping[str, Any]],
    peering: Scope,
    nodes: Collection[str] | None,
    stack: StackNames,
    group: str,
) -> NodeConfigurationConflicts:
    """Compare the BGPConfigurations of nodes, among `found`, with what is `wanted` in `default`.

    `wanted`: by object. `peering`: the nodes that peer with a machine of the stack; others' objects do not
    matter. `nodes`: the names of all; None where they may not be listed. `group`: of Calico's API, for
    commands.
    """
    conflicts = NodeConfigurationConflicts()
    by_name = {one["metadata"]["name"]: one for one in found}
    for name, its in by_name.items():
        node = name.removeprefix(NODE)
        if node == name or not (peering.every or not peering.known or node in peering.names):
            continue
        if nodes is not None and node not in nodes:
            continue
        own = wanted.get(name, {})
        delete = f"`kubectl delete bgpconfigurations.{group} {name}`, if all of it may go"
        spec = its.get("spec") or {}
        if ADVERTISEMENTS not in own.get("lists", {}):
            _advertisements(conflicts, wanted.get(DEFAULT, {}), by_name.get(DEFAULT, {}), its, delete)
        severity = wanted.get(DEFAULT, {}).get("values", {}).get(LOG_SEVERITY)
        mine = LOG_SEVERITY in own.get("values", {}) or LOG_SEVERITY in stack.its(marks(its))
        if severity and not mine and spec.get(LOG_SEVERITY) not in (None, severity):
            conflicts.confusing.append(
                f"{LOG_SEVERITY} of BGPConfiguration {name} is {spec[LOG_SEVERITY]}, written by"
                f" {owner_of(its, LOG_SEVERITY)}: node {node} logs by that, not by"
                f" {NAMESPACE}:bgpLogSeverity. Say it for the node in {NAMESPACE}:nodeBgpConfigurations, or"
                f" delete the object: {delete}"
            )
        if spec.get(LISTEN_PORT) not in (None, 0, BGP_PORT):
            conflicts.confusing.append(
                f"{LISTEN_PORT} of BGPConfiguration {name} is {spec[LISTEN_PORT]}, written by"
                f" {owner_of(its, LISTEN_PORT)}: the machine dials port {BGP_PORT}, so its session with node"
                f" {node} begins only when the node dials. Take the field out, or delete the object: {delete}"
            )
    return conflicts


def _advertisements(
    conflicts: NodeConfigurationConflicts,
    wanted: PartArgs,
    default: Mapping[str, Any],
    its: Mapping[str, Any],
    delete: str,
) -> None:
    spec = its.get("spec") or {}
    if spec.get(ADVERTISEMENTS) is None:
        return
    own = wanted.get("lists", {}).get(ADVERTISEMENTS, ())
    values = {
        place.partition("/")[2]: value
        for place, value in wanted.get("values", {}).items()
        if place.startswith(f"{COMMUNITIES}/")
    }
    holds = LISTS[ADVERTISEMENTS].holds
    assert holds
    theirs = _resolved((key for entry in spec[ADVERTISEMENTS] for key in holds(entry)), _names(spec))
    ours = _resolved(own, {**_names(default.get("spec") or {}), **values})
    lacking = [key for key, resolved in zip(own, ours, strict=True) if resolved not in theirs]
    if not lacking:
        return
    name = its["metadata"]["name"]
    node, writer = name.removeprefix(NODE), owner_of(its, ADVERTISEMENTS)
    line = (
        f"{ADVERTISEMENTS} of BGPConfiguration {name}, written by {writer}: node {node} takes these and none"
        f" of BGPConfiguration {DEFAULT}, so it announces without {NAMESPACE}:prefixAdvertisements"
        f" ({some_of(lacking, MOST_ENTRIES)}). Repeat them for the node in"
        f" {NAMESPACE}:nodeBgpConfigurations, or take the list out there ({delete})"
    )
    # An entry of this stack's that goes in this very run looks the same.
    by_this_program = writer.startswith(MANAGERS["calico-peering"])
    (conflicts.confusing if by_this_program else conflicts.harmful).append(line)


def _names(spec: Mapping[str, Any]) -> dict[str, str]:
    return {one.get("name"): one.get("value") for one in spec.get(COMMUNITIES) or []}


def _resolved(keys: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Keys `<network> <community>` with the community's value in the place of its name."""
    split = (key.split(" ", 1) for key in keys)
    return [f"{network} {names.get(community, community)}" for network, community in split]
