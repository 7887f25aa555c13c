"""The suite's pytest plugin: it wires order, time budget, record, output and failure folders into pytest.

Loaded by tests/conftest.py. In a run on several workers (pytest-xdist) the controller keeps the record and
hands out the files; a worker only orders what it collects, as the controller says, and keeps what explains a
failure.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import Scheduling
from xdist.workermanage import WorkerController

from tests.suite.durations import Durations, remember
from tests.suite.failure_folder import FailureFolders
from tests.suite.file_lines import FileLines
from tests.suite.main_path import MainPath
from tests.suite.run_record import RunRecord, last_line
from tests.suite.scheduler import FileScheduler
from tests.suite.test_file import file_of
from tests.suite.time_budget import TimeBudget

DURATIONS_INPUT = "calico_peering_durations"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's own options."""
    group = parser.getgroup("suite", "calico-peering's test suite")
    group.addoption("--results", metavar="FOLDER", help="Folder for tests.json and what explains failures.")
    group.addoption(
        "--until",
        metavar="SECONDS",
        type=float,
        help="Time in seconds since 1970 after which no further file is begun.",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what this process needs."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    durations = Durations.from_json(worker[DURATIONS_INPUT]) if worker else Durations.load()
    config.pluginmanager.register(FileOrder(durations), "suite-file-order")
    config.pluginmanager.register(MainPath(), "suite-main-path")
    results = config.getoption("results")
    if results:
        config.pluginmanager.register(FailureFolders(Path(results) / "failures"), "suite-failure-folders")
    if worker is None and not config.option.collectonly:
        config.pluginmanager.register(SuiteRun(config), "suite-run")


class FileOrder:
    """Puts the collected files in the order of durations.py; the tests of a file keep theirs."""

    def __init__(self, durations: Durations) -> None:
        self._durations = durations

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order them."""
        by_file: dict[str, list[pytest.Item]] = {}
        for item in items:
            by_file.setdefault(file_of(item.nodeid), []).append(item)
        order = self._durations.ordered(
            {file: [item.nodeid for item in of_file] for file, of_file in by_file.items()}
        )
        items[:] = [item for file in order for item in by_file[file]]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        """Give the worker the same data, or it would collect in another order."""
        node.workerinput[DURATIONS_INPUT] = self._durations.to_json()


class SuiteRun:
    """The run as a whole, in the one process that sees all of it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._record = RunRecord()
        self._budget = TimeBudget(config.getoption("until"))
        self._lines = FileLines(self._record, config)
        config.pluginmanager.register(self._lines, "suite-file-lines")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without workers: what will run."""
        self._record.expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With workers: what they will run, each of them the same."""
        self._record.expect(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> Scheduling | None:
        """Hand out whole files, unless another distribution was asked for."""
        return FileScheduler(config, log, self._budget) if config.getvalue("dist") == "loadfile" else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Without workers: leave out the files for which there is no time any more."""
        begun = bool(self._record.of_file(file_of(item.nodeid)))
        return None if begun or not self._budget.is_over() else True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that could not be collected."""
        if report.failed:
            self._record.not_collected[report.nodeid] = last_line(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record it; print the file's line and write everything down when it is complete."""
        file = self._record.add(report)
        if file:
            self._lines.file_is_complete(file)
            self._write()

    def pytest_sessionfinish(self) -> None:
        """Write everything down, and remember it for the next run's order."""
        self._write()
        ended = {test: found.total for test, found in self._record.tests.items() if found.ended}
        remember(self._config.rootpath, ended, self._record.begun, self._record.not_run)

    def _write(self) -> None:
        results = self._config.getoption("results")
        if not results:
            return
        folder = Path(results)
        folder.mkdir(parents=True, exist_ok=True)
        chosen = {name: self._config.getoption(name) for name in ("markexpr", "keyword")}
        found = {**self._record.to_json(), "chosen": {name: text for name, text in chosen.items() if text}}
        (folder / "tests.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))
