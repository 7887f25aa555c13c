"""A reverse proxy in front of one of the lab's APIs: records every call, and can act on an answer.

It stands where a measurement or a test needs to see what the program asks of an API, or to strike in
the moment between an API's having written and the caller's hearing of it. It changes nothing on the way
and verifies nothing: it is for the lab only.
"""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host"})


@dataclass(frozen=True)
class Call:
    """One request and the status that answered it."""

    method: str
    path: str
    status: int

    @property
    def wrote(self) -> bool:
        """Whether the API may have changed something."""
        return self.method in WRITES and self.status < 300


@dataclass
class Recording:
    """The proxy's address and what went through it; `on_answer` runs before the caller gets the answer."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    on_answer: Callable[[Call], None] | None = None
    writing: set[int] = field(default_factory=set)
    """The threads of writes that are under way: an API finishes one whose caller was killed."""

    def take(self) -> list[Call]:
        """The calls since the last time."""
        taken, self.calls = self.calls, []
        return taken


@contextmanager
def recording(upstream: str, context: ssl.SSLContext | None = None) -> Iterator[Recording]:
    """A proxy on 127.0.0.1 for the API at `upstream`; `context` is for an `https` one."""
    recorded = Recording()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(upstream, context, recorded))
    server.daemon_threads = True
    recorded.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorded
    finally:
        server.shutdown()
        server.server_close()


def _handler(
    upstream: str, context: ssl.SSLContext | None, recorded: Recording
) -> type[BaseHTTPRequestHandler]:
    parts = urlsplit(upstream)
    assert parts.hostname

    def connect() -> http.client.HTTPConnection:
        if parts.scheme == "https":
            return http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context)
        return http.client.HTTPConnection(parts.hostname or "", parts.port)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            # One connection onwards for each that comes in, as without a proxy.
            self.onwards = connect()

        def finish(self) -> None:
            self.onwards.close()
            super().finish()

        def _pass(self) -> None:
            if self.command not in WRITES:
                self._pass_on()
                return
            me = threading.get_ident()
            recorded.writing.add(me)
            try:
                self._pass_on()
            finally:
                recorded.writing.discard(me)

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            headers = {name: text for name, text in self.headers.items() if name.lower() not in HOP_BY_HOP}
            self.onwards.request(self.command, self.path, body, headers)
            answer = self.onwards.getresponse()
            call = Call(self.command, self.path, answer.status)
            recorded.calls.append(call)
            if recorded.on_answer:
                recorded.on_answer(call)
            self.send_response_only(answer.status, answer.reason)
            for name, text in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, text)
            if answer.length is None and answer.status not in (204, 304):
                # Chunked, as a watch is: its end is the connection's.
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            while block := answer.read1(65536):
                self.wfile.write(block)
                self.wfile.flush()
            # Read to its end, but only closed is it done with the connection.
            answer.close()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # The caller went away, as one that was killed does.
                return

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass

    return Handler
