"""What a person sees while the lab works: each step by name, and how many seconds it took.

On a terminal a live line a running step; elsewhere (CI, a pipe) one plain line when a step ends, and
one when it starts if it may take long, so that a log never stands still unexplained.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

# Seconds between two lines about one long step, where there is no terminal.
EVERY = 30.0


class Steps:
    """Shows steps; several threads may each be in a step of their own."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._live = self.console.is_terminal
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._running = 0

    def say(self, text: str) -> None:
        """A line beside the steps."""
        self.console.print(f"  {text}", markup=False)

    def _enter(self, name: str) -> TaskID | None:
        if not self._live:
            return None
        with self._lock:
            if self._progress is None:
                columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
                self._progress = Progress(*columns, console=self.console, transient=True)
                self._progress.start()
            self._running += 1
            return self._progress.add_task(name, total=None)

    def _leave(self, task: TaskID | None) -> None:
        if task is None:
            return
        with self._lock:
            assert self._progress is not None
            self._progress.remove_task(task)
            self._running -= 1
            if self._running == 0:
                self._progress.stop()
                self._progress = None

    @contextmanager
    def __call__(self, name: str, long: bool = False) -> Iterator[None]:
        """Show the step `name` while the block runs; `long` says that it may take minutes."""
        with self.measured(name, long):
            yield

    @contextmanager
    def measured(self, name: str, long: bool = True) -> Iterator[Callable[[float, str], None]]:
        """The same for a step that knows how far it is: it calls what it gets with a share and a text."""
        if long and not self._live:
            self.console.print(f"  … {name}", markup=False)
        start, mark = time.monotonic(), "✗"
        task = self._enter(name)
        last = start

        def told(share: float, text: str) -> None:
            nonlocal last
            words = f"{name}: {share:.0%}, {text}"
            if task is not None and self._progress is not None:
                self._progress.update(task, description=words)
            elif time.monotonic() - last >= EVERY:
                last = time.monotonic()
                self.console.print(f"  … {words}", markup=False)

        try:
            yield told
            mark = "✓"
        finally:
            self._leave(task)
            seconds = time.monotonic() - start
            self.console.print(f"  {mark} {name:<58} {seconds:7.1f} s", markup=False)
