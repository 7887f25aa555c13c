"""BGPPeers of other owners that take effect in the place of this stack's or beside them, and what changes.

Pure. They are found by what Calico's confd keys on (confd_peerings.py), not by name: a BGPPeer for every node
wins over one for some; of two with the same key confd takes the first of a Go map, which differs by node and
time. It deliberately leaves out objects of names that this stack makes (own_objects.py refuses these).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.calico.calico_api import ODD_ANSWER, STACK_ANNOTATION
from components.calico.confd_peerings import BGP_PORT, Peering, Scope, list_peerings, parse_peer_ip
from components.calico.rendered_peer import describe_changes
from components.calico.stack_names import StackNames
from components.calico.whose import notes, seems_of
from components.networks import IPAddress
from components.settings.peering_nodes import ClusterNode
from components.settings.setting_types import NAMESPACE
from components.shared.some_of import some_of

MOST_NODES = 5


@dataclass(frozen=True)
class OwnPeer:
    """This stack's BGPPeers for one address of a machine."""

    names: Sequence[str]
    """One, or one for each node."""
    spec: Mapping[str, Any]
    """Of each of them, but for `node`."""
    scope: Scope
    """Of all of them."""
    chosen_by: str = "every node"
    """The nodes, in the settings' words."""

    @property
    def address(self) -> IPAddress:
        """The machine's."""
        parsed = parse_peer_ip(self.spec["peerIP"])
        assert parsed
        return parsed[0]


@dataclass(frozen=True)
class PeerConflicts:
    """What was found, a line each."""

    harmful: list[str] = field(default_factory=list)
    """These change what this stack's BGPPeers say."""
    confusing: list[str] = field(default_factory=list)
    """These do not, or not for certain."""


@dataclass(frozen=True)
class _Effect:
    """What a foreign peering does beside ours."""

    harm: bool
    text: str
    overrides: bool = False
    """Whether its values are the ones in effect, on some nodes or sometimes."""


def find_peer_conflicts(
    own: Sequence[OwnPeer],
    found: Sequence[Mapping[str, Any]],
    nodes: Sequence[ClusterNode] | None,
    stack: StackNames,
    group: str,
    made: Collection[str],
) -> PeerConflicts:
    """Compare every BGPPeer of the cluster, `found`, with this stack's, `own`.

    `nodes`: the cluster's; None where they may not be listed. `stack`: what bears its name is its own.
    `group`: of Calico's API, for commands. `made`: all names that the stack makes.
    """
    conflicts = PeerConflicts()
    for foreign in found:
        if foreign["metadata"]["name"] in made:
            continue
        try:
            for peering in list_peerings(foreign.get("spec") or {}, nodes):
                for ours in own:
                    if peering.address == ours.address and (effect := _effect(ours, peering)):
                        _report(conflicts, ours, foreign, peering, effect, stack, group)
        except ODD_ANSWER as error:
            conflicts.confusing.append(
                f"BGPPeer {foreign['metadata']['name']} is not as Calico's API has it"
                f" ({type(error).__name__}), so it is not checked whether it replaces this stack's"
            )
    return conflicts


def _effect(ours: OwnPeer, peering: Peering) -> _Effect | None:
    own, other = ours.scope, peering.scope
    names = some_of(ours.names, MOST_NODES)
    peer = f"{ours.address} (the address of node {peering.node.name})" if peering.node else str(ours.address)
    nodes = _shared_nodes(own, other)
    if nodes == "":
        return None
    if nodes is None:
        return _Effect(
            False,
            f"peers with {peer} from the nodes that a selector matches, which is not known, as Nodes may not"
            f" be listed: where that is a node of {names}, one of the two replaces the other",
        )
    if peering.port != BGP_PORT:
        # In the order of bird.cfg: sessions of every node, then those of this one, each by address and port.
        first = other.every and not own.every
        return _Effect(
            first,
            f"makes a second session with {peer}, at port {peering.port}, on {nodes}. BIRD there takes"
            f" whatever comes from the machine for the {'latter' if first else 'session of ' + names}",
            overrides=first,
        )
    if own.every and not other.every:
        return _Effect(
            False,
            f"peers with {peer} from {nodes}, and is ignored there while {names} exists: Calico prefers a"
            " BGPPeer for every node",
        )
    if other.every and not own.every:
        return _Effect(
            True,
            f"peers with {peer} from every node, and Calico prefers it to {names}, which is ignored",
            overrides=True,
        )
    return _Effect(
        True,
        f"peers with {peer} from {nodes}, and Calico takes either this one or {names}, at random for each"
        " node",
        overrides=True,
    )


def _shared_nodes(own: Scope, other: Scope) -> str | None:
    """The nodes that both are for; empty: none; None: not known."""
    if other.every:
        if own.every:
            return "every node"
        return some_of(sorted(own.names), MOST_NODES) if own.known else "the nodes of its selector"
    if not other.known or not (own.known or own.every):
        return None
    return some_of(sorted(other.names if own.every else own.names & other.names), MOST_NODES)


def _report(
    conflicts: PeerConflicts,
    ours: OwnPeer,
    foreign: Mapping[str, Any],
    peering: Peering,
    effect: _Effect,
    stack: StackNames,
    group: str,
) -> None:
    metadata = foreign["metadata"]
    name, owner = metadata["name"], notes(metadata).get(STACK_ANNOTATION)
    delete = f"`kubectl delete bgppeers.{group} {name}`"
    if owner in stack:
        if effect.harm:
            conflicts.confusing.append(
                f"BGPPeer {name}, which this stack has made for {ours.address}, is none of those that its"
                " settings ask for now: Pulumi deletes it at the end of `pulumi up`. If it is there after"
                f" that, the state does not know it, and it overrides the others: {delete}"
            )
        return
    line = f"BGPPeer {name}, {seems_of(metadata)}: it {effect.text}"
    changes = describe_changes(ours.spec, foreign.get("spec") or {}, peering.node)
    if effect.overrides and peering.scope.every and not ours.scope.every:
        changes.append(f"every node peers instead of {ours.chosen_by}")
    way_out = _way_out(owner, delete)
    if effect.overrides and not changes:
        conflicts.confusing.append(f"{line}. Both say the same now, and need not after a change. {way_out}")
    elif effect.harm:
        conflicts.harmful.append(f"{line}. What changes: {'; '.join(changes)}. {way_out}")
    else:
        conflicts.confusing.append(f"{line}. {way_out}")


def _way_out(owner: str | None, delete: str) -> str:
    if owner:
        return (
            f"Take the address out of stack {owner} (`pulumi destroy` there, or another"
            f" {NAMESPACE}:machineAddress); if that stack is gone, delete it: {delete}"
        )
    return f"If nobody needs it, delete it: {delete}"


def told(host: str, lines: Sequence[str]) -> str:
    """The harmful ones of one cluster, and what to do about them."""
    return (
        f"objects of other owners in the cluster at {host} override what this stack is to make there:\n"
        + "\n".join(f"  {line}" for line in lines)
        + "\nNothing was written. Calico identifies a BGP session by the peer's address, not by the"
        " BGPPeer's name, so only one of them can be there for a node. A tool that made one, such as Argo CD"
        " or Flux, makes it again: take it out there. The sessions with the machine end with it, until"
        " `pulumi up` has made this stack's (docs/calico.md)"
    )
