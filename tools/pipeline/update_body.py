"""The comment that says what an update did: one for each stack on the request it came by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.change_request.body import LIMIT, marker
from tools.change_request.limit import Part, Section, join_within
from tools.change_request.markdown import code, visible
from tools.change_request.origin import Origin
from tools.change_request.preview import Diagnostic
from tools.pipeline.update_run import Run

DONE = {
    "create": "created",
    "change": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "import": "adopted",
}


@dataclass(frozen=True)
class Update:
    """What the comment is made of."""

    name: str
    """`project/stack`."""
    what: str
    """What was to be done, such as `update from the reviewed plan`."""
    run: Run
    origin: Origin
    again: bool = False
    """Whether it was previewed anew and waits for another approval."""


def render_update(update: Update, limit: int = LIMIT) -> str:
    """The body, of at most `limit` characters."""
    run = update.run
    head = [marker(update.name, "update"), f"### {code(update.name[:200])}: {outcome(update)}"]
    if update.again:
        head += [
            "",
            "It was previewed anew: read that comment again, then approve the job `again`.",
        ]
    sections = [
        Section((Part(tuple(head)),), importance=0, kept=True),
        *_messages("Errors", run.preview.reasons, 1),
        *_messages("Warnings", [each for each in run.preview.diagnostics if each.severity == "warning"], 2),
        *_text(run.preview.text),
        Section((Part(("---", f"<sub>{update.origin.line()}</sub>")),), importance=0, kept=True),
    ]
    return f"{join_within(sections, limit - 200).text}\n"


def outcome(update: Update) -> str:
    """The headline after the stack's name."""
    run = update.run
    if run.refused:
        return f"{update.what} refused, nothing was written: the plan that was reviewed fits no longer"
    counts = {
        name: sum(step.operation == kind for step in run.preview.changes) for kind, name in DONE.items()
    }
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    seconds = f"{run.seconds:.0f} s"
    if run.preview.failed:
        return f"{update.what} failed after {seconds}" + (f"; begun: {told}" if told else "")
    return f"{update.what} done in {seconds}: {told or 'no changes'}"


def _messages(title: str, told: Sequence[Diagnostic], importance: int) -> list[Section]:
    parts = tuple(Part(tuple(visible(each.message).splitlines()), "text") for each in told)
    return [Section(parts, importance, title=title)] if parts else []


def _text(text: str) -> list[Section]:
    lines = tuple(visible(text).splitlines())
    return [Section((Part(lines, "text"),), 3, summary="What the engine printed")] if lines else []
