"""Dynamic resource: our part of a BGPConfiguration, `default` or a node's.

State: `lists` and `values` (wanted and, after a refresh, present), `added` and `kept` (ours, the only ones
that destroy takes away or puts back), `made`, `uid` and `filled_in` (bgp_configuration_part.Ours). Secrets
are no inputs: `kubeconfig` is a path. Another path or context is taken as another way to the same cluster;
for another cluster use another stack, or what is ours in the first stays there.

States of older versions had the service networks alone, as `networks`: they are read as what they meant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    UpdateResult,
)

from components.calico.bgp_configuration_fields import CLUSTER_IPS, DEFAULT, canonical_keys, wrong_places
from components.calico.bgp_configuration_part import Before, Ours, Part, Wish
from components.calico.bgp_configuration_writer import change, part_there
from components.calico.calico_api import client_of, in_cluster
from components.shared.own_provider import OwnProvider, given
from components.shared.shared_list_provider import written
from components.shared.shared_value import Kept, plain
from components.shared.this_run import THIS_RUN

REACH = ("kubeconfig", "context", "calico_api")
INPUTS = ("object", "lists", "values", "take_over", "before", "stack", *REACH)


class BgpConfigurationPartProvider(OwnProvider):
    """Create, read, update, delete. Errors: ProviderError, as calico_api raises it."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Networks in their canonical spelling, each once; a failure names the bad one."""
        part, failures = _part(news), []
        for name, keys in part.lists.items():
            try:
                news = {**news, "lists": {**news["lists"], name: canonical_keys(name, keys)}}
            except (ValueError, LookupError) as error:
                failures.append(CheckFailure("lists", str(error)))
        wrong = wrong_places(news["object"], part.lists, part.values)
        return CheckResult(news, [*failures, *(CheckFailure("values", one) for one in wrong)])

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["object"], self._changed(props, {}))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is there of ours; what somebody removed or changed shows as a difference."""
        props = now_called(props)
        part, ours = _part(props), _ours(props)
        lists = {
            name: list(dict.fromkeys([*part.lists.get(name, ()), *ours.added.get(name, ())]))
            for name in dict.fromkeys([*part.lists, *ours.added])
        }
        found = part_there(client_of(props), props["object"], Part(lists, part.values))
        empty: dict[str, list[str]] = {name: [] for name in part.lists}
        inputs = {
            **given(props, INPUTS),
            "lists": {**empty, **{name: [*keys] for name, keys in found.lists.items()}},
            "values": {**found.values},
        }
        return ReadResult(id_, {**inputs, **_kept(ours), "written": written(props)}, inputs)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._changed(news, now_called(olds)))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        props = now_called(props)
        part, ours = _part(props), _ours(props)
        client, name = client_of(props), props["object"]
        change(client, name, Wish(Part(), props["stack"], ours))
        THIS_RUN.settle(in_cluster(client, name), [*part.places(), *ours.places()])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Order is no difference, nor is how it came about: only what is wanted, and the way there.

        A state of an older version is written anew, which writes nothing in the cluster.
        """
        older, olds = "networks" in olds, now_called(olds)
        before, after = _part(olds), _part(news)
        moved = any(olds.get(key) != news.get(key) for key in REACH)
        replaces = [key for key in ("object",) if olds.get(key) != news.get(key)]
        differs = set(before.places()) != set(after.places()) or before.values != after.values
        renamed = olds.get("stack") != news.get("stack")
        return DiffResult(changes=bool(replaces) or moved or differs or older or renamed, replaces=replaces)

    def _changed(self, props: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        had, part, ours, name = _part(olds).places(), _part(props), _ours(olds), props["object"]
        new = [_before(one) for one in props.get("before") or [] if one["place"] not in had]
        taken, former = props.get("take_over") or (), olds.get("stack") or ""
        wish = Wish(part, props["stack"], ours, new, take_over=taken, former_stack=former)
        client = client_of(props)
        now = change(client, name, wish)
        wanted = set(part.places())
        dropped = [one for one in (*had, *ours.places()) if one not in wanted]
        THIS_RUN.settle(in_cluster(client, name), dropped)
        return {**given(props, INPUTS), **_kept(now), "written": written(olds) + 1}


class BgpConfigurationPart(Resource, module="calico-peering", name="BgpConfigurationPart"):
    """Our part of one object."""

    object: pulumi.Output[str]
    lists: pulumi.Output[dict[str, list[str]]]
    values: pulumi.Output[dict[str, Any]]
    added: pulumi.Output[dict[str, list[str]]]
    """By list, what was not there before us."""
    kept: pulumi.Output[dict[str, Any]]
    """By place, the values that we wrote with what was there before (shared_value.Kept)."""
    made: pulumi.Output[bool]
    uid: pulumi.Output[str]
    filled_in: pulumi.Output[dict[str, Any]]
    written: pulumi.Output[int]
    """How many times this was applied; a new number says that it just was."""

    def __init__(
        self,
        name: str,
        part: Part,
        before: pulumi.Input[Sequence[Mapping[str, Any]]],
        stack: str,
        object_name: str = DEFAULT,
        take_over: Collection[str] = (),
        reach: Mapping[str, pulumi.Input[str] | None] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`before`: what bgp_configuration_part.Before says of each place of `part`. `stack`: as
        `project/stack`. `reach`: how to get to the cluster, as calico_api.client_of takes it."""
        props = {
            "object": object_name,
            "lists": {field: [*keys] for field, keys in part.lists.items()},
            "values": {**part.values},
            "take_over": [*take_over],
            "before": before,
            "stack": stack,
            **{key: (reach or {}).get(key) for key in REACH},
            "added": None,
            "kept": None,
            "made": None,
            "uid": None,
            "filled_in": None,
            "written": None,
        }
        super().__init__(BgpConfigurationPartProvider(), name, props, opts)


def now_called(props: dict[str, Any]) -> dict[str, Any]:
    """A state as it would be written today."""
    if "networks" not in props:
        return props
    return {
        **{key: value for key, value in props.items() if key in (*REACH, "written")},
        "object": DEFAULT,
        "lists": {CLUSTER_IPS: props["networks"] or []},
        "values": {},
        "stack": "",
        "added": {CLUSTER_IPS: props.get("added") or []},
        "kept": {},
        "made": props.get("made_default"),
        "uid": props.get("default_uid"),
        "filled_in": props.get("filled_in"),
    }


def _part(props: Mapping[str, Any]) -> Part:
    return Part(
        {name: keys or [] for name, keys in (props.get("lists") or {}).items()},
        {place: plain(value) for place, value in (props.get("values") or {}).items()},
    )


def _before(one: Mapping[str, Any]) -> Before:
    return Before(one["place"], one.get("uid") or "", bool(one.get("listed")))


def _ours(props: Mapping[str, Any]) -> Ours:
    return Ours(
        props.get("added") or {},
        {place: Kept.from_json(one) for place, one in (props.get("kept") or {}).items()},
        props.get("uid") or "",
        bool(props.get("made")),
        props.get("filled_in") or {},
    )


def _kept(ours: Ours) -> dict[str, Any]:
    return {
        "added": {name: [*keys] for name, keys in ours.added.items()},
        "kept": {place: kept.as_json() for place, kept in ours.values.items()},
        "made": ours.made,
        "uid": ours.uid,
        "filled_in": {**ours.filled_in},
    }
