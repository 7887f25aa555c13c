"""A forge on loopback that keeps comments as GitHub or GitLab do, and records what it was asked.

It pages as they do, by the header Link, and refuses a token that it does not know. It deliberately checks
nothing of a comment's body.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.unit.local_servers import answering

TOKEN = "the-token-of-the-job"
MOST = 100
GITHUB = r"/repos/octo/site/issues/7/comments|/repos/octo/site/issues/comments/(\d+)"
GITLAB = r"/projects/group/site/merge_requests/7/notes(?:/(\d+))?"


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    sent: Any = None


@dataclass
class ForgeServer:
    """The comments, in order, and what was asked."""

    kind: str
    login: str | None = "calico-peering-bot"
    """The token's user; None: the token may not ask."""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    """Methods that get a 403."""
    address: str = ""
    next_page: str = ""
    """An address to name as the next page, in the place of its own."""

    def add(self, author: str, body: str, system: bool = False) -> dict[str, Any]:
        """A comment that is there."""
        who = {"user": {"login": author}} if self.kind == "github" else {"author": {"username": author}}
        made = {"id": 1000 + len(self.comments), "body": body, "system": system, **who}
        self.comments.append(made)
        return made

    def methods(self) -> list[str]:
        """What was asked, without the reads."""
        return [each.method for each in self.asked if each.method != "GET"]

    def answer(self, method: str, url: str, token: str | None, sent: Any) -> tuple[int, Any, str]:
        """Status, body, and the next page's address."""
        address = urlsplit(url)
        path = unquote(address.path)
        self.asked.append(Asked(method, path, sent))
        if token != TOKEN:
            return 401, {"message": "Bad credentials"}, ""
        if method in self.refuses:
            return 403, {"message": "Resource not accessible by integration"}, ""
        if path == "/user":
            key = "login" if self.kind == "github" else "username"
            return (
                (200, {key: self.login}, "")
                if self.login
                else (403, {"message": "Resource not accessible"}, "")
            )
        found = re.fullmatch(GITHUB if self.kind == "github" else GITLAB, path)
        if not found:
            return 404, {"message": "Not Found"}, ""
        if method == "GET":
            query = parse_qs(address.query)
            page, size = int(query.get("page", ["1"])[0]), min(int(query.get("per_page", ["20"])[0]), MOST)
            entries = self.comments[(page - 1) * size : page * size]
            more = len(self.comments) > page * size
            following = f"{self.address}{address.path}?per_page={size}&page={page + 1}"
            return 200, entries, (self.next_page or following) if more else ""
        if method == "POST":
            return 201, self.add(self.login or "github-actions[bot]", sent["body"]), ""
        comment = next(each for each in self.comments if each["id"] == int(found[1]))
        comment["body"] = sent["body"]
        return 200, comment, ""


Served = TypeVar("Served", bound=ForgeServer)


@contextmanager
def forge_server(kind: str) -> Iterator[ForgeServer]:
    """One that answers while the block lasts; `kind` is `github` or `gitlab`."""
    with serving(ForgeServer(kind)) as server:
        yield server


@contextmanager
def serving(forge: Served) -> Iterator[Served]:
    """It, answering while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            token = bearer if forge.kind == "github" else self.headers.get("PRIVATE-TOKEN")
            status, told, following = forge.answer(self.command, self.path, token, sent)
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            if following:
                self.send_header("Link", f'<{following}>; rel="next"')
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = _answer

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.address = f"http://127.0.0.1:{server.server_port}"
    with answering(server):
        yield forge
