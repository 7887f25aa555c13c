"""How long each test took the last time, and the files that a run did not get to.

Both are remembered in the user's cache, so that a new clone begins with them. Where a test has never run on
this machine, the committed table `tests/durations.json` says how long its file takes.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.layout import PROJECT, default_cache
from tests.suite.test_file import file_of

COMMITTED = PROJECT / "tests" / "durations.json"
# For a file of which nothing is known: in the middle, since it may be anything.
UNKNOWN_SECONDS = 20.0


def _remembered() -> Path:
    return default_cache() / "tests" / "durations.json"


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object; an empty one where there is no such file, or one that was cut off."""
    try:
        found: Any = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass
class Durations:
    """Seconds by test and by file, and the files to begin with. Plain data: workers receive it as JSON."""

    tests: dict[str, float] = field(default_factory=dict)
    files: dict[str, float] = field(default_factory=dict)
    not_run: set[str] = field(default_factory=set)

    @classmethod
    def load(cls) -> "Durations":
        """What the cache and the committed table say."""
        remembered = _read_json(_remembered())
        committed = {name: float(row["seconds"]) for name, row in _read_json(COMMITTED).items()}
        return cls(dict(remembered.get("tests", {})), committed, set(remembered.get("not_run", [])))

    def to_json(self) -> str:
        """All of it, for a worker."""
        return json.dumps({"tests": self.tests, "files": self.files, "not_run": sorted(self.not_run)})

    @classmethod
    def from_json(cls, text: str) -> "Durations":
        """What `to_json` returned."""
        found = json.loads(text)
        return cls(found["tests"], found["files"], set(found["not_run"]))

    def estimate(self, file: str, tests: Iterable[str]) -> float:
        """Seconds for these tests of a file."""
        known = [self.tests[test] for test in tests if test in self.tests]
        return sum(known) if known else self.files.get(file, UNKNOWN_SECONDS)

    def ordered(self, tests_by_file: Mapping[str, Iterable[str]]) -> list[str]:
        """The files in the order in which to begin them: those not run the last time, then the longest."""

        def place(file: str) -> tuple[bool, float]:
            return file not in self.not_run, -self.estimate(file, tests_by_file[file])

        return sorted(tests_by_file, key=place)


def remember(root: Path, seconds: Mapping[str, float], begun: Iterable[str], not_run: Iterable[str]) -> None:
    """Add a run to what is remembered: seconds by test, the files it began, and those it did not.

    Files that are no longer below `root` are forgotten.
    """
    path = _remembered()
    found = _read_json(path)
    tests = {**found.get("tests", {}), **{test: round(time, 2) for test, time in seconds.items()}}
    waiting = (set(found.get("not_run", [])) - set(begun)) | set(not_run)
    there = {name: (root / name).exists() for name in {*map(file_of, tests), *waiting}}
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.{os.getpid()}")
    written.write_text(
        json.dumps(
            {
                "tests": {test: time for test, time in tests.items() if there[file_of(test)]},
                "not_run": sorted(name for name in waiting if there[name]),
            },
            indent=1,
        )
    )
    written.replace(path)
