"""What a run of the tests prints and leaves: a line a file, a summary, and every test's seconds."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.suite.run_record import RunRecord
from tests.suite.summary import write_summary
from tests.suite.test_file import read_promise
from tests.unit.suite_run import SuiteRuns, printed_files

MIXED = '''"""Fails on purpose: one of each.

More of it.
"""
import time
import pytest

@pytest.fixture
def broken(): raise RuntimeError("no setup")

@pytest.fixture
def leaving():
    yield
    raise RuntimeError("no teardown")

def test_passes(): time.sleep(1.1)
def test_fails(): assert 1 == 2, "one is not two"
def test_skipped(): pytest.skip("no")
def test_setup(broken): pass
def test_teardown(leaving): pass
'''
SKIPPED = '"""Only skips."""\nimport pytest\ndef test_it(): pytest.skip("no")\n'


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> SuiteRuns:
    """Two files."""
    made = SuiteRuns(pytester, monkeypatch)
    made.write(test_mixed=MIXED, test_skipped=SKIPPED)
    made.remember({}, ["test_mixed.py"])
    return made


def check_output(done: pytest.RunResult) -> None:
    """Whether it is right, of whatever kind of run."""
    assert printed_files(done) == ["test_mixed.py", "test_skipped.py"]
    done.stdout.re_match_lines(
        [
            r"✗   1/2   test_mixed.py  +5 tests +1\.\d s  Fails on purpose: one of each\.",
            r"    ✗ test_fails: AssertionError: one is not two$",
            r"    ✗ test_setup: RuntimeError: no setup$",
            r"    ✗ test_teardown: RuntimeError: no teardown$",
            r"–   2/2   test_skipped.py +1 tests +0\.0 s  Only skips\.",
            r".*slowest 1 tests.*",
            r" +1\.\d s  test_mixed.py::test_passes  \(call 1\.\d\)",
            r"FAILED test_mixed.py::test_fails - AssertionError: one is not two",
            r"ERROR test_mixed.py::test_setup - RuntimeError: no setup",
        ],
        consecutive=False,
    )
    # Nothing of pytest's own progress.
    assert "[100%]" not in done.stdout.str()
    assert "test_mixed.py" not in {line.strip(" .FEs") for line in done.outlines}


def test_a_line_a_file_with_its_promise_and_a_summary(runs: SuiteRuns) -> None:
    done = runs.run()
    done.assert_outcomes(passed=2, failed=1, skipped=2, errors=2)
    check_output(done)


def test_the_same_from_workers_which_are_named_in_the_record(runs: SuiteRuns) -> None:
    check_output(runs.run("-n1", "--dist=loadfile"))
    assert {test["worker"] for test in runs.results()["tests"]} == {"gw0"}


def test_every_tests_seconds_are_kept_by_phase_and_the_selection_is_named(runs: SuiteRuns) -> None:
    runs.run("-k", "test_passes or test_fails")
    found = runs.results()
    assert found["files"]["test_mixed.py"]["tests"] == 2
    assert found["files"]["test_mixed.py"]["outcome"] == "failed"
    assert found["chosen"] == {"keyword": "test_passes or test_fails"}
    by_name = {test["test"]: test for test in found["tests"]}
    passed, failed = by_name["test_mixed.py::test_passes"], by_name["test_mixed.py::test_fails"]
    assert passed["call"] >= 1.1 and passed["setup"] < 1 and passed["outcome"] == "passed"
    assert failed["outcome"] == "failed" and failed["message"] == "AssertionError: one is not two"


@pytest.mark.parametrize("options", [(), ("-n1", "--dist=loadfile")], ids=["here", "on a worker"])
def test_a_file_that_cannot_be_collected_is_in_the_record(runs: SuiteRuns, options: tuple[str, ...]) -> None:
    runs.write(test_broken="import no_such_module\n")
    assert runs.run(*options).ret != 0
    found = runs.results()["not_collected"]
    assert found == {"test_broken.py": "ModuleNotFoundError: No module named 'no_such_module'"}


def test_a_worker_that_dies_fails_its_test_and_the_others_of_the_file_run(runs: SuiteRuns) -> None:
    dies = '"""Dies."""\nimport os\nfrom pathlib import Path\n'
    dies += "def test_dies():\n    if not Path('died').exists():\n        Path('died').touch(); os._exit(9)\n"
    runs.write(test_mixed=dies + "def test_lives(): pass\n")
    done = runs.run("-n1", "--dist=loadfile", "--max-worker-restart=2")
    assert done.ret == 1
    assert sorted(printed_files(done)) == ["test_mixed.py", "test_skipped.py"]
    assert runs.results()["files"]["test_mixed.py"]["outcome"] == "failed"


def test_a_file_is_complete_with_the_report_of_a_crash_which_is_of_no_phase() -> None:
    record = RunRecord()
    record.expect(["test_it.py::test_1"])
    location = ("test_it.py", 1, "test_1")
    options: Any = {"longrepr": "worker crashed", "when": "???"}
    report = pytest.TestReport("test_it.py::test_1", location, {}, "failed", **options)
    assert record.add(report) == "test_it.py"
    assert record.tests["test_it.py::test_1"].message == "worker crashed"


def test_the_summary_of_all_sessions_ends_with_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, test in {"lab": "a.py::test_1", "life": "b.py::test_2"}.items():
        (tmp_path / name).mkdir()
        run = {"tests": [{"test": test, "outcome": "failed", "message": "why"}], "not_run": [f"{name}.py"]}
        run["not_collected"] = {"c.py": "ImportError: no"} if name == "life" else {}
        (tmp_path / name / "tests.json").write_text(json.dumps(run))
    write_summary(tmp_path, well=False)
    lines = (tmp_path / "summary.txt").read_text().splitlines()
    assert lines == [
        "FAILED a.py::test_1 - why",
        "not run: lab.py",
        "FAILED b.py::test_2 - why",
        "ERROR c.py - ImportError: no",
        "not run: life.py",
        f"what explains the failures: {tmp_path}",
    ]
    assert capsys.readouterr().out.endswith(f"{lines[-1]}\n")


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ('"""One sentence. And another."""', "One sentence."),
        ('"""A sentence over\ntwo lines.\n\nMore."""', "A sentence over two lines."),
        ('"""Version 3.32.1 e.g. is one: so it is."""', "Version 3.32.1 e.g. is one: so it is."),
        ("x = 1", ""),
        ("no python", ""),
    ],
)
def test_the_promise_is_the_docstrings_first_sentence(tmp_path: Path, text: str, promise: str) -> None:
    path = tmp_path / "test_it.py"
    path.write_text(text)
    assert read_promise(path) == promise
