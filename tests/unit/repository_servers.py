"""A forge on loopback that also has issues, merged requests and artifacts, as GitHub and GitLab answer.

Artifacts are folders on this machine. It deliberately knows one repository, `octo/site` or `group/site`, and
the request 7 alone.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.unit.forge_servers import TOKEN, ForgeServer, serving

Reply = Callable[[re.Match[str], dict[str, list[str]], Any], tuple[int, Any, str]]
HEAD = "1" * 40
MERGED = "2" * 40


@dataclass
class RepositoryServer(ForgeServer):
    """What a job asks a repository for."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    """As the forge's API has them."""
    artifacts: dict[str, Path] = field(default_factory=dict)
    """Folders by the artifact's name, of the last commit of request 7 and of every run."""
    merged: str = MERGED
    """The commit that request 7 became."""
    title: str = "One network more"
    description: str = ""
    head: str = HEAD

    def open_issues(self) -> list[dict[str, Any]]:
        """Those that are not closed."""
        return [each for each in self.issues if each["state"] in ("open", "opened")]

    def add_issue(self, author: str, body: str, **more: Any) -> dict[str, Any]:
        """An issue that is there."""
        number = 100 + len(self.issues)
        made: dict[str, Any] = (
            {"number": number, "user": {"login": author}, "body": body, "state": "open", **more}
            if self.kind == "github"
            else {
                "iid": number,
                "author": {"username": author},
                "description": body,
                "state": "opened",
                **more,
            }
        )
        self.issues.append(made)
        return made

    def answer(self, method: str, url: str, token: str | None, sent: Any) -> tuple[int, Any, str]:
        if token == TOKEN and method not in self.refuses:
            path, query = unquote(urlsplit(url).path), parse_qs(urlsplit(url).query)
            rules = self._github() if self.kind == "github" else self._gitlab()
            for pattern, reply in rules.items():
                if found := re.fullmatch(pattern, f"{method} {path}"):
                    return reply(found, query, sent)
        return super().answer(method, url, token, sent)

    def _github(self) -> dict[str, Reply]:
        path = "/repos/octo/site"
        return {
            f"GET {path}/issues": lambda _found, query, _sent: self._page(self.open_issues(), query, path),
            f"POST {path}/issues": lambda _found, _query, sent: (201, self._created(sent), ""),
            rf"PATCH {path}/issues/(\d+)": lambda found, _query, sent: (
                200,
                self._changed(found[1], sent),
                "",
            ),
            rf"POST {path}/issues/(1\d\d)/comments": lambda found, _query, sent: (
                201,
                self._number(found[1]).setdefault("comments", []).append(sent["body"]) or {},
                "",
            ),
            rf"GET {path}/commits/(\w+)/pulls": lambda found, _query, _sent: (200, self._pulls(found[1]), ""),
            rf"GET {path}/actions/(?:runs/\d+/)?artifacts": lambda _found, query, _sent: (
                200,
                {"artifacts": self._listed(query["name"][0])},
                "",
            ),
            rf"GET {path}/actions/artifacts/(\d+)/zip": lambda found, _query, _sent: (
                200,
                self._zipped(int(found[1])),
                "",
            ),
        }

    def _gitlab(self) -> dict[str, Reply]:
        path = "/projects/group/site"
        return {
            f"GET {path}/issues": lambda _found, query, _sent: self._page(self.open_issues(), query, path),
            f"POST {path}/issues": lambda _found, _query, sent: (201, self._created(sent), ""),
            rf"PUT {path}/issues/(\d+)": lambda found, _query, sent: (200, self._changed(found[1], sent), ""),
            rf"POST {path}/issues/(\d+)/notes": lambda found, _query, sent: (
                201,
                self._number(found[1]).setdefault("comments", []).append(sent["body"]) or {},
                "",
            ),
            rf"GET {path}/repository/commits/(\w+)/merge_requests": lambda found, _query, _sent: (
                200,
                self._merge_requests(found[1]),
                "",
            ),
            rf"GET {path}/merge_requests/7/pipelines": lambda _found, _query, _sent: (
                200,
                [{"id": 1, "sha": "0" * 40}, {"id": 2, "sha": self.head}, {"id": 3, "sha": "3" * 40}],
                "",
            ),
            rf"GET {path}/pipelines/2/jobs": lambda _found, _query, _sent: (
                200,
                [{"id": 20, "name": "test"}, *self._jobs()],
                "",
            ),
            rf"GET {path}/jobs/(\d+)/artifacts/(.+)": lambda found, _query, _sent: self._file(
                int(found[1]), found[2]
            ),
        }

    def _page(self, entries: list[Any], query: dict[str, list[str]], path: str) -> tuple[int, Any, str]:
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["20"])[0])
        more = len(entries) > page * size
        following = f"{self.address}{path}/issues?state=open&per_page={size}&page={page + 1}" if more else ""
        return 200, entries[(page - 1) * size : page * size], following

    def _created(self, sent: dict[str, str]) -> dict[str, Any]:
        body = sent["body"] if self.kind == "github" else sent["description"]
        return self.add_issue(self.login or "github-actions[bot]", body, title=sent["title"])

    def _number(self, number: str) -> dict[str, Any]:
        key = "number" if self.kind == "github" else "iid"
        return next(each for each in self.issues if each[key] == int(number))

    def _changed(self, number: str, sent: dict[str, str]) -> dict[str, Any]:
        issue = self._number(number)
        issue.update({"state": "closed"} if sent.get("state_event") == "close" else sent)
        return issue

    def _pulls(self, commit: str) -> list[Any]:
        known = {"title": self.title, "body": self.description, "head": {"sha": self.head}}
        open_one = {"number": 8, "merged_at": None, "merge_commit_sha": commit, **known}
        return [
            open_one,
            {"number": 7, "merged_at": "2026-12-01T09:00:00Z", "merge_commit_sha": self.merged, **known},
        ]

    def _merge_requests(self, commit: str) -> list[Any]:
        known = {"title": self.title, "description": self.description, "sha": self.head}
        merged = [{"iid": 7, "state": "merged", **known}] if commit == self.merged else []
        return [{"iid": 8, "state": "opened", **known}, *merged]

    def _listed(self, name: str) -> list[Any]:
        names = sorted(self.artifacts)
        return [
            {
                "id": names.index(each),
                "name": each,
                "expired": False,
                "created_at": "2026-12-01T09:00:00Z",
                "workflow_run": {"head_sha": self.head},
            }
            for each in names
            if each == name
        ]

    def _zipped(self, number: int) -> bytes:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for path in sorted(self.artifacts[sorted(self.artifacts)[number]].iterdir()):
                archive.write(path, path.name)
        return content.getvalue()

    def _jobs(self) -> list[Any]:
        return [
            {"id": 30 + number, "name": f"preview: [{name.removeprefix('change-request-')}]"}
            for number, name in enumerate(sorted(self.artifacts))
        ]

    def _file(self, job: int, name: str) -> tuple[int, Any, str]:
        path = self.artifacts[sorted(self.artifacts)[job - 30]] / name
        return (200, path.read_bytes(), "") if path.exists() else (404, {"message": "404 Not Found"}, "")


@contextmanager
def repository_server(kind: str) -> Iterator[RepositoryServer]:
    """One that answers while the block lasts; `kind` is `github` or `gitlab`."""
    with serving(RepositoryServer(kind)) as server:
        yield server
