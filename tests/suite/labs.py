"""The labs that a run of the tests uses: those that are up stay up, those made for the run are taken down.

Each is a lab of this clone with a name of its own (lab/layout.py). This only runs `python -m lab`.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.layout import DEFAULT_NAME, NAME, NAME_VARIABLE, PROJECT

# Another clone's second lab has this name too: labs of one name refuse each other, as the first ones do.
SECOND = "calico-peering-second"


@dataclass(frozen=True)
class NamedLab:
    """A lab of this clone."""

    name: str

    def command(self, *words: str) -> list[str]:
        """The command line of `python -m lab WORDS` for this lab."""
        return ["env", f"{NAME_VARIABLE}={self.name}", sys.executable, "-m", "lab", *words]

    def on_mgmt(self, *words: str) -> list[str]:
        """The command line that runs a command on the lab's management host."""
        return self.command("exec", "mgmt", "--", *words)

    def is_up(self) -> bool:
        """Whether it is up, here."""
        done = subprocess.run(self.command("status", "--json"), cwd=PROJECT, capture_output=True)
        return done.returncode == 0

    def up(self, extras: Iterable[str]) -> bool:
        """Bring it up with these extras, if it is not up.

        Returns False when it did not come up, or is up without one of them; it has printed why.
        """
        words = [word for name in extras for word in ("--with", name)]
        command = self.command("up", *words)
        return subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL).returncode == 0

    def down(self) -> bool:
        """Take it down; False when that failed, which it has printed."""
        return subprocess.run(self.command("down"), cwd=PROJECT, stdin=subprocess.DEVNULL).returncode == 0

    def write_python(self, folder: Path) -> Path:
        """Write an executable that is `python` on this lab's management host, and return its path.

        pytest-xdist starts its workers with it and talks to them over standard input and output.
        """
        words = shlex.join(self.on_mgmt("python"))
        path = folder.resolve() / f"python-on-{self.name}"
        path.write_text(f'#!/bin/sh\ncd {shlex.quote(str(PROJECT))} && exec {words} "$@"\n')
        path.chmod(0o755)
        return path


def lab_names(count: int) -> list[str]:
    """The names of so many labs; the first is this process's own, so that a lab that is up is used."""
    own = "" if NAME == DEFAULT_NAME else f"{NAME}-"
    second = f"{own}second" if own else SECOND
    return [NAME, second, *(f"{second}-{number}" for number in range(3, count + 1))][:count]


@contextmanager
def running_labs(count: int, extras: tuple[str, ...]) -> Iterator[list[NamedLab]]:
    """So many labs, up with these extras; fewer when one does not come up, which the caller reports.

    They come up one after the other: the first builds what is not built yet, for which the others would wait.
    """
    labs = [NamedLab(name) for name in lab_names(count)]
    made = [lab for lab in labs if not lab.is_up()]
    try:
        yield [lab for lab in labs if lab.up(extras)]
    finally:
        for lab in made:
            lab.down()


def clear_environment() -> dict[str, str]:
    """The environment for pytest, without what would make it believe to be on a lab's management host."""
    return {name: value for name, value in os.environ.items() if name != "CALICO_PEERING_LAB"}
