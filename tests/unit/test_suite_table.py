"""tests/README.md's table is complete and says what the files say; its seconds come from whole runs."""

import json
from pathlib import Path

from tests.suite.table import README, committed, list_test_files, measured, render_row, render_table
from tests.suite.test_file import read_promise


def test_every_test_file_is_in_the_table_with_its_promise() -> None:
    text = README.read_text()
    missing = [path for path in list_test_files() if f"| {read_promise(path)} | `{path.name}` |" not in text]
    assert missing == [], "`make test-table` writes the table anew"


def test_the_table_has_no_file_that_is_gone() -> None:
    rows = [line for line in README.read_text().splitlines() if "| `test_" in line]
    assert len(rows) == len(list_test_files()), "`make test-table` writes the table anew"


def test_every_test_file_says_what_it_proves() -> None:
    assert [path.name for path in list_test_files() if not read_promise(path)] == []


def test_seconds_are_of_files_that_ran_whole_and_passed(tmp_path: Path) -> None:
    rows = {"tests": 3, "seconds": 4.5}
    runs = {
        "lab": {
            "chosen": {},
            "files": {
                "a.py": {**rows, "outcome": "passed"},
                "b.py": {**rows, "outcome": "failed"},
                "c.py": {**rows, "outcome": "incomplete"},
            },
        },
        "main": {"chosen": {"markexpr": "main_path"}, "files": {"d.py": {**rows, "outcome": "passed"}}},
    }
    for name, run in runs.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "tests.json").write_text(json.dumps(run))
    assert measured(tmp_path) == {"a.py": rows}


def test_a_row_has_tests_seconds_and_how_much_of_it_make_test_runs() -> None:
    by_name = {path.name: path for path in list_test_files()}
    drift = by_name["test_drift.py"]
    row = render_row(
        by_name["test_killed.py"], {"tests/integration/test_killed.py": {"tests": 12, "seconds": 99.6}}
    )
    assert row.endswith("| `test_killed.py` | 12 | 100 | some |")
    assert render_row(by_name["test_lifecycle.py"], {}).endswith("| `test_lifecycle.py` | – | – | – |")
    assert render_row(by_name["test_site.py"], {}).endswith("| – | – | all |")
    assert render_table([drift], {}).startswith(f"\n## tests/{drift.parent.name}: ")


def test_the_committed_seconds_are_of_files_that_are_there() -> None:
    assert all(set(row) == {"tests", "seconds"} for row in committed().values())
