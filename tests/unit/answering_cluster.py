"""A cluster that gives the lab's recorded answers (tests/recorded/cluster.json), or something odd instead.

Over HTTP on loopback, so that the client's own parsing is part of what is tested. It deliberately keeps
nothing: what is written is answered with what was sent.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests import recorded
from tests.unit.local_servers import answering

Json = Any
RECORDED: dict[str, Json] = json.loads((Path(recorded.__file__).parent / "cluster.json").read_text())
NOT_FOUND = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "not found", "code": 404}
FORBIDDEN = {**NOT_FOUND, "message": "forbidden", "code": 403}
ALLOWED = {"status": {"allowed": True}}


class AnsweringCluster:
    """The answers by path, which a test may change; `kubeconfig` leads to it."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, Json] = dict(RECORDED)
        self.content_type = "application/json"
        self.forbidden: set[str] = set()
        """Paths that nobody may read."""
        self.kubeconfig = folder / "kubeconfig"

    def answer(self, path: str) -> bytes | None:
        """The body for a path; a text is sent as it is. None: there is no such thing."""
        found = self.answers.get(path)
        return None if found is None else (found if isinstance(found, str) else json.dumps(found)).encode()

    def write_kubeconfig(self, port: int) -> None:
        """A kubeconfig whose only context is this cluster."""
        document = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        self.kubeconfig.write_text(json.dumps(document))


@contextmanager
def answering_cluster(folder: Path) -> Iterator[AnsweringCluster]:
    """The cluster while the block lasts."""
    cluster = AnsweringCluster(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _send(self, code: int, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", cluster.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path in cluster.forbidden:
                self._send(403, json.dumps(FORBIDDEN).encode())
                return
            body = cluster.answer(path)
            self._send(200 if body is not None else 404, body or json.dumps(NOT_FOUND).encode())

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(201, json.dumps({**sent, **ALLOWED}).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.write_kubeconfig(server.server_port)
    with answering(server):
        yield cluster
