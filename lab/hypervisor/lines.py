"""States as JSON lines through a pipe, of which only the newest counts."""

import json
from typing import Any


def newest(text: bytes) -> tuple[Any, bytes]:
    """The last whole line's object (None while there is none), and what came after it."""
    whole, found, rest = text.rpartition(b"\n")
    if not found:
        return None, text
    return json.loads(whole.rpartition(b"\n")[2]), rest
