"""One pytest session of a run: its command line, where it runs, and what it left in the results folder.

A session has a folder of its own below `.results`: `tests.json` (run_record.py), `junit.xml`, and `failures`
(failure_folder.py).
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.layout import PROJECT, Layout, lab_folder
from tests.suite.labs import NamedLab, clear_environment
from tests.suite.secrets_removed import known_secrets, remove_secrets

RESULTS = PROJECT / ".results"
# pytest's own: no test was selected.
NO_TESTS = 5
# Seconds for the tests' fixtures to clear up after an interruption.
PATIENCE = 120


@dataclass(frozen=True)
class Stage:
    """Tests that run in one session; `name` is its folder below `.results`."""

    name: str
    arguments: tuple[str, ...]
    until: float | None = None

    @property
    def folder(self) -> Path:
        """Where its results are."""
        return RESULTS / self.name

    def _pytest(self, *more: str) -> list[str]:
        until = [f"--until={self.until}"] if self.until else []
        results = [f"--results={self.folder}", f"--junitxml={self.folder / 'junit.xml'}"]
        return ["-m", "pytest", *self.arguments, *results, *until, *more]

    def run_here(self, *more: str) -> int:
        """Run it on the machine itself."""
        return run_command([sys.executable, *self._pytest(*more)])

    def run_on(self, labs: Sequence[NamedLab]) -> int:
        """Run it on labs: in the management host of one, or by a worker in that of each.

        What the tests printed is in its files too, so the labs' secrets are removed from them.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        known = {value for lab in labs for value in known_secrets(Layout(folder=lab_folder(lab.name)))}
        try:
            return self._run_on(labs)
        finally:
            for path in (self.folder / "junit.xml", self.folder / "tests.json"):
                if path.exists():
                    path.write_text(remove_secrets(path.read_text(), known))

    def _run_on(self, labs: Sequence[NamedLab]) -> int:
        if len(labs) == 1:
            return run_command(labs[0].on_mgmt("python", *self._pytest()))
        workers = [f"--tx=popen//python={lab.write_python(self.folder)}" for lab in labs]
        # Temporary files, some with credentials, go with the lab.
        temporary = f"--basetemp={lab_folder(labs[0].name) / 'tmp' / 'pytest'}"
        # A worker that crashed is replaced, as its lab is still up; twice, not for ever.
        return self.run_here("--dist=loadfile", "--max-worker-restart=2", temporary, *workers)


def run_command(command: Sequence[str]) -> int:
    """Run it to its end; when this process is interrupted, interrupt it and wait for it to clear up.

    In a process group of its own, so that it is interrupted once, and all of it: a second time would end the
    clearing up.
    """
    process = subprocess.Popen(
        command, cwd=PROJECT, env=clear_environment(), stdin=subprocess.DEVNULL, process_group=0
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
