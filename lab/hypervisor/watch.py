"""Tells when something was written to one of the databases of the lab's OpenStack.

Real agents are told of changes by messages, and there is no message queue here. Asking an API twice a
second would cost a tenth of a core, so it is asked when its database's files have changed, and every
REPEAT seconds all the same.
"""

import os
import time
from pathlib import Path

# Seconds: between two looks at the files, between two questions at least and at most.
LOOK = 0.05
PAUSE = 0.25
REPEAT = 10.0


class Watch:
    """Whoever asks about one database's content."""

    def __init__(self, database: Path) -> None:
        self._files = (str(database), f"{database}-wal")
        self._seen: list[tuple[int, int]] | None = None
        self._asked = -REPEAT

    def _written(self) -> list[tuple[int, int]]:
        found = []
        for name in self._files:
            try:
                status = os.stat(name)
            except FileNotFoundError:
                continue
            found.append((status.st_mtime_ns, status.st_size))
        return found

    def wait(self) -> None:
        """Return when it is time to ask, at once the first time."""
        while True:
            # Before the question: what is written meanwhile is asked for again.
            written, since = self._written(), time.monotonic() - self._asked
            if since > REPEAT or (written != self._seen and since > PAUSE):
                self._seen, self._asked = written, time.monotonic()
                return
            time.sleep(LOOK)

    def again(self) -> None:
        """The question had no answer: it is time for the next one soon."""
        self._seen = None
