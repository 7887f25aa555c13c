"""The plugin as a process: what it prints, what it calls itself, how the stand-in is made known."""

import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from lab.command_standin.launcher import write_launcher
from lab.waiting import wait_for
from tests.conformance.conftest import standin_command
from tests.conformance.engine import Engine
from tests.conformance.plugin import Plugin, PluginError

ANNOUNCEMENT = "pulumi-command's own plugin is not on this machine: the lab's stand-in answers in its place"


def test_only_the_port_is_printed(plugin: Plugin) -> None:
    assert plugin.stdout.strip().isdigit()
    assert plugin.stderr() == ""


def test_calls_itself_what_the_sdk_asks_for(plugin: Plugin) -> None:
    """The engine warns about a plugin of another version than the SDK's."""
    assert plugin.version() == metadata.version("pulumi-command")


def test_unknown_kind_fails(plugin: Plugin) -> None:
    with pytest.raises(PluginError, match="remote:Bogus"):
        plugin.create("command:remote:Bogus", {})


def test_standin_says_once_that_it_stands_in(tmp_path: Path) -> None:
    with Plugin(standin_command(tmp_path)) as plugin:
        wait_for("the announcement", lambda: plugin.engine.lines, timeout=10)
        for _ in range(3):
            plugin.create("command:local:Command", {"create": "true"})
        assert plugin.engine.texts("warning") == [ANNOUNCEMENT]
        assert not plugin.engine.lines[0].status


def test_launcher_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("untouched")
    link.symlink_to(target)
    write_launcher(link, Path(sys.executable), tmp_path)
    assert target.read_text() == "untouched"
    assert os.access(link, os.X_OK) and not link.is_symlink()


def test_launcher_bears_odd_paths_and_a_foreign_folder(tmp_path: Path) -> None:
    """It runs in the program's folder, whose own `lab` must not be taken for ours."""
    project = tmp_path / "a b'c$d"
    project.symlink_to(Path(__file__).resolve().parents[2])
    here = tmp_path / "here"
    (here / "lab").mkdir(parents=True)
    (here / "lab" / "__init__.py").write_text("raise RuntimeError('the wrong lab')")
    launcher = tmp_path / "pulumi-resource-command"
    write_launcher(launcher, Path(sys.executable), project)
    done = subprocess.run(
        [launcher, "--help"], cwd=here, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "pulumi-resource-command" in done.stdout


def test_standin_ends_with_the_engine(tmp_path: Path) -> None:
    """An engine that is killed cannot stop its plugins; nothing may be left over."""
    engine = Engine()
    code = (
        "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:]);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *standin_command(tmp_path), engine.address],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    wait_for("the announcement", lambda: engine.lines, timeout=10)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    def gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    began = time.monotonic()
    wait_for("the stand-in to end", gone, timeout=15)
    assert time.monotonic() - began < 15
    engine.stop()
