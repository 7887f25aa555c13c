"""The short form for a terminal: the headline, what is interrupted, why it failed, and where the body is."""

from __future__ import annotations

from tools.change_request.body import Request
from tools.change_request.headline import interruption_lines, outcome
from tools.change_request.interruptions import find_interruptions
from tools.change_request.markdown import visible
from tools.change_request.words import calico_words, drift_words, port_words


def render_short(request: Request) -> str:
    """A few lines of plain text."""
    preview = request.preview
    lines = [f"{visible(request.name)}: {outcome(preview)}"]
    for each in preview.reasons if preview.failed else ():
        lines += [f"  error: {line}" for line in visible(each.message).splitlines()]
    lines += dict.fromkeys(
        f"  policy {each.policy} ({each.level}): {' '.join(visible(each.message).split())}"
        for each in preview.violations
    )
    if preview.changes or preview.failed:
        lines += [line.replace("**", "") for line in interruption_lines(preview, find_interruptions(preview))]
    lines += [f"  {line}" for line in (*port_words(preview), *calico_words(preview))]
    lines += [f"  changed by hand: {line}" for step in preview.drift for line in drift_words(step)]
    return "\n".join(lines) + "\n"
