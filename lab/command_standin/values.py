"""Property values between the wire's form and plain Python.

On the wire a secret, an asset or an unknown is a marked object or string (pulumi's
developer-docs/providers, "property values"). Pulumi's own Python decoder for providers loses unknowns
and the hashes of assets, so this is ours. Nothing here knows about resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The engine names an unknown by the kind of value expected; as an answer it takes any of them.
_UNKNOWNS = {
    _UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


class Unknown(Enum):
    """A value that is only known once something else has been made."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A value that is to be encrypted in the state and hidden in output."""

    value: "Value"


@dataclass(frozen=True)
class Asset:
    """An asset or an archive; empty strings and absent parts mean the same."""

    archive: bool
    path: str = ""
    text: str | None = None
    uri: str = ""
    hash: str = ""
    assets: Mapping[str, Any] | None = None


Value: TypeAlias = bool | float | str | list["Value"] | dict[str, "Value"] | Secret | Asset | Unknown | None
Properties: TypeAlias = dict[str, Value]


def decoded(struct: Any) -> Properties:
    """The properties in a protobuf struct; those that are null are left out."""
    return {
        key: _decode(value) for key, value in json_format.MessageToDict(struct).items() if value is not None
    }


def encoded(properties: Mapping[str, Value]) -> Any:
    """`properties` as a protobuf struct."""
    plain = {key: _encode(value) for key, value in properties.items()}
    return json_format.ParseDict(plain, struct_pb2.Struct())


def _decode(value: Any) -> Value:
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS else value
    if isinstance(value, list):
        return [_decode(inner) for inner in value]
    if not isinstance(value, dict):
        return None if value is None else value if isinstance(value, bool) else float(value)
    match value.get(_SIGNATURE):
        case str(signature) if signature == _SECRET:
            return Secret(_decode(value.get("value")))
        case str(signature) if signature == _OUTPUT:
            known = _decode(value["value"]) if "value" in value else UNKNOWN
            return Secret(known) if value.get("secret") else known
        case str(signature) if signature in (_ASSET, _ARCHIVE):
            archive = signature == _ARCHIVE
            path, uri = value.get("path") or "", value.get("uri") or ""
            assets = value.get("assets")
            # An asset that is neither file nor address is a text, also when that text is empty.
            is_text = not (archive or path or uri)
            text = value.get("text") or "" if is_text else None
            return Asset(archive, path, text, uri, value.get("hash") or "", assets)
        case _:
            return {key: _decode(inner) for key, inner in value.items()}


def _encode(value: Value) -> Any:
    match value:
        case Unknown():
            return _UNKNOWN
        case Secret():
            return {_SIGNATURE: _SECRET, "value": _encode(value.value)}
        case Asset():
            signature = _ARCHIVE if value.archive else _ASSET
            parts = {"path": value.path, "uri": value.uri, "hash": value.hash}
            own = {"assets": value.assets or {}} if value.archive else {"text": value.text or ""}
            return {_SIGNATURE: signature} | parts | own
        case list():
            return [_encode(inner) for inner in value]
        case dict():
            return {key: _encode(inner) for key, inner in value.items()}
        case _:
            return value


def revealed(value: Value) -> Any:
    """`value` with every secret inside taken out of its wrapping."""
    match value:
        case Secret():
            return revealed(value.value)
        case list():
            return [revealed(inner) for inner in value]
        case dict():
            return {key: revealed(inner) for key, inner in value.items()}
        case _:
            return value


def has_unknown(value: Value) -> bool:
    """Whether anything in `value` is not known yet."""
    match value:
        case Unknown():
            return True
        case Secret():
            return has_unknown(value.value)
        case list():
            return any(has_unknown(inner) for inner in value)
        case dict():
            return any(has_unknown(inner) for inner in value.values())
        case _:
            return False
