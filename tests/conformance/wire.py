"""Property values as the engine sends them to a plugin, written down in plain Python.

Secrets, assets and unknowns are marked objects on the wire. These helpers are the tests' own, not the
stand-in's: a mistake in its decoding must not hide itself here.
"""

import hashlib
from typing import Any

from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_ASSET = "030794c1-ac77-496b-92df-f27374a8bd58"

# The wire names an unknown by the kind of value it will be.
UNKNOWNS = {
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    UNKNOWN_ASSET,
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

Properties = dict[str, Any]


def to_struct(properties: Properties) -> Any:
    """The protobuf struct of `properties`."""
    return json_format.ParseDict(properties, struct_pb2.Struct())


def from_struct(struct: Any) -> Properties:
    """`struct` in plain Python; all numbers are floats, as they are on the wire."""
    result: Properties = json_format.MessageToDict(struct)
    return result


def secret(value: Any) -> Properties:
    """`value` marked secret."""
    return {SIGNATURE: SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Whether `value` is marked secret as a whole."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def is_unknown(value: Any) -> bool:
    """Whether `value` is not known yet."""
    return isinstance(value, str) and value in UNKNOWNS


def revealed(value: Any) -> Any:
    """`value` with every secret marking inside taken off."""
    if is_secret(value):
        return revealed(value["value"])
    if isinstance(value, dict):
        return {key: revealed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [revealed(inner) for inner in value]
    return value


def text_asset(text: str) -> Properties:
    """A StringAsset."""
    return {SIGNATURE: ASSET, "text": text, "hash": hashlib.sha256(text.encode()).hexdigest()}


def file_asset(path: str, content_hash: str = "0" * 64) -> Properties:
    """A FileAsset; its hash is the engine's to compute, so tests say when it changes."""
    return {SIGNATURE: ASSET, "path": path, "hash": content_hash}


def folder_archive(path: str, content_hash: str = "0" * 64) -> Properties:
    """A FileArchive of a folder."""
    return {SIGNATURE: ARCHIVE, "path": path, "hash": content_hash}
