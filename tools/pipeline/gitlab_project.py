"""A project by GitLab's REST API v4: issues, merge requests, and the artifacts of their pipelines' jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel

from tools.change_request.forges import gitlab_rest
from tools.change_request.rest import NotThereError
from tools.pipeline.plan_files import plan_file
from tools.pipeline.repository import Issue, MergedRequest


class GitLabProject:
    """`project` is its id or path."""

    def __init__(self, address: str, project: str, token: str) -> None:
        self._rest = gitlab_rest(address, token)
        self._path = f"/projects/{quote(project, safe='')}"

    def user(self) -> str:
        return str(self._rest.get("/user")["username"])

    def open_issues(self) -> Iterator[Issue]:
        for each in self._rest.read_pages(_Issue, f"{self._path}/issues?state=opened&per_page=100"):
            yield Issue(each.iid, each.author.username if each.author else "", each.description or "")

    def create_issue(self, title: str, body: str) -> None:
        self._rest.write("POST", f"{self._path}/issues", {"title": title, "description": body})

    def edit_issue(self, issue: Issue, body: str) -> None:
        self._rest.write("PUT", f"{self._path}/issues/{issue.number}", {"description": body})

    def close_issue(self, issue: Issue, comment: str) -> None:
        self._rest.write("POST", f"{self._path}/issues/{issue.number}/notes", {"body": comment})
        self._rest.write("PUT", f"{self._path}/issues/{issue.number}", {"state_event": "close"})

    def merged_request(self, commit: str) -> MergedRequest | None:
        path = f"{self._path}/repository/commits/{quote(commit)}/merge_requests?per_page=100"
        for each in self._rest.read_pages(_MergeRequest, path):
            if each.state == "merged" and each.sha:
                return MergedRequest(each.iid, each.sha, each.title, each.description or "")
        return None

    def reviewed_plan(self, request: MergedRequest, stack: str) -> bytes | None:
        path = f"{self._path}/merge_requests/{request.number}/pipelines?per_page=100"
        pipelines = [each for each in self._rest.read_pages(_Pipeline, path) if each.sha == request.head]
        for pipeline in sorted(pipelines, key=lambda each: -each.id):
            jobs = f"{self._path}/pipelines/{pipeline.id}/jobs?per_page=100&scope[]=success"
            for job in self._rest.read_pages(_Job, jobs):
                if job.name == f"preview: [{stack}]":
                    return self._plan_of(job.id, stack)
        return None

    def plan_of_run(self, run: str, stack: str) -> bytes | None:
        # GitLab gives a job the files of those that it needs: the plan is in its folder.
        path = Path(plan_file(stack))
        return path.read_bytes() if path.exists() else None

    def _plan_of(self, job: int, stack: str) -> bytes | None:
        try:
            return self._rest.download(f"{self._path}/jobs/{job}/artifacts/{plan_file(stack)}")
        except NotThereError:
            # A job keeps its artifacts for so many days only.
            return None


class _User(BaseModel):
    username: str = ""


class _Issue(BaseModel):
    iid: int
    author: _User | None = None
    description: str | None = None


class _MergeRequest(BaseModel):
    iid: int
    title: str = ""
    description: str | None = None
    state: str = ""
    sha: str | None = None


class _Pipeline(BaseModel):
    id: int
    sha: str | None = None


class _Job(BaseModel):
    id: int
    name: str
