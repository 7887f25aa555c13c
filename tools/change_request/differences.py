"""What is different between two values of properties, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One path with its two values; None stands for nothing there."""

    path: str
    """Such as `spec.asNumber`, `rules[0].cidr`; of a list of plain values the list's own."""
    old: Any
    new: Any


def list_differences(old: Any, new: Any, path: str = "") -> list[Difference]:
    """The differences, in the order of the paths.

    The order of a list of plain values is no difference: each value that came or went is one.
    """
    return list(_walk(old, new, path))


def _walk(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if old == new:
        return
    if _is_object(old) and _is_object(new):
        for key in sorted({*(old or {}), *(new or {})}):
            yield from _walk((old or {}).get(key), (new or {}).get(key), f"{path}.{key}" if path else key)
    elif _plain_list(old) and _plain_list(new) and (old or new):
        gone = [each for each in old or [] if each not in (new or [])]
        came = [each for each in new or [] if each not in (old or [])]
        yield from (Difference(path, each, None) for each in gone)
        yield from (Difference(path, None, each) for each in came)
    elif isinstance(old, list) and isinstance(new, list):
        for place in range(max(len(old), len(new))):
            before, after = (each[place] if place < len(each) else None for each in (old, new))
            yield from _walk(before, after, f"{path}[{place}]")
    else:
        yield Difference(path, old, new)


def _is_object(value: Any) -> bool:
    """Whether it is an object, or nothing."""
    return value is None or isinstance(value, Mapping)


def _plain_list(value: Any) -> bool:
    """Whether it is a list without objects and lists in it, or nothing."""
    return value is None or (
        isinstance(value, list) and not any(isinstance(each, Mapping | list) for each in value)
    )
