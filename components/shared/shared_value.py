"""A single value in an object that others own too: what to write, and what was there before us.

A value is whatever JSON has but null: None is "not there". It is written only when it is wanted, and put back
when it is wanted no more, unless somebody has written another one over ours meanwhile: then it is left.

Not here: lists (shared_list.py), and where a value stands in the object. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kept:
    """A value that we wrote, and what stood there before."""

    ours: Any
    before: Any = None

    def as_json(self) -> dict[str, Any]:
        """For a state or an annotation; what was not there before has no key."""
        return {"ours": self.ours} | ({} if self.before is None else {"before": self.before})

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Kept:
        return cls(plain(found["ours"]), plain(found.get("before")))


@dataclass(frozen=True)
class Step:
    """The value to be there (None: none), and what of it is ours from then on (None: nothing)."""

    value: Any
    kept: Kept | None


class OthersValueError(Exception):
    """Somebody else's value is there, which nobody has asked us to take over."""


def settle_value(current: Any, wanted: Any, kept: Kept | None, free: bool) -> Step:
    """What to write where `current` stands; `wanted` None: nothing any more, what is ours goes.

    `kept`: what we know to have written. `free`: whether a value that is not ours may be written over, since
    nobody meant it or somebody told us to take it over. Raises OthersValueError.
    """
    if wanted is None:
        return Step(kept.before if kept and kept.ours == current else current, None)
    if kept:
        return Step(wanted, Kept(wanted, kept.before))
    if current == wanted:
        return Step(current, None)
    if current is not None and not free:
        raise OthersValueError(f"wanted {wanted!r}, found {current!r}")
    return Step(wanted, Kept(wanted, current))


def plain(value: Any) -> Any:
    """As it was written: Pulumi's states have no whole numbers, only floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
