"""Our part of a BGPConfiguration, which belongs to the cluster: what of it is ours, and what to write.

Others keep fields and entries in the object, and nothing of theirs is lost: lists are merged as sets
(shared_list.py), single values remembered and put back (shared_value.py). What we wrote over is told in an
annotation as well, in the very write that does it, so that a run that was killed leaves no doubt.

Pure. Not here: reading and writing (bgp_configuration_writer.py), and whose a value of others seems to be
(field_owner.py).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NotRequired, TypedDict

from components.calico.bgp_configuration_fields import (
    FILLED_IN,
    LISTS,
    get_value,
    in_use,
    with_list,
    with_value,
)
from components.calico.stack_names import StackNames
from components.shared.shared_list import plan, present
from components.shared.shared_value import Kept, settle_value

MARK = "calico-peering/values"
"""Annotation: by stack and place, which value is the stack's and what was there before."""
# The object itself among the things of one run (this_run.py).
OBJECT = "the object"

Lists = Mapping[str, Sequence[str]]


class PartArgs(TypedDict):
    """What is wanted in an object. All plain: what was at each place before us is a resource of its own."""

    lists: NotRequired[Lists]
    """Networks by list, in prefixAdvertisements `<network> <community>`; merged as a set. Default: none."""
    values: NotRequired[Mapping[str, Any]]
    """By field, or `communities/<name>`; put back on destroy. Default: none."""


@dataclass(frozen=True)
class Part:
    """What is wanted: keys by list, values by place (bgp_configuration_fields.py), all canonical."""

    lists: Lists = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def places(self) -> list[str]:
        """The places of all of it."""
        return [*(f"{name}/{key}" for name, keys in self.lists.items() for key in keys), *self.values]

    def __bool__(self) -> bool:
        return bool(self.places())


@dataclass(frozen=True)
class Ours:
    """What of the object is ours.

    `added`: by list, keys that were not there before us. `values`: those that we wrote, with what was there
    before. `uid`: the object that this was true of ("" for none): in an object made anew since, or in another
    cluster, nothing is ours. `made`: the object itself is ours. `filled_in`: what the API server set in the
    spec of the object that we made (as FILLED_IN), so nobody's wish.
    """

    added: Mapping[str, list[str]] = field(default_factory=dict)
    values: Mapping[str, Kept] = field(default_factory=dict)
    uid: str = ""
    made: bool = False
    filled_in: Mapping[str, Any] = field(default_factory=dict)

    def places(self) -> list[str]:
        return Part(self.added, self.values).places()


NOTHING = Ours()


@dataclass(frozen=True)
class Before:
    """One place before us: whether something stood there, and the object's uid ("": there was none)."""

    place: str
    uid: str
    listed: bool


@dataclass(frozen=True)
class Wish:
    """What one write is to reach, and all that is known beside the object.

    `before`: what is known of places that `ours` does not know yet; what was not there then is ours, since a
    run that was killed may have written it. `absent`: places (and OBJECT) that this very run saw absent and
    has not written since, so what is there now came from somebody else. `take_over`: places where another's
    value may be written over. `stack`: as `project/stack`; `former_stack`: its name at the last write.
    """

    part: Part
    stack: str
    ours: Ours = NOTHING
    before: Sequence[Before] = ()
    absent: Collection[str] = ()
    take_over: Collection[str] = ()
    former_stack: str = ""

    @property
    def stacks(self) -> StackNames:
        """All names of the stack."""
        return StackNames(self.stack, frozenset({self.former_stack} if self.former_stack else ()))


@dataclass(frozen=True)
class Merged:
    """The object to write, what is ours in it, and whether a write is needed; `gone`: nothing is left of
    it but what the API server set itself, and it is ours."""

    found: dict[str, Any]
    ours: Ours
    changed: bool
    gone: bool


def listed(found: Mapping[str, Any], place: str) -> bool:
    """Whether something stands at a place, whoever wrote it."""
    name, _, key = place.partition("/")
    spec = found.get("spec") or {}
    if name in LISTS:
        return bool(present(spec.get(name) or [], [key], LISTS[name]))
    return get_value(spec, place) is not None


def there(found: Mapping[str, Any], part: Part) -> Part:
    """What of a part is there, whoever wrote it, with the values as they are."""
    spec = found.get("spec") or {}
    return Part(
        {name: present(spec.get(name) or [], keys, LISTS[name]) for name, keys in part.lists.items()},
        {place: value for place in part.values if (value := get_value(spec, place)) is not None},
    )


def marks(found: Mapping[str, Any]) -> dict[str, dict[str, Kept]]:
    """The annotation: by stack, what it wrote over; one that cannot be read is none."""
    text = (found["metadata"].get("annotations") or {}).get(MARK) or "{}"
    try:
        return {
            stack: {place: Kept.from_json(one) for place, one in places.items()}
            for stack, places in json.loads(text).items()
        }
    except (ValueError, AttributeError, LookupError, TypeError):
        return {}


def merged(found: Mapping[str, Any], wish: Wish, filled_in: Mapping[str, Any]) -> Merged:
    """What to write onto the very object `found`, which is not changed itself.

    `filled_in`: what the API server sets in a new object. Raises OthersValueError for the first value of
    somebody else's that is in the way.
    """
    ours = _known(found, wish, filled_in)
    spec: dict[str, Any] = dict(found.get("spec") or {})
    added = {}
    for name in dict.fromkeys([*wish.part.lists, *ours.added]):
        now = spec.get(name) or []
        step = plan(now, wish.part.lists.get(name, ()), ours.added.get(name, ()), LISTS[name])
        if step.changed:
            spec = with_list(spec, name, step.entries)
        if step.added:
            added[name] = step.added
    values = {}
    for place in dict.fromkeys([*wish.part.values, *ours.values]):
        kept, now = ours.values.get(place), get_value(spec, place)
        free = place in wish.take_over or now == FILLED_IN.get(place)
        value = settle_value(now, wish.part.values.get(place), kept, free)
        if value.value is None and in_use(spec, place):
            # It has become others' as well.
            continue
        if value.value != now:
            spec = with_value(spec, place, value.value)
        if value.kept:
            values[place] = value.kept
    changed = _with_marks({**found, "spec": spec}, wish.stacks, [*ours.values, *values], values)
    uid = found["metadata"]["uid"]
    gone = (
        ours.made and not wish.part and all(ours.filled_in.get(name) == value for name, value in spec.items())
    )
    now_ours = replace(ours, added=added, values=values, uid=uid)
    differs = spec != (found.get("spec") or {}) or changed["metadata"] != found["metadata"]
    return Merged(changed, now_ours, differs, gone)


def made_anew(wish: Wish) -> tuple[dict[str, Any], dict[str, str], Ours]:
    """The spec and annotations of an object that is not there yet, and what is ours in it but for its uid."""
    empty = {"metadata": {"uid": ""}, "spec": {}}
    new = merged(empty, Wish(wish.part, wish.stack), {})
    return new.found["spec"], new.found["metadata"].get("annotations") or {}, replace(new.ours, made=True)


def without_ours(spec: Mapping[str, Any], ours: Ours) -> dict[str, Any]:
    """What of the spec of an object that we just made is not ours: what the API server set by itself."""
    places = {*ours.added, *(place.partition("/")[0] for place in ours.values)}
    return {name: value for name, value in spec.items() if name not in places}


def _known(found: Mapping[str, Any], wish: Wish, filled_in: Mapping[str, Any]) -> Ours:
    """What of the object is ours, by the state, the annotation, and what was before us."""
    uid = found["metadata"]["uid"]
    mine = wish.ours if wish.ours.uid == uid else NOTHING
    theirs = {place for place in wish.absent if place != OBJECT and listed(found, place)}
    added = {name: list(keys) for name, keys in mine.added.items()}
    for one in wish.before:
        name, _, key = one.place.partition("/")
        if name in LISTS and not one.listed and one.uid in ("", uid) and one.place not in theirs:
            added.setdefault(name, []).append(key)
    no_object = bool(wish.before) and all(one.uid == "" for one in wish.before)
    if no_object and not wish.ours.uid and OBJECT not in wish.absent:
        mine = Ours(made=True, filled_in=filled_in)
    marked = wish.stacks.its(marks(found))
    asked = {*wish.part.values, *wish.ours.values, *(one.place for one in wish.before)}
    values = {**mine.values, **{place: kept for place, kept in marked.items() if place in asked}}
    return replace(mine, added=added, values=values, uid=uid)


def _with_marks(
    found: Mapping[str, Any], stack: StackNames, forget: Iterable[str], values: Mapping[str, Kept]
) -> dict[str, Any]:
    """A copy whose annotation says what of this stack's is there; empty, it is gone."""
    told = marks(found)
    own = {place: kept for place, kept in stack.its(told).items() if place not in set(forget)} | {**values}
    others = {name: places for name, places in told.items() if name not in stack}
    told = {name: places for name, places in {**others, stack.now: own}.items() if places}
    changed = copy.deepcopy(dict(found))
    annotations = changed["metadata"].get("annotations") or {}
    if told == marks(found):
        return changed
    annotations = {name: text for name, text in annotations.items() if name != MARK}
    if told:
        annotations[MARK] = json.dumps(
            {name: {place: kept.as_json() for place, kept in each.items()} for name, each in told.items()},
            sort_keys=True,
        )
    changed["metadata"] = {**changed["metadata"], "annotations": annotations}
    if not annotations:
        del changed["metadata"]["annotations"]
    return changed
