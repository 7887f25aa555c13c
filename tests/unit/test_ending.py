"""Nothing that a run of tests started outlives it: no command, and no process that the command left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lab.waiting import wait_for
from tests.ending import WITH_THE_RUN, end, outcome, with_the_run
from tests.unit.example import PROJECT

# Heeds no request to end.
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(1, flush=True)
time.sleep(300)
"""
# As the engine and its plugins: the child, which heeds nobody, has a process group of its own.
COMMAND = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, process_group=0)
child.stdout.read(1)
def politely(*_):
    open("told", "w").close()
    sys.exit()
signal.signal(signal.SIGTERM, politely)
open("new", "w").write(f"{os.getpid()} {child.pid}")
os.rename("new", "started")
time.sleep(300)
"""
RUN = """
import sys
from tests.ending import with_the_run
with_the_run([sys.executable, "-c", *sys.argv[2:]], cwd=sys.argv[1]).wait()
"""


def started(folder: Path) -> list[int]:
    """The command and its child, once they run."""
    wait_for("the command", (folder / "started").exists, 20)
    return [int(word) for word in (folder / "started").read_text().split()]


def gone(processes: list[int]) -> bool:
    """Whether none of them runs; one that ended may still be listed."""

    def runs(process: int) -> bool:
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    return not any(runs(process) for process in processes)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=str)
def test_a_run_that_is_killed_takes_its_command_and_what_that_started_along(
    tmp_path: Path, how: signal.Signals
) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), COMMAND, DEAF], cwd=PROJECT)
    processes = started(tmp_path)
    assert not gone(processes)
    run.send_signal(how)
    run.wait()
    wait_for("both to end", lambda: gone(processes), 20)
    assert (tmp_path / "told").exists(), "the command may end by itself: its lock is its own to take away"


def test_what_a_killed_command_left_ends_with_the_run_and_not_before(tmp_path: Path) -> None:
    then = RUN.replace(".wait()", ".wait(); sys.stdin.read()")
    run = subprocess.Popen(
        [sys.executable, "-c", then, str(tmp_path), COMMAND, DEAF], cwd=PROJECT, stdin=subprocess.PIPE
    )
    command, child = started(tmp_path)
    os.killpg(command, signal.SIGKILL)
    wait_for("the command to end", lambda: gone([command]), 20)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert not gone([child]), "not before the run's end"
    run.communicate()
    wait_for("the child to end", lambda: gone([child]), 20)


def test_a_command_that_nobody_waits_for_any_more_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = with_the_run(
        [sys.executable, "-c", COMMAND, DEAF], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    started(tmp_path)

    def interrupted(timeout: float | None = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        outcome(command)
    assert command.returncode == 0 and (tmp_path / "told").exists()


def test_who_reads_what_it_prints_waits_for_nothing_that_it_left() -> None:
    leaves = "import subprocess; subprocess.Popen(['sleep', '300'], stdout=subprocess.DEVNULL)"
    command = with_the_run([sys.executable, "-c", leaves], stdout=subprocess.PIPE)
    try:
        assert command.communicate(timeout=10) == (b"", None)
    finally:
        os.killpg(command.pid, signal.SIGKILL)


def test_one_that_does_not_end_when_it_is_told_is_killed() -> None:
    command = with_the_run([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
    assert command.stdout and command.stdout.read(1)
    end(command, 0.5)
    assert command.returncode == -signal.SIGKILL


def test_without_a_session_of_its_own_it_starts_nothing(tmp_path: Path) -> None:
    """All of its session is killed in the end (seen: the shell from which the tests were started)."""
    command = [sys.executable, str(WITH_THE_RUN), "0", "touch", str(tmp_path / "there")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, process_group=0)
    assert done.returncode == 1 and "needs a session of its own" in done.stderr
    assert not (tmp_path / "there").exists()


def test_what_it_prints_and_its_code_are_the_commands_own_and_nothing_stays() -> None:
    session = "import os, sys; print(os.getsid(0) == os.getpid() == os.getpgrp()); sys.exit('no')"
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = with_the_run([sys.executable, "-c", session], **pipes)
    done = outcome(command)
    assert (done.returncode, done.stdout, done.stderr) == (1, "True\n", "no\n")

    def empty() -> bool:
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.getsid(int(entry.name)) == command.pid:
                    return False
            except OSError:
                continue
        return True

    wait_for("whoever watched the command to end", empty, 10)


TESTS = """
import os, signal, time
import pytest
from tests.on_the_lab import layout

@pytest.fixture
def lab(layout):
    yield
    open("cleared up", "w").close()

def test_that_takes_too_long(lab):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(300)
"""


def test_a_run_on_the_lab_that_is_told_to_end_clears_up_first(tmp_path: Path) -> None:
    (tmp_path / "test_long.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_long.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "CALICO_PEERING_LAB": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == pytest.ExitCode.INTERRUPTED, done.stdout + done.stderr
    assert (tmp_path / "cleared up").exists()
