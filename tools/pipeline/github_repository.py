"""A repository by GitHub's REST API: issues, pull requests, and the artifacts of workflow runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from pydantic import BaseModel

from tools.change_request.forges import github_rest, github_user
from tools.change_request.rest import PostError
from tools.pipeline.plan_files import LARGEST_PLAN, artifact, plan_file
from tools.pipeline.repository import Issue, MergedRequest


class GitHubRepository:
    """`repository` is `owner/name`; `user` the token's login, empty to ask."""

    def __init__(self, address: str, repository: str, token: str, user: str = "") -> None:
        permissions = "`issues: write`, `pull-requests: write`, `actions: read` and `contents: read`"
        self._rest = github_rest(address, token, permissions)
        self._path = f"/repos/{quote(repository, safe='/')}"
        self._user = user

    def user(self) -> str:
        return self._user or github_user(self._rest)

    def open_issues(self) -> Iterator[Issue]:
        for each in self._rest.read_pages(_Issue, f"{self._path}/issues?state=open&per_page=100"):
            # GitHub lists pull requests as issues.
            if not each.pull_request:
                yield Issue(each.number, each.user.login if each.user else "", each.body or "")

    def create_issue(self, title: str, body: str) -> None:
        self._rest.write("POST", f"{self._path}/issues", {"title": title, "body": body})

    def edit_issue(self, issue: Issue, body: str) -> None:
        self._rest.write("PATCH", f"{self._path}/issues/{issue.number}", {"body": body})

    def close_issue(self, issue: Issue, comment: str) -> None:
        self._rest.write("POST", f"{self._path}/issues/{issue.number}/comments", {"body": comment})
        self._rest.write("PATCH", f"{self._path}/issues/{issue.number}", {"state": "closed"})

    def merged_request(self, commit: str) -> MergedRequest | None:
        path = f"{self._path}/commits/{quote(commit)}/pulls?per_page=100"
        for each in self._rest.read_pages(_Pull, path):
            if each.merged_at and each.merge_commit_sha == commit:
                return MergedRequest(each.number, each.head.sha, each.title, each.body or "")
        return None

    def reviewed_plan(self, request: MergedRequest, stack: str) -> bytes | None:
        listed = self._artifacts(f"{self._path}/actions/artifacts", stack)
        return self._plan(
            stack,
            [each for each in listed if each.workflow_run and each.workflow_run.head_sha == request.head],
        )

    def plan_of_run(self, run: str, stack: str) -> bytes | None:
        return self._plan(stack, self._artifacts(f"{self._path}/actions/runs/{quote(run)}/artifacts", stack))

    def _artifacts(self, path: str, stack: str) -> list[_Artifact]:
        found = self._rest.read(_Artifacts, f"{path}?name={quote(artifact(stack))}&per_page=100").artifacts
        return [each for each in found if not each.expired]

    def _plan(self, stack: str, artifacts: Sequence[_Artifact]) -> bytes | None:
        """Of the newest."""
        if not artifacts:
            return None
        newest = max(artifacts, key=lambda each: (each.created_at or "", each.id))
        return _plan_in(self._rest.download(f"{self._path}/actions/artifacts/{newest.id}/zip"), stack)


class _User(BaseModel):
    login: str = ""


class _Issue(BaseModel):
    number: int
    user: _User | None = None
    body: str | None = None
    pull_request: object = None


class _Commit(BaseModel):
    sha: str


class _Pull(BaseModel):
    number: int
    title: str = ""
    body: str | None = None
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    head: _Commit


class _Run(BaseModel):
    head_sha: str | None = None


class _Artifact(BaseModel):
    id: int
    expired: bool = False
    created_at: str | None = None
    workflow_run: _Run | None = None


class _Artifacts(BaseModel):
    artifacts: list[_Artifact]


def _plan_in(content: bytes, stack: str) -> bytes | None:
    name, plan = artifact(stack), plan_file(stack)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if plan not in archive.namelist():
                return None
            if archive.getinfo(plan).file_size > LARGEST_PLAN:
                raise PostError(
                    f"artifact {name}: {plan} is larger than {LARGEST_PLAN} bytes, which no plan is"
                )
            return archive.read(plan)
    except zipfile.BadZipFile:
        raise PostError(f"artifact {name}: expected a zip archive, found something else") from None
