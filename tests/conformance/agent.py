"""An ssh agent that holds one key: the agent protocol's two requests, on a socket in a thread.

draft-ietf-sshm-ssh-agent; no `ssh-agent` need be installed.
"""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

_LIST, _LISTED, _SIGN, _SIGNED, _FAILURE = 11, 12, 13, 14, 5


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


@contextmanager
def agent(path: Path, key: asyncssh.SSHKey) -> Iterator[list[int]]:
    """Serve `key` at the socket `path`; gives the list of the requests' numbers as they come."""
    asked: list[int] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while len(size := self.rfile.read(4)) == 4:
                request = self.rfile.read(int.from_bytes(size, "big"))
                asked.append(request[0])
                self.wfile.write(_string(self._answer(request)))

        def _answer(self, request: bytes) -> bytes:
            if request[0] == _LIST:
                one = (1).to_bytes(4, "big")
                return bytes([_LISTED]) + one + _string(key.public_data) + _string(b"conformance")
            if request[0] == _SIGN:
                blob = int.from_bytes(request[1:5], "big")
                rest = request[5 + blob :]
                data = rest[4 : 4 + int.from_bytes(rest[:4], "big")]
                return bytes([_SIGNED]) + _string(key.sign(data, key.algorithm))
            return bytes([_FAILURE])

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield asked
        finally:
            server.shutdown()
