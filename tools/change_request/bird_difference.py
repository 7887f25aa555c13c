"""BIRD's configurations as a difference of texts, as `diff -u` has it."""

from __future__ import annotations

from difflib import unified_diff

from tools.change_request.bird_protocols import is_configuration
from tools.change_request.markdown import visible
from tools.change_request.preview import UNKNOWN, Preview, Step

CONTEXT = 3


def bird_differences(preview: Preview) -> list[tuple[Step, list[str]]]:
    """The resources that deliver a configuration which changes, each with the lines of the difference."""
    found = []
    for step in preview.changes:
        old, new = _text(step, step.before), _text(step, step.after)
        if old != new:
            lines = unified_diff(visible(old).splitlines(), visible(new).splitlines(), n=CONTEXT, lineterm="")
            # Without the names of two files.
            found.append((step, [*lines][2:]))
    return found


def _text(step: Step, properties: object) -> str:
    values = properties if isinstance(properties, dict) else {}
    text = values.get("stdin")
    if is_configuration(text):
        return str(text)
    return f"{UNKNOWN}\n" if text == UNKNOWN and is_configuration(step.before.get("stdin")) else ""
