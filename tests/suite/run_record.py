"""What a run of the tests did: every test's outcome and seconds, by file, and which files were not begun.

Plain bookkeeping, fed with pytest's reports by plugin.py; it prints nothing.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.suite.test_file import file_of

PHASES = ("setup", "call", "teardown")


@dataclass
class TestRecord:
    """One test: seconds by phase, and what became of it."""

    __test__ = False

    seconds: dict[str, float] = field(default_factory=dict)
    outcome: str = "passed"
    worker: str = ""
    message: str = ""
    """The first line of why it failed."""
    ended: bool = False

    def add(self, report: pytest.TestReport) -> None:
        """Add the report of one phase."""
        self.worker = getattr(getattr(getattr(report, "node", None), "gateway", None), "id", "")
        if report.when in PHASES:
            self.seconds[str(report.when)] = report.duration
        # Of a worker that crashed there is one report, of no phase.
        self.ended = self.ended or report.when not in PHASES[:2]
        if report.failed:
            self.outcome = "failed"
            self.message = self.message or first_line(report)
        elif report.skipped and self.outcome == "passed":
            self.outcome = "skipped"

    @property
    def total(self) -> float:
        """Seconds of all phases."""
        return sum(self.seconds.values())


def first_line(report: pytest.TestReport) -> str:
    """Why it failed, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(getattr(crash, "message", None) or report.longrepr or "").strip()
    return text.partition("\n")[0]


def last_line(report: pytest.CollectReport) -> str:
    """Why a file could not be collected: its traceback ends with the error."""
    return str(report.longrepr or "").strip().rpartition("\n")[2].removeprefix("E   ")


@dataclass
class RunRecord:
    """All tests of a run, by file in the order in which they were collected."""

    expected: dict[str, list[str]] = field(default_factory=dict)
    tests: dict[str, TestRecord] = field(default_factory=dict)
    not_collected: dict[str, str] = field(default_factory=dict)
    """Files whose tests could not be collected, and why."""
    started: float = field(default_factory=time.time)

    def expect(self, tests: Iterable[str]) -> None:
        """Say what was collected; several workers collect the same."""
        self.expected = {}
        for test in tests:
            self.expected.setdefault(file_of(test), []).append(test)

    def add(self, report: pytest.TestReport) -> str | None:
        """Add a report, and return the file that is complete with it."""
        record = self.tests.setdefault(report.nodeid, TestRecord())
        before = record.ended
        record.add(report)
        file = file_of(report.nodeid)
        return file if record.ended and not before and self.is_complete(file) else None

    def of_file(self, file: str) -> dict[str, TestRecord]:
        """The file's tests that have begun."""
        return {test: self.tests[test] for test in self.expected.get(file, []) if test in self.tests}

    def is_complete(self, file: str) -> bool:
        """Whether all of the file's tests have ended."""
        found = self.of_file(file)
        return len(found) == len(self.expected.get(file, [])) and all(each.ended for each in found.values())

    def seconds(self, file: str) -> float:
        """Seconds of all tests of the file."""
        return sum(record.total for record in self.of_file(file).values())

    def outcome(self, file: str) -> str:
        """`failed` with one failed test, `skipped` when all were skipped, else `passed`."""
        outcomes = {record.outcome for record in self.of_file(file).values()}
        if "failed" in outcomes:
            return "failed"
        return "skipped" if outcomes == {"skipped"} else "passed"

    @property
    def begun(self) -> list[str]:
        """Files of which a test has begun."""
        return [file for file in self.expected if self.of_file(file)]

    @property
    def not_run(self) -> list[str]:
        """Files of which none has."""
        return [file for file in self.expected if not self.of_file(file)]

    def to_json(self) -> dict[str, Any]:
        """Everything, for `tests.json` in the results folder."""
        return {
            "started": round(self.started),
            "seconds": round(time.time() - self.started, 1),
            "files": {
                file: {
                    "tests": len(self.expected[file]),
                    "seconds": round(self.seconds(file), 1),
                    "outcome": self.outcome(file) if self.is_complete(file) else "incomplete",
                }
                for file in self.begun
            },
            "not_run": self.not_run,
            "not_collected": self.not_collected,
            "tests": [
                {
                    "test": test,
                    "outcome": record.outcome,
                    **({"message": record.message} if record.message else {}),
                    **{phase: round(record.seconds.get(phase, 0.0), 2) for phase in PHASES},
                    "worker": record.worker,
                }
                for test, record in self.tests.items()
            ],
        }
