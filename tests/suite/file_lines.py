"""What a person sees of a run: a line for each file when it is complete, and a summary in the end.

It takes the place of pytest's dots; how a test failed is still printed by pytest itself.
"""

from pathlib import Path

import pytest

from tests.suite.run_record import RunRecord
from tests.suite.test_file import read_promise

MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}
SLOWEST = 10
# Columns of a line without the promise.
MESSAGE_WIDTH = 160


def render_file(record: RunRecord, file: str, root: Path) -> list[str]:
    """The line of a complete file, and one more for each of its tests that failed."""
    tests = record.of_file(file)
    done = sum(record.is_complete(name) for name in record.expected)
    name = file.removeprefix("tests/")
    lines = [
        f"{MARKS[record.outcome(file)]} {done:>3}/{len(record.expected):<3} {name:<46} {len(tests):>3} tests"
        f" {record.seconds(file):7.1f} s  {read_promise(root / file)}"
    ]
    for test, found in tests.items():
        if found.outcome == "failed":
            lines.append(f"    ✗ {test.partition('::')[2]}: {found.message}"[:MESSAGE_WIDTH])
    return lines


def render_slowest(record: RunRecord) -> list[str]:
    """The slowest tests with their phases, the slowest first."""
    slowest = sorted(record.tests.items(), key=lambda item: -item[1].total)[:SLOWEST]
    return [
        f"{found.total:7.1f} s  {test}  ("
        + ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in found.seconds.items() if seconds >= 0.1)
        + ")"
        for test, found in slowest
        if found.total >= 1
    ]


class FileLines:
    """Prints them, as a pytest plugin beside pytest's terminal reporter."""

    def __init__(self, record: RunRecord, config: pytest.Config) -> None:
        self._record, self._root = record, config.rootpath
        reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        self._reporter = reporter
        if reporter:
            reporter.showfspath = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.CollectReport | pytest.TestReport) -> object:
        """No letter for a test that passed or was skipped or failed; categories stay pytest's own."""
        if isinstance(report, pytest.TestReport) and not hasattr(report, "wasxfail"):
            if report.failed:
                return ("failed", "", "FAILED") if report.when == "call" else ("error", "", "ERROR")
            if report.skipped:
                return "skipped", "", "SKIPPED"
            return ("passed" if report.when == "call" else ""), "", "PASSED"
        return None

    def file_is_complete(self, file: str) -> None:
        """Print its line."""
        if self._reporter:
            for line in render_file(self._record, file, self._root):
                self._reporter.write_line(line)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The slowest tests, and the files for which there was no time."""
        slowest = render_slowest(self._record)
        if slowest:
            terminalreporter.write_sep("=", f"slowest {len(slowest)} tests")
            for line in slowest:
                terminalreporter.write_line(line)
        if self._record.not_run:
            terminalreporter.write_sep("=", f"{len(self._record.not_run)} files were not run")
            for file in self._record.not_run:
                terminalreporter.write_line(f"not run: {file}  {read_promise(self._root / file)}")
