"""Runs of the suite's plugin on small test files, with a cache of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.layout import PROJECT

CACHE = "cache/calico-peering/tests/durations.json"


class SuiteRuns:
    """Writes test files and runs them by pytest with the plugin, in this process."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self.folder = pytester.path
        monkeypatch.setenv("XDG_CACHE_HOME", str(self.folder / "cache"))
        monkeypatch.delenv("CALICO_PEERING_LAB", raising=False)
        # For workers, which are processes of their own.
        monkeypatch.setenv("PYTHONPATH", str(PROJECT))
        pytester.makepyprojecttoml(
            '[tool.pytest.ini_options]\nconsole_output_style = "classic"\nmarkers = ["main_path"]\n'
        )

    def write(self, **files: str) -> None:
        """Test files by name."""
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(text)

    def remember(self, tests: dict[str, float], not_run: list[str]) -> None:
        """What earlier runs have left in the cache."""
        path = self.folder / CACHE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"tests": tests, "not_run": not_run}))

    def remembered(self) -> dict[str, Any]:
        """What is in the cache now."""
        found: dict[str, Any] = json.loads((self.folder / CACHE).read_text())
        return found

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest with the plugin; results are in `results`."""
        options = ("-p", "tests.suite.plugin", "--results=results")
        return self._pytester.runpytest_inprocess(*options, *arguments)

    def results(self) -> dict[str, Any]:
        """`tests.json` of the last run."""
        found: dict[str, Any] = json.loads(Path(self.folder / "results" / "tests.json").read_text())
        return found


def printed_files(done: pytest.RunResult) -> list[str]:
    """The files whose lines were printed, in this order."""
    return [line.split()[2] for line in done.outlines if line[:1] in "✓✗–" and "/" in line[:8]]
