"""The order of the test files: those not run the last time first, then the longest; and the time budget."""

import time

import pytest

from tests.suite.durations import Durations
from tests.unit.suite_run import SuiteRuns, printed_files

PASSING = '"""Passes. Nothing else."""\ndef test_it(): pass\n'


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> SuiteRuns:
    """Four files; test_d was not run the last time, and test_c takes longest."""
    made = SuiteRuns(pytester, monkeypatch)
    made.write(test_a=PASSING, test_b=PASSING, test_c=PASSING, test_d=PASSING)
    seconds = {"test_a.py::test_it": 1.0, "test_b.py::test_it": 2.0, "test_c.py::test_it": 3.0}
    made.remember({**seconds, "test_d.py::test_it": 0.1, "gone.py::test_it": 9.0}, ["test_d.py", "gone.py"])
    return made


def test_of_a_file_only_the_selected_tests_count_and_the_committed_table_is_for_unknown_ones() -> None:
    seconds = {"a.py::one": 5.0, "a.py::two": 50.0, "b.py::one": 9.0}
    durations = Durations(seconds, {"c.py": 7.0, "a.py": 99.0})
    tests = {"a.py": ["a.py::one"], "b.py": ["b.py::one"], "c.py": ["c.py::one"], "d.py": ["d.py::one"]}
    assert durations.ordered(tests) == ["d.py", "b.py", "c.py", "a.py"]
    assert Durations.from_json(durations.to_json()) == durations


@pytest.mark.parametrize("workers", [(), ("-n1", "--dist=loadfile")], ids=["here", "on a worker"])
def test_files_run_in_this_order_and_what_ran_is_remembered(
    runs: SuiteRuns, workers: tuple[str, ...]
) -> None:
    done = runs.run(*workers)
    done.assert_outcomes(passed=4)
    assert printed_files(done) == ["test_d.py", "test_c.py", "test_b.py", "test_a.py"]
    assert runs.remembered()["not_run"] == []
    assert "gone.py::test_it" not in runs.remembered()["tests"]
    assert runs.remembered()["tests"]["test_c.py::test_it"] < 3


def test_a_file_that_is_not_asked_for_stays_among_those_that_were_not_run(runs: SuiteRuns) -> None:
    runs.run("test_a.py").assert_outcomes(passed=1)
    assert runs.remembered()["not_run"] == ["test_d.py"]


def test_once_the_time_is_over_no_file_begins_and_the_next_run_begins_with_them(runs: SuiteRuns) -> None:
    two = '"""Takes its time."""\nimport time\ndef test_1(): time.sleep(1.5)\ndef test_2(): pass\n'
    runs.write(test_d=two)
    done = runs.run(f"--until={time.time() + 1}")
    done.assert_outcomes(passed=2)
    assert done.ret == 0, "an expired budget is no failure"
    assert printed_files(done) == ["test_d.py"], "what has begun is finished"
    done.stdout.fnmatch_lines(["*3 files were not run*", "not run: test_c.py  Passes."])
    assert runs.results()["not_run"] == runs.remembered()["not_run"][::-1]
    assert printed_files(runs.run("-k", "test_it or test_2"))[-1] == "test_d.py"


def test_on_workers_no_file_begins_either(runs: SuiteRuns) -> None:
    slow = PASSING.replace("pass\n", "__import__('time').sleep(2)\n")
    runs.write(test_a=slow, test_b=slow, test_c=slow, test_d=slow)
    done = runs.run("-n1", "--dist=loadfile", f"--until={time.time() + 1.5}")
    assert done.ret == 0
    assert 1 <= len(printed_files(done)) <= 2
    assert set(runs.remembered()["not_run"]) >= {"test_a.py", "test_b.py"}
