"""Removes secrets from what is kept of a run: by what they look like, and by a lab's known values.

Three kinds. In the stack's state, every secret that the engine marked, encrypted or not, and the salt of the
passphrase. In any text, blocks of private keys. And the values of this lab's own files: the passphrase,
the clouds' passwords, the kubeconfig's keys and tokens. It knows no secret that a test makes up for itself.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from lab.layout import Layout

REMOVED = "[secret removed]"
# By which the engine marks a special value in its state, and which of them is a secret
# (pulumi/sdk/go/common/resource/sig).
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
# Whole, with line ends in whatever spelling; of one that is cut off, as far as it can be one.
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"(?:[^-]{0,20000}-----END [A-Z ]*PRIVATE KEY-----|[A-Za-z0-9+/=\s\\]*)"
)
# Fields of clouds.yaml and a kubeconfig whose values are secret.
SECRET_FIELDS = {"password", "token", "secret", "application_credential_secret", "client-key-data"}
# Fields of the state that hold one without the engine's mark.
STATE_FIELDS = {"ciphertext", "plaintext", "encryptedkey", "salt"}
# A shorter value may be a word that stands elsewhere too.
SHORTEST = 8


def without_secrets(value: Any) -> Any:
    """A stack's state, or a part of it, with every secret replaced."""
    if isinstance(value, list):
        return [without_secrets(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
        return REMOVED
    return {key: REMOVED if key in STATE_FIELDS else without_secrets(part) for key, part in value.items()}


def _field_values(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        for part in value:
            yield from _field_values(part)
    if isinstance(value, dict):
        for key, part in value.items():
            if key in SECRET_FIELDS and isinstance(part, str):
                yield part
            yield from _field_values(part)


def _text(path: Path) -> str:
    """A file's text; empty while it is not there, as before a lab is up."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def known_secrets(layout: Layout) -> set[str]:
    """The values in the lab's files that are secret."""
    found = {_text(layout.folder / "stack" / "passphrase").strip()}
    for path in (layout.kubeconfig, layout.clouds):
        try:
            found.update(_field_values(yaml.safe_load(_text(path))))
        except yaml.YAMLError:
            continue
    return {value for value in found if len(value) >= SHORTEST}


def remove_secrets(text: str, known: Iterable[str] = ()) -> str:
    """The text without private keys and without the known values, the longest first."""
    text = PRIVATE_KEY.sub(REMOVED, text)
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, REMOVED)
    return text
