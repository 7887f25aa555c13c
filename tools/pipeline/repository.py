"""A repository at a forge, as the jobs need it: issues, and the plan of the request that a commit came by.

What GitHub and GitLab answer is read in github_repository.py and gitlab_project.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Issue:
    """One that is open."""

    number: int
    author: str
    body: str


@dataclass(frozen=True)
class MergedRequest:
    """The pull request or merge request that a commit of the default branch came by."""

    number: int
    head: str
    """The last commit of its own branch, which was previewed."""
    title: str = ""
    description: str = ""


class Repository(Protocol):
    """Where issues are written and plans are kept."""

    def user(self) -> str:
        """The login of the token's user."""

    def open_issues(self) -> Iterator[Issue]:
        """All open issues, without pull requests."""

    def create_issue(self, title: str, body: str) -> None:
        """Open a new one."""

    def edit_issue(self, issue: Issue, body: str) -> None:
        """Give one another body."""

    def close_issue(self, issue: Issue, comment: str) -> None:
        """Close one, with a last comment."""

    def merged_request(self, commit: str) -> MergedRequest | None:
        """By which request a commit came; None: by none, it was pushed."""

    def reviewed_plan(self, request: MergedRequest, stack: str) -> bytes | None:
        """The plan of the newest preview of a request's last commit; None: there is none any more."""

    def plan_of_run(self, run: str, stack: str) -> bytes | None:
        """The plan of a preview in this very run; None: there is none."""
