"""Serves a WSGI application of OpenStack: `serve.py ADDRESS PORT THREADS READY MODULE:ATTRIBUTE`.

Runs with OpenStack's Python, in the foreground, one process, with waitress. The file READY is made
when the application is loaded and the socket listens. The services keep their data in SQLite, which
needs care with several threads (`begin_immediate`); nothing else in here knows about OpenStack.
"""

import importlib
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import sqlalchemy.event  # noqa: E402
import waitress  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402


def begin_immediate() -> None:
    """Let every SQLite transaction take the write lock when it begins, and wait for it.

    oslo.db begins transactions without a lock. One that reads and then writes has to raise it, which
    SQLite refuses at once ("database is locked") while another thread writes.
    """

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA journal_mode=WAL")
        # The data dies with the lab: nothing is worth waiting for the disk.
        connection.execute("PRAGMA synchronous=OFF")

    def begin(
        connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        if statement == "BEGIN" and connection.dialect.name == "sqlite":
            statement = "BEGIN IMMEDIATE"
        return statement, parameters

    sqlalchemy.event.listen(Engine, "connect", prepare)
    sqlalchemy.event.listen(Engine, "before_cursor_execute", begin, retval=True)


def main(address: str, port: int, threads: int, ready: Path, target: str) -> None:
    """Load the application and serve it until the process is ended."""
    # The services parse sys.argv when they are imported.
    sys.argv = [target]
    begin_immediate()
    module, attribute = target.split(":")
    application = getattr(importlib.import_module(module), attribute)
    # Not a line for each request that waits for a free thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = waitress.create_server(application, host=address, port=port, threads=threads)
    ready.touch()
    server.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
