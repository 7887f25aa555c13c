"""The comments of one pull request on GitHub, or of one merge request on GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from tools.change_request.rest import PostError, Rest

# GitHub's own user of the token that Actions gives to a job, which may not ask who it is.
ACTIONS = "github-actions[bot]"


@dataclass(frozen=True)
class Comment:
    """One that is there."""

    id: int
    author: str
    """The login of whoever wrote it."""
    body: str


def github_rest(address: str, token: str, permission: str) -> Rest:
    """GitHub's REST API (2022-11-28); Gitea and Forgejo understand it too."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Rest(address, headers, permission)


def github_user(rest: Rest) -> str:
    """The login of the token's user."""
    try:
        return str(rest.get("/user")["login"])
    except PostError as error:
        # The job's own token gets a 403 here, and is always the same user's.
        if "refused with 403" in str(error):
            return ACTIONS
        raise


def gitlab_rest(address: str, token: str) -> Rest:
    """GitLab's REST API v4."""
    return Rest(address, {"PRIVATE-TOKEN": token}, "the scope `api` and the role Reporter, or a higher one")


class Forge(Protocol):
    """Where a comment is written."""

    def user(self) -> str:
        """The login of the token's user."""

    def comments(self) -> Iterator[Comment]:
        """All comments of the request, the oldest first."""

    def edit(self, comment: Comment, body: str) -> None:
        """Give a comment another body."""

    def create(self, body: str) -> None:
        """Write a new one."""


class GitHub:
    """A pull request."""

    def __init__(self, address: str, repository: str, number: int, token: str, user: str = "") -> None:
        """`address` of the API; `repository` as `owner/name`; `user`: the token's login, empty to ask."""
        self._rest = github_rest(address, token, "`pull-requests: write`")
        self._repository = quote(repository, safe="/")
        self._number = number
        self._user = user

    def user(self) -> str:
        return self._user or github_user(self._rest)

    def comments(self) -> Iterator[Comment]:
        path = f"/repos/{self._repository}/issues/{self._number}/comments?per_page=100"
        for each in self._rest.pages(path):
            yield Comment(
                each["id"], str((each.get("user") or {}).get("login") or ""), each.get("body") or ""
            )

    def edit(self, comment: Comment, body: str) -> None:
        self._rest.write("PATCH", f"/repos/{self._repository}/issues/comments/{comment.id}", {"body": body})

    def create(self, body: str) -> None:
        self._rest.write("POST", f"/repos/{self._repository}/issues/{self._number}/comments", {"body": body})


class GitLab:
    """A merge request."""

    def __init__(self, address: str, project: str, number: int, token: str) -> None:
        """`address` of the API, with `/api/v4`; `project`: id or path; `token`: with the scope `api`."""
        self._rest = gitlab_rest(address, token)
        self._notes = f"/projects/{quote(project, safe='')}/merge_requests/{number}/notes"

    def user(self) -> str:
        return str(self._rest.get("/user")["username"])

    def comments(self) -> Iterator[Comment]:
        for each in self._rest.pages(f"{self._notes}?per_page=100&sort=asc&order_by=created_at"):
            if not each.get("system"):
                author = str((each.get("author") or {}).get("username") or "")
                yield Comment(each["id"], author, each.get("body") or "")

    def edit(self, comment: Comment, body: str) -> None:
        self._rest.write("PUT", f"{self._notes}/{comment.id}", {"body": body})

    def create(self, body: str) -> None:
        self._rest.write("POST", self._notes, {"body": body})
