"""What changed between the inputs in the state and the new ones, path by path.

Whether a change replaces the resource is mostly not the plugin's to say: pulumi-command marks only a
whole `triggers` that came, went or became unknown. A changed element replaces because its SDK registers
each resource with `replace_on_changes=["triggers[*]"]`, which the engine applies to the paths given
here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from pulumi.runtime.proto import provider_pb2

from lab.command_standin.values import Properties, Value

_Kind = provider_pb2.PropertyDiff
_REPLACING = {
    _Kind.ADD: _Kind.ADD_REPLACE,
    _Kind.DELETE: _Kind.DELETE_REPLACE,
    _Kind.UPDATE: _Kind.UPDATE_REPLACE,
}
_ABSENT = object()
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")


def difference(
    state: Properties, olds: Properties, news: Properties, ignored: Sequence[str]
) -> provider_pb2.DiffResponse:
    """The engine's answer for `olds` becoming `news`; `ignored` properties stay as in `state`."""
    news = news | {name: state[name] for name in ignored if name in state}
    answer = provider_pb2.DiffResponse(hasDetailedDiff=True)
    for path, kind in _changes("", olds, news):
        replaces = path == "triggers"
        answer.detailedDiff[path].kind = _REPLACING[kind] if replaces else kind
        name = re.split(r"[.\[]", path, maxsplit=1)[0]
        if name not in answer.diffs:
            answer.diffs.append(name)
        if replaces:
            answer.replaces.append(name)
    some = provider_pb2.DiffResponse.DIFF_SOME
    answer.changes = some if answer.diffs else provider_pb2.DiffResponse.DIFF_NONE
    return answer


def _changes(
    prefix: str, old: Mapping[str, Value], new: Mapping[str, Value]
) -> Iterator[tuple[str, provider_pb2.PropertyDiff.Kind.ValueType]]:
    for key in sorted(old.keys() | new.keys()):
        name = key if _NAME.match(key) else f"[{json.dumps(key)}]"
        path = f"{prefix}.{name}" if prefix and not name.startswith("[") else prefix + name
        yield from _change(path, old.get(key, _ABSENT), new.get(key, _ABSENT))


def _change(
    path: str, old: object, new: object
) -> Iterator[tuple[str, provider_pb2.PropertyDiff.Kind.ValueType]]:
    if isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip_longest(old, new, fillvalue=_ABSENT)):
            yield from _change(f"{path}[{index}]", before, after)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _changes(path, old, new)
    elif old is _ABSENT or (old is None and new is not None):
        yield path, _Kind.ADD
    elif new is _ABSENT or (new is None and old is not None):
        yield path, _Kind.DELETE
    elif old != new:
        yield path, _Kind.UPDATE
