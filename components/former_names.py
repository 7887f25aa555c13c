"""Under which names the state has the machines and clusters of this run, and which names the stack had.

Pure. A name in the settings may change at any time, and what is declared is called by it; what a thing is
stays: a machine is where its BGP address or its ssh host key is, a cluster is where our objects are. Whatever
has another name than in the state gets the older one as an alias, so that it is renamed and not made anew: a
new one would find everything there, and the old one's delete would take it away.

Deliberately not here: how the aliases are given (external_peering.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.settings.setting_types import NAMESPACE

ROOT = "peering"
"""The name of the whole, with which all names begin."""
STATE_TYPE = "pulumi-python:dynamic/calico-peering:MachineState"
PART_TYPE = "pulumi-python:dynamic/calico-peering:BgpConfigurationPart"
PEER_KIND = ":BGPPeer"
Reach = tuple[str | None, str | None]
"""Kubeconfig and context, as the settings have them."""
_OF_A_MACHINE = "state"
_OF_A_CLUSTER = "calico-default-part"
_KEPT = ("addresses", "reach", "stack", "uid", "kubeconfig", "context", "metadata")


@dataclass(frozen=True)
class Declared:
    """A resource in the state: its name, its type, and what tells what it is about."""

    name: str
    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class MachineNow:
    """A machine of this run. `label`: its name in what is declared, empty for the only one."""

    label: str
    name: str
    addresses: Collection[str]
    host_key: str


@dataclass(frozen=True)
class ClusterNow:
    """A cluster of this run. `label` as of a machine.

    `host`: of its API. `uids`: of the objects in it that may be in the state. `reach`: kubeconfig, context.
    """

    label: str
    host: str | None
    uids: Collection[str]
    reach: Reach


@dataclass(frozen=True)
class FormerNames:
    """What has another name in the state, by its label now, and the names that the stack had."""

    machines: Mapping[str, str] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)
    stacks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class KnownMachine:
    """A machine in the state."""

    addresses: frozenset[str]
    host_key: str


@dataclass(frozen=True)
class KnownCluster:
    """A cluster in the state."""

    uids: frozenset[str]
    reach: Reach


def kept(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a resource's outputs that tell what it is about; no secret is among them."""
    values = {key: outputs[key] for key in _KEPT if outputs.get(key) is not None}
    if isinstance(values.get("metadata"), dict):
        values["metadata"] = {"uid": values["metadata"].get("uid")}
    return values


def stacks(state: Iterable[Declared]) -> frozenset[str]:
    """The names, `<project>/<stack>`, under which the stack wrote what is in the state."""
    parts = (one.values for one in state if one.type == PART_TYPE)
    return frozenset(str(values["stack"]) for values in parts if values.get("stack"))


def known_machines(state: Iterable[Declared]) -> dict[str, KnownMachine]:
    """The machines in the state, by label."""
    return {
        label: KnownMachine(
            frozenset(map(str, one.values.get("addresses") or ())),
            str((one.values.get("reach") or {}).get("host_key")),
        )
        for one in state
        if one.type == STATE_TYPE and (label := _label(one.name, _OF_A_MACHINE)) is not None
    }


def known_clusters(state: Sequence[Declared]) -> dict[str, KnownCluster]:
    """The clusters in the state, by label."""
    parts = {
        label: one
        for one in state
        if one.type == PART_TYPE and (label := _label(one.name, _OF_A_CLUSTER)) is not None
    }
    return {
        label: KnownCluster(
            frozenset(
                uid
                for each in state
                if each is part or (each.type.endswith(PEER_KIND) and each.name.startswith(_begin(label)))
                if (uid := each.values.get("uid") or (each.values.get("metadata") or {}).get("uid"))
            ),
            (part.values.get("kubeconfig"), part.values.get("context")),
        )
        for label, part in parts.items()
    }


def former_machines(
    known: Mapping[str, KnownMachine], now: Sequence[MachineNow]
) -> tuple[dict[str, str], list[str]]:
    """The former label of each machine that has another one now, and what cannot be told in one run.

    A machine is known again by one of its BGP addresses, else by its ssh host's key where its name is new;
    one that has kept its name may have another address.
    """
    labels = {one.label for one in now}
    same: dict[str, list[str]] = {}
    for one in now:
        there = [label for label, old in known.items() if not old.addresses.isdisjoint(one.addresses)]
        if not there and one.label not in known:
            keys = [label for label, old in known.items() if old.host_key == one.host_key]
            there = keys if len(keys) == 1 and keys[0] not in labels else []
        same[one.label] = there
    return _apart("machine", {one.label: one.name for one in now}, same, known)


def former_clusters(
    known: Mapping[str, KnownCluster], now: Sequence[ClusterNow], hosts: Mapping[str, str | None]
) -> tuple[dict[str, str], list[str]]:
    """The former label of each cluster that has another one now, and what cannot be told in one run.

    A cluster is known again by an object of which the state has the uid; where there is none any more, by the
    address of its API, which `hosts` has by label in the state.
    """
    same: dict[str, list[str]] = {}
    for one in now:
        if one.label in known and known[one.label].reach == one.reach:
            same[one.label] = [one.label]
            continue
        there = [label for label, old in known.items() if not old.uids.isdisjoint(one.uids)]
        same[one.label] = there or [label for label in known if one.host and hosts.get(label) == one.host]
    return _apart("cluster", {one.label: one.label for one in now}, same, known)


def all_in_place(known: Mapping[str, KnownCluster], reach: Mapping[str, Reach]) -> bool:
    """Whether every cluster of this run is in the state, reached as then: nothing has to be asked for."""
    return all(label in known and known[label].reach == one for label, one in reach.items())


def _apart(
    what: str, names: Mapping[str, str], same: Mapping[str, Sequence[str]], known: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    former, wrong = {}, []
    for label, there in same.items():
        if not there or label in there:
            continue
        old, name = there[0], names[label] or "the only one"
        called = old or "the only one"
        begin = f"  {what} {name} is what the state has as"
        if len(there) > 1:
            wrong.append(f"{begin} {' and '.join(there)}; keep one of these names")
        elif label in known:
            wrong.append(f"{begin} {called}; and it has another {what} {name}")
        elif old in names:
            wrong.append(f"{begin} {called}; and {called} is now another {what}")
        else:
            former[label] = old
    return former, wrong


def told(wrong: Sequence[str]) -> str:
    """What cannot be told in one run, and what to do about it."""
    return (
        f"names in {NAMESPACE}:machines or {NAMESPACE}:clusters changed so that one run would undo for the"
        " one what it makes for the other; nothing was written:\n" + "\n".join(wrong) + "\nRename in two"
        " runs: first to names that are not in use yet, `pulumi up`, then to those that you want, `pulumi up`"
    )


def _begin(label: str) -> str:
    return f"{ROOT}-{label}-calico-" if label else f"{ROOT}-calico-"


def _label(name: str, part: str) -> str | None:
    """The label in a resource's name: `gateway` of `peering-gateway-state`, empty of `peering-state`."""
    if name == f"{ROOT}-{part}":
        return ""
    begin, end = f"{ROOT}-", f"-{part}"
    return name[len(begin) : -len(end)] if name.startswith(begin) and name.endswith(end) else None
