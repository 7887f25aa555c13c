"""Commands that the tests start: none outlives them, nor does what it started, even if they are killed.

Each is in a session of its own (tests/with_the_run.py), which is also a process group of its own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

WITH_THE_RUN = Path(__file__).with_name("with_the_run.py")


@cache
def _until_the_end() -> tuple[int, int]:
    """A pipe: where its end is heard, and what only this process holds, until it ends."""
    return os.pipe()


def with_the_run(command: Sequence[str], **more: Any) -> subprocess.Popen[Any]:
    """Start a command, as subprocess.Popen does with `more`."""
    heard, _ = _until_the_end()
    first = (sys.executable, "-IS", str(WITH_THE_RUN), str(heard))
    return subprocess.Popen([*first, *command], pass_fds=(heard,), start_new_session=True, **more)


def end(process: subprocess.Popen[Any], patience: float = 20) -> None:
    """End one, as a user does who interrupts it; killed if that takes too long."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def outcome(process: subprocess.Popen[str], seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """What it printed and its code; it is ended if nobody waits any more, as after a timeout."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except BaseException:
        end(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
