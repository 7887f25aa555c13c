"""The nightly job for one stack: what differs from the program becomes one issue, which ends with it.

A preview that fails is reported in the same issue.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tools.change_request.body import marker
from tools.change_request.command import add_summary, preview_to_files
from tools.change_request.engine import PreviewOptions
from tools.change_request.origin import find_origin
from tools.pipeline.find_repository import find_repository, on_a_forge
from tools.pipeline.job import DRIFTED, FAILED
from tools.pipeline.repository import Issue, Repository

KIND = "drift"


def report(repository: Repository, name: str, body: str | None, origin: str) -> str:
    """Open, update or close the issue of a stack, `project/stack`; what was done, in a word.

    `body`: None when nothing differs. Raises PostError.
    """
    issue = find_issue(repository, name)
    if body is None:
        if not issue:
            return "not needed"
        repository.close_issue(
            issue, f"`pulumi preview --refresh` finds no changes any more.\n\n<sub>{origin}</sub>\n"
        )
        return "closed"
    if issue:
        repository.edit_issue(issue, body)
        return "updated"
    repository.create_issue(f"Drift: {name}", body)
    return "opened"


def find_issue(repository: Repository, name: str) -> Issue | None:
    """The stack's open issue: written by the token's user, with the marker in the beginning."""
    own, user = marker(name, KIND), repository.user()
    return next(
        (each for each in repository.open_issues() if each.author == user and each.body.startswith(own)), None
    )


def drift(stack: str, folder: Path, hidden: Sequence[str]) -> int:
    """Preview and report; the exit code: 0 nothing differs, 7 something does, 1 the preview failed.

    Raises EngineError, PostError.
    """
    written = preview_to_files(stack, folder, PreviewOptions(hidden=hidden), Path("drift.md"), kind=KIND)
    preview = written.request.preview
    add_summary(written.body)
    differs = preview.failed or bool(preview.changes)
    if on_a_forge(os.environ):
        origin = find_origin(os.environ, folder).line()
        done = report(
            find_repository(os.environ), written.request.name, written.body if differs else None, origin
        )
        print(f"The issue was {done}.")
    if preview.failed:
        return FAILED
    return DRIFTED if differs else 0
