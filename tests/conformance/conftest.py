"""Which plugins the cases run on, and a machine for them to act on.

The stand-in always; pulumi-command's own plugin where `PULUMI_COMMAND_PLUGIN` names it or
`pulumi-resource-command` on PATH is it.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lab.command_standin.launcher import write_launcher
from tests.conformance.machine import Machine
from tests.conformance.plugin import Plugin

STANDIN = "stand-in"
_PROJECT = Path(__file__).resolve().parents[2]


@cache
def real_plugin() -> Path | None:
    """The real plugin's file; ours, found on a lab's PATH, does not count."""
    found = os.environ.get("PULUMI_COMMAND_PLUGIN") or shutil.which("pulumi-resource-command")
    if not found:
        return None
    path = Path(found)
    if not os.access(path, os.X_OK):
        raise pytest.UsageError(f"PULUMI_COMMAND_PLUGIN names {path}, which is no executable file")
    with path.open("rb") as file:
        return None if b"lab.command_standin" in file.read(4096) else path


def _plugins() -> list[str]:
    real = real_plugin()
    return [STANDIN, f"pulumi-command {real}"] if real else [STANDIN]


def pytest_report_header() -> str:
    """Say which plugins are held to the cases."""
    return f"pulumi-command conformance of: {', '.join(_plugins())}"


@pytest.fixture(scope="session", params=["standin", "real"][: len(_plugins())])
def plugin_command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command line of one plugin."""
    real = real_plugin()
    if request.param == "real" and real:
        return [str(real)]
    return standin_command(tmp_path_factory.mktemp("standin"))


def standin_command(folder: Path) -> list[str]:
    """The stand-in's command line, through the file that its launcher writes into `folder`."""
    launcher = folder / "pulumi-resource-command"
    write_launcher(launcher, Path(sys.executable), _PROJECT)
    return [str(launcher)]


@pytest.fixture(scope="session")
def running_plugin(plugin_command: list[str]) -> Iterator[Plugin]:
    with Plugin(plugin_command) as running:
        yield running


@pytest.fixture
def plugin(running_plugin: Plugin) -> Plugin:
    """The plugin, with nothing logged yet."""
    running_plugin.engine.lines.clear()
    return running_plugin


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine to log in to."""
    folder = tmp_path / "machine"
    folder.mkdir()
    with Machine(folder) as running:
        yield running
