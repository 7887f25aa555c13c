"""The marker `main_path`: all cases of a test or the named ones, and no name that is nothing's."""

import pytest

from tests.unit.suite_run import SuiteRuns

CASES = """
import pytest

@pytest.mark.main_path("b c")
@pytest.mark.parametrize("case", ["a", "b c", "d"])
def test_cases(case): assert case == "b c"

@pytest.mark.main_path
@pytest.mark.parametrize("case", [1, 2])
def test_all(case): pass

def test_none(): assert False
"""


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> SuiteRuns:
    """One file."""
    made = SuiteRuns(pytester, monkeypatch)
    made.write(test_it=CASES)
    return made


def test_named_cases_and_whole_tests_are_selected(runs: SuiteRuns) -> None:
    runs.run("-m", "main_path").assert_outcomes(passed=3, deselected=3)


def test_a_case_that_is_not_there_is_an_error(runs: SuiteRuns) -> None:
    runs.write(test_it=CASES.replace('main_path("b c")', 'main_path("b c", "gone")'))
    done = runs.run("-m", "main_path")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*marker main_path: test_it.py::test_cases has no case 'gone'*"])
    runs.run("test_it.py::test_cases[b c]").assert_outcomes(passed=1)
