"""The lab's machines as seen by bring-up code: one network namespace each.

Everything here runs inside the keeper's namespaces (lab/keeper.py), so that a process started here
dies with the lab whatever happens. The file system is the machine's own, except for the external
machine, which has a root of its own (lab/external.py).
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.layout import Layout

NETNS = Path("/run/netns")


def last_lines(text: str, lines: int = 20) -> str:
    """The end of a text, where commands say what went wrong."""
    return "\n".join(text.strip().splitlines()[-lines:])


@dataclass
class Service:
    """A process of the lab that goes on in the background; its output is in a log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process id inside the lab's pid namespace."""
        return self.process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self, timeout: float = 10) -> None:
        """End the process: SIGTERM, and SIGKILL after `timeout` seconds."""
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log, for an error message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"the last lines of {self.log}:\n{last_lines(text, lines)}"


@dataclass(frozen=True)
class Host:
    """One machine of the lab: its name is the name of its network namespace.

    The empty name stands for no namespace of the lab's: where the bring-up itself runs.
    """

    name: str
    layout: Layout

    @property
    def netns(self) -> Path:
        """The namespace's file."""
        return NETNS / self.name

    def _inside(self, command: tuple[str, ...]) -> list[str]:
        return ["nsenter", f"--net={self.netns}", "--", *command] if self.name else [*command]

    def run(
        self,
        *command: str,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 60,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on this machine and wait for it; `env` adds to the present environment.

        Raises:
            LabError: on a non-zero exit (with `check`) or after `timeout` seconds.
        """
        try:
            done = subprocess.run(
                self._inside(command),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                env={**os.environ, **(env or {})},
                capture_output=True,
                text=True,
                timeout=timeout,
                cwd=cwd,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{self.name}: `{' '.join(command)}` did not end within {timeout:g} s") from error
        if check and done.returncode != 0:
            output = last_lines(done.stdout + done.stderr)
            raise LabError(f"{self.name}: `{' '.join(command)}` ended with {done.returncode}:\n{output}")
        return done

    def start(
        self,
        service: str,
        *command: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: int = subprocess.DEVNULL,
        output: int | None = None,
    ) -> Service:
        """Start a process that goes on by itself; what it prints goes to `<log>/<service>.log`.

        `stdin` and `output` are file descriptors of a pipe to another one; with `output` only standard
        error goes to the log.
        """
        log = self.layout.log / f"{service}.log"
        with log.open("ab") as printed:
            process = subprocess.Popen(
                self._inside(command),
                stdin=stdin,
                stdout=printed if output is None else output,
                stderr=printed,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        return Service(service, process, log)


class Hosts:
    """All machines of the lab, by name."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def __getitem__(self, name: str) -> Host:
        return Host(name, self.layout)
