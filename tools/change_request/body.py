"""The comment: one body in Markdown, within the limit, and the same in full."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from tools.change_request.bird_difference import bird_differences
from tools.change_request.headline import interruption_lines, outcome
from tools.change_request.interruptions import find_interruptions
from tools.change_request.limit import Part, Section, join_within
from tools.change_request.markdown import code, visible
from tools.change_request.origin import Origin
from tools.change_request.preview import Diagnostic, Preview
from tools.change_request.words import calico_words, drift_words, other_lines, port_words

# GitHub takes 65,536 characters in a comment, and as many again in no step summary of 1 MiB.
LIMIT = 60_000
KIND = "change-request"
# A full text is for a file.
UNLIMITED = 100_000_000
WIDTH = 110
# Resources by name at a violation that many have.
SHOWN_NAMES = 3
# Of a name in the headline and of a line in the headline's list, which are never cut.
LONGEST_LINE = 1_000


@dataclass(frozen=True)
class Request:
    """What a body is made of; the preview has no secrets any more."""

    project: str
    stack: str
    preview: Preview
    origin: Origin
    full_text: str = ""
    """The name of the file with the full text; empty: there is none."""
    kind: str = KIND
    """What it is written for: a change request, or an issue."""

    @property
    def name(self) -> str:
        """`project/stack`."""
        return f"{self.project}/{self.stack}"


def marker(name: str, kind: str = KIND) -> str:
    """The hidden line by which the text of a kind on a stack, `project/stack`, is found again."""
    safe = re.sub(r"[^A-Za-z0-9._/-]", "_", name).replace("--", "-_")
    return f"<!-- calico-peering {kind} {safe} -->"


def render_body(request: Request, limit: int = LIMIT) -> str:
    """The body, of at most `limit` characters (1 = a code point; at least 20,000)."""
    sections = [_head(request), *_sections(request)]
    joined = join_within([*sections, _foot(request)], limit - 2_000)
    if not joined.omitted:
        return f"{joined.text}\n"
    where = f" The full text is in {code(request.full_text)}." if request.full_text else ""
    note = f"Left out here, for the length: {'; '.join(joined.omitted)}.{where}"
    return f"{joined.text}\n\n{note}\n"


def _head(request: Request) -> Section:
    preview = request.preview
    interruptions = interruption_lines(preview, find_interruptions(preview))
    title = f"### {code(request.name[:200])}: {outcome(preview)}"
    lines = [marker(request.name, request.kind), title]
    if interruptions and (preview.changes or preview.failed):
        lines += ["", *(line if len(line) <= LONGEST_LINE else LONG_LINE for line in interruptions)]
    if preview.drift:
        number = len(preview.drift)
        lines += [
            "",
            f"Changed by hand since the last `up`: {number} {'resource' if number == 1 else 'resources'}.",
        ]
    return Section((Part(tuple(lines)),), importance=0, kept=True)


LONG_LINE = "- a consequence that is too long for a headline: see the resources below"


def _sections(request: Request) -> list[Section]:
    preview = request.preview
    told = [
        *_policies(preview),
        *_diagnostics("Warnings", [each for each in preview.diagnostics if each.severity == "warning"], 2),
    ]
    if not preview.changes and not preview.failed:
        # Nothing for a reviewer to do: what is always said is folded.
        parts = tuple(part for each in told for part in each.parts)
        told = [Section(parts, 2, summary="Warnings and policies")] if parts else []
    return [
        *_reasons(preview),
        *told,
        *_bird(preview),
        *_listed("Ports", port_words(preview), 4),
        *_listed("Calico", calico_words(preview), 4),
        *_listed(
            "Changed by hand since the last `up`", [w for step in preview.drift for w in drift_words(step)], 5
        ),
        *_folded("All resources that change", other_lines(preview), 6, "text"),
        *_diagnostics(
            "Messages", [each for each in preview.diagnostics if each.severity == "info"], 7, fold=True
        ),
        *_folded("What the engine printed", visible(preview.text).splitlines(), 8, "text"),
    ]


def _reasons(preview: Preview) -> list[Section]:
    if not preview.failed:
        return []
    reasons = preview.reasons
    if not reasons and not preview.violations:
        reasons = [Diagnostic("error", "The engine ended without an error message; its text is below.")]
    return _diagnostics("Why the preview failed", reasons, 1)


def _policies(preview: Preview) -> list[Section]:
    if not preview.violations:
        return []
    # Said once, where many resources violate a policy in the same way.
    names: dict[tuple[str, str, str], list[str]] = {}
    for each in preview.violations:
        names.setdefault((each.level, each.policy, each.message), []).append(each.name)
    lines: list[str] = []
    for (level, policy, message), those in names.items():
        shown, more = ", ".join(filter(None, those[:SHOWN_NAMES])), len(those) - SHOWN_NAMES
        about = f" ({shown}{f' and {more} more' if more > 0 else ''})" if shown else ""
        lines += _wrapped(f"{level}: {policy}{about}: {message}")
    return [Section((Part(tuple(lines), "text"),), 1, title="Policies")]


def _diagnostics(
    title: str, told: Iterable[Diagnostic], importance: int, fold: bool = False
) -> list[Section]:
    parts = []
    for each in told:
        about = f"{each.name}: " if each.name and each.severity == "error" else ""
        parts.append(Part(tuple(_wrapped(f"{about}{each.message}")), "text"))
    if not parts:
        return []
    if fold:
        return [Section(tuple(parts), importance, summary=title)]
    return [Section(tuple(parts), importance, title=title)]


def _bird(preview: Preview) -> list[Section]:
    compared: list[Part] = []
    whole: list[Part] = []
    for step, lines in bird_differences(preview):
        # Where all of a text is new, or goes, there is nothing to compare.
        parts = compared if step.operation == "change" else whole
        parts += [Part((code(step.name),)), Part(tuple(lines), "diff")]
    return [
        *([Section(tuple(compared), 3, title="BIRD's configuration")] if compared else []),
        *([Section(tuple(whole), 6, summary="BIRD's configuration")] if whole else []),
    ]


def _listed(title: str, words: list[str], importance: int) -> list[Section]:
    return [Section((Part(tuple(f"- {each}" for each in words)),), importance, title=title)] if words else []


def _folded(summary: str, lines: list[str], importance: int, language: str) -> list[Section]:
    return (
        [Section((Part(tuple(map(visible, lines)), language),), importance, summary=summary)] if lines else []
    )


def _foot(request: Request) -> Section:
    return Section((Part(("---", f"<sub>{request.origin.line()}</sub>")),), importance=0, kept=True)


def _wrapped(text: str) -> list[str]:
    """Lines that are read without scrolling, however long the text's own are."""
    return [
        part.rstrip()
        for line in visible(text).splitlines()
        for part in textwrap.wrap(line, WIDTH, drop_whitespace=False, break_on_hyphens=False) or [""]
    ]
