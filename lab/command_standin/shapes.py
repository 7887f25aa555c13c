"""What a resource's inputs look like: their types, defaults and which are secret; and the check of it.

The refusals are worded as pulumi-command words them, so that a mistake in a program reads the same on
either plugin. What the inputs make happen is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from lab.command_standin.values import Asset, Properties, Secret, Unknown, Value

# A Go type's name as the real plugin prints it, or a nested shape.
Kind: TypeAlias = "str | Shape"


@dataclass(frozen=True)
class Field:
    """One input; `default` is filled in when it is not given."""

    kind: Kind
    required: bool = False
    secret: bool = False
    default: Value = None


@dataclass(frozen=True)
class Shape:
    """An object with named fields; `name` is what a refusal calls it."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)


STRING, NUMBER, INTEGER, BOOLEAN = "string", "float64", "int", "bool"
LIST, STRINGS, STRING_MAP, SOURCE = "[]interface {}", "[]string", "map[string]string", "asset"

_ENDPOINT = {
    "user": Field(STRING, default="root"),
    "password": Field(STRING, secret=True),
    "host": Field(STRING, required=True),
    "port": Field(NUMBER, default=22.0),
    "privateKey": Field(STRING, secret=True),
    "privateKeyPassword": Field(STRING, secret=True),
    "agentSocketPath": Field(STRING),
    "dialErrorLimit": Field(INTEGER, default=10.0),
    "perDialTimeout": Field(INTEGER, default=15.0),
    "hostKey": Field(STRING),
}
_PROXY = Shape("remote.ProxyConnection", _ENDPOINT)
_CONNECTION = Shape("remote.Connection", {**_ENDPOINT, "proxy": Field(_PROXY)})
_LIFECYCLE = {
    "triggers": Field(LIST),
    "create": Field(STRING),
    "update": Field(STRING),
    "delete": Field(STRING),
    "stdin": Field(STRING),
    "logging": Field(STRING),
    "environment": Field(STRING_MAP),
    "addPreviousOutputInEnv": Field(BOOLEAN),
}

REMOTE_COMMAND = Shape(
    "remote.CommandInputs",
    {**_LIFECYCLE, "connection": Field(_CONNECTION, required=True, secret=True)},
)
LOCAL_COMMAND = Shape(
    "local.CommandInputs", {**_LIFECYCLE, "interpreter": Field(STRINGS), "dir": Field(STRING)}
)
COPY_TO_REMOTE = Shape(
    "remote.CopyToRemoteInputs",
    {
        "connection": Field(_CONNECTION, required=True, secret=True),
        "triggers": Field(LIST),
        "source": Field(SOURCE, required=True),
        "remotePath": Field(STRING, required=True),
    },
)


def completed(shape: Shape, inputs: Properties) -> tuple[Properties, dict[str, str]]:
    """`inputs` with defaults and secrets, and the refusals by property (none: they are fine)."""
    result: Properties = {}
    refused = {
        name: f"Unrecognized field '{name}' on '{shape.name}'" for name in inputs if name not in shape.fields
    }
    for name, spec in shape.fields.items():
        value = inputs.get(name)
        if value is None:
            value = spec.default
        if value is None:
            if spec.required:
                refused[name] = f"Missing required field '{name}' on '{shape.name}'"
            continue
        value, reasons = _fitted(shape, name, spec.kind, value)
        refused.update(reasons)
        if spec.secret and not isinstance(value, Secret):
            value = Secret(value)
        result[name] = value
    return result, refused


def _fitted(shape: Shape, name: str, kind: Kind, value: Value) -> tuple[Value, dict[str, str]]:
    """`value` as a `kind`, or why it is none."""
    if isinstance(value, Secret):
        inner, reasons = _fitted(shape, name, kind, value.value)
        return Secret(inner), reasons
    if isinstance(value, Unknown) or kind == SOURCE:
        return value, {}
    if isinstance(kind, Shape):
        if not isinstance(value, dict):
            return value, {name: _wrong(shape, name, kind.name, value)}
        nested, inside = completed(kind, value)
        if not inside:
            return nested, {}
        listed = "".join(f"\n\t{key}: {reason}" for key, reason in inside.items())
        owner = shape.name.rpartition(".")[2]
        count = f"{len(inside)} failures decoding:"
        return nested, {name: f"An error occurred decoding '{owner}.{name}': {count}{listed}"}
    if kind == INTEGER and isinstance(value, float):
        return float(int(value)), {}
    if kind == STRING_MAP and isinstance(value, dict):
        wrong = {f"{name}[{key}] value": inner for key, inner in value.items() if not _text(inner)}
        return value, {where: _wrong(shape, where, STRING, inner) for where, inner in wrong.items()}
    if kind in (LIST, STRINGS):
        fits = isinstance(value, list) and (kind == LIST or all(map(_text, value)))
    else:
        fits = isinstance(value, {STRING: str, NUMBER: float, BOOLEAN: bool}.get(kind, ()))
    return value, {} if fits else {name: _wrong(shape, name, kind, value)}


def _text(value: Value) -> bool:
    """Whether it is a string, or will be one for all that is known."""
    inner = value.value if isinstance(value, Secret) else value
    return isinstance(inner, str | Unknown)


def _wrong(shape: Shape, name: str, wanted: str, value: Value) -> str:
    found = {
        bool: "bool",
        float: "float64",
        str: "string",
        list: "[]interface {}",
        dict: "map[string]interface {}",
        Asset: "asset",
    }.get(type(value), type(value).__name__)
    return f"Field '{name}' on '{shape.name}' must be a '{wanted}'; got '{found}' instead"
