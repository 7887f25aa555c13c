"""Takes secrets out of texts, before anything is made of these.

The engine masks what it knows to be secret. What it does not know is a secret within another text, such as a
provider's error message: the values of the configuration and of the environment are known here, also in other
spellings, and what looks like a key is taken out wherever it comes from.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from tools.change_request.markdown import visible
from tools.change_request.preview import SECRET

# Shorter ones would be found in half of all words; BIRD and sshd have none as short.
SHORTEST = 4
# A line of a secret of several lines counts for itself, as when a message has only one of them.
SHORTEST_LINE = 8
ENVIRONMENT = re.compile(r"TOKEN|PASSWORD|PASSPHRASE|SECRET|CREDENTIAL|PRIVATE_KEY|ACCESS_KEY", re.IGNORECASE)
PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?")
BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")

T = TypeVar("T")


class Scrubber:
    """Knows the secrets, and takes them out."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {each for secret in secrets for part in _parts(secret) for each in _spellings(part)}
        # The longest first: another may be a part of it.
        ordered = sorted(filter(str.split, spellings), key=lambda each: (-len(each), each))
        self._known = re.compile("|".join(map(_pattern, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The text with SECRET in the place of each, and without what is invisible (markdown.visible)."""
        # First, since what is invisible could stand within a secret.
        text = visible(text)
        if self._known:
            text = self._known.sub(SECRET, text)
        text = PEM.sub(SECRET, text)
        text = WEB_TOKEN.sub(SECRET, text)
        return BASE64.sub(lambda found: SECRET if _looks_random(found[0]) else found[0], text)

    def clean(self, value: T) -> T:
        """The same value with all texts in it cleaned: of mappings, lists, tuples, sets and dataclasses."""
        cleaned: Any = self._clean(value)
        return cleaned  # type: ignore[no-any-return]

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._clean(key): self._clean(each) for key, each in value.items()}
        if isinstance(value, list | tuple | frozenset):
            return type(value)(self._clean(each) for each in value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{each.name: self._clean(getattr(value, each.name)) for each in fields(value)}
            )
        return value


def environment_secrets(environment: Mapping[str, str]) -> list[str]:
    """The values of the variables whose names say that they are secret."""
    return [value for name, value in environment.items() if ENVIRONMENT.search(name)]


def secret_leaves(value: str, shown: str | None = None) -> list[str]:
    """The texts of a secret setting, which may be an object in JSON.

    `shown` is the same setting as the engine shows it, with SECRET in the place of what is secret: only
    these are returned then. Without it all of an object's texts are.
    """
    try:
        document = json.loads(value)
    except ValueError:
        return [value]
    if not isinstance(document, dict | list):
        return [value]
    try:
        mask = json.loads(shown or "")
    except ValueError:
        mask = SECRET
    return _leaves(document, mask)


def _leaves(value: Any, mask: Any) -> list[str]:
    if isinstance(value, dict):
        masks = [mask.get(key) if isinstance(mask, dict) else mask for key in value]
        return [leaf for each, its in zip(value.values(), masks, strict=True) for leaf in _leaves(each, its)]
    if isinstance(value, list):
        several = mask if isinstance(mask, list) and len(mask) == len(value) else [mask] * len(value)
        return [leaf for each, its in zip(value, several, strict=True) for leaf in _leaves(each, its)]
    return [value] if isinstance(value, str) and mask == SECRET else []


def _parts(secret: str) -> list[str]:
    whole = secret.strip()
    lines = [line.strip() for line in whole.splitlines()]
    return [
        *([whole] if len(whole) >= SHORTEST else []),
        *(line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----")),
    ]


def _spellings(text: str) -> list[str]:
    """As it is, and as it may be written within other texts."""
    return [
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        html.escape(text),
        quote(text, safe=""),
        quote_plus(text),
        base64.b64encode(text.encode()).decode(),
        base64.b64encode(f"{text}\n".encode()).decode(),
    ]


def _pattern(spelling: str) -> str:
    """A spelling wherever lines are broken in it, and with `+` for spaces as in a form."""
    return r"(?:\s+|\++)".join(re.escape(word) for word in visible(spelling).split())


def _looks_random(text: str) -> bool:
    """Whether it is base64 of something, and no path, checksum in hexadecimal digits, or word."""
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]")
    return text.count("/") <= len(text) / 16 and all(len(re.findall(kind, text)) >= 2 for kind in kinds)
