"""Servers of tests, answering while a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread

# Seconds between two looks whether a server is to end: what a test waits for at its end.
POLL = 0.02


@contextmanager
def answering(*servers: BaseServer) -> Iterator[None]:
    """Serve by a thread each, and close them afterwards."""
    threads = [Thread(target=server.serve_forever, args=(POLL,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
