"""What a change request does to a stack, in two sentences: the counts, and what is interrupted."""

from __future__ import annotations

from collections.abc import Sequence

from tools.change_request.interruptions import Interruption
from tools.change_request.preview import Preview
from tools.change_request.words import only_puts_back

COUNTED = {
    "create": "to create",
    "change": "to change",
    "replace": "to replace",
    "delete": "to delete",
    "import": "to adopt",
}
# More than these nobody reads; the resources are below.
SHOWN = 12
NOTHING = "No interruption of sessions or traffic is known of it."


def counts(preview: Preview) -> str:
    """Such as `1 to create, 3 to change`, or `no changes`."""
    numbers = {name: sum(step.operation == name for step in preview.changes) for name in COUNTED}
    told = ", ".join(f"{number} {COUNTED[name]}" for name, number in numbers.items() if number)
    if not told:
        return "no changes"
    back = sum(only_puts_back(step) for step in preview.changes)
    return f"{told} ({back} only to put back what was changed by hand)" if back else told


def outcome(preview: Preview) -> str:
    """What the headline says after the stack's name."""
    if not preview.failed:
        return counts(preview)
    if any(each.level == "mandatory" for each in preview.violations):
        return f"stopped by a policy: {counts(preview)}"
    return "the preview failed"


def interruption_lines(preview: Preview, found: Sequence[Interruption]) -> list[str]:
    """One line for each consequence, in Markdown; or a sentence that there is none."""
    if not found:
        # Of a preview that ended early nothing can be said.
        return [] if preview.failed and not preview.violations else [NOTHING]
    lines = ["**Interrupts sessions or traffic:**"]
    for each in found[:SHOWN]:
        number = f" ({len(each.names)} resources)" if len(each.names) > 1 else ""
        lines.append(f"- {each.cause}{number}: {each.consequence}")
    if len(found) > SHOWN:
        lines.append(f"- and {len(found) - SHOWN} more consequences")
    return lines
