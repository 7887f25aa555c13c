"""Writes tests/README.md's table and tests/durations.json: `make test-table`, after a `make test-all`.

Seconds are those of the runs in `.results`, of files that ran whole there; other files keep theirs. Without
`.results` only the promises, which are the files' docstrings, are written anew.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.layout import PROJECT
from tests.suite.durations import COMMITTED
from tests.suite.main_path import MARKER
from tests.suite.pytest_stage import RESULTS
from tests.suite.test_file import read_promise

README = PROJECT / "tests" / "README.md"
BEGIN = "<!-- The table below is written by `make test-table`. -->"
FOLDERS = {
    "integration": "the program on the lab",
    "acceptance": "what Calico expects of its releases, and what its API servers refuse; on the lab",
    "lab": "the lab's own life",
    "unit": "functions, scripts and real BIRDs",
    "mocks": "what is declared, by Pulumi's mocks",
    "conformance": "the stand-in for pulumi-command",
}
ON_LAB = ("integration", "acceptance")

Rows = Mapping[str, Mapping[str, Any]]


def list_test_files() -> list[Path]:
    """Every test file, in the table's order."""
    return [path for folder in FOLDERS for path in sorted((PROJECT / "tests" / folder).glob("test_*.py"))]


def measured(results: Path) -> dict[str, dict[str, Any]]:
    """Tests and seconds by file, of the runs in the results folder that left out no test of a file."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(results.glob("*/tests.json")):
        run = json.loads(path.read_text())
        if run["chosen"]:
            continue
        for name, file in run["files"].items():
            if file["outcome"] == "passed":
                found[name] = {"tests": file["tests"], "seconds": file["seconds"]}
    return found


def in_make_test(path: Path) -> str:
    """How much of a file `make test` runs: all, some or nothing."""
    if path.parent.name == "lab":
        return "–"
    if path.parent.name not in ON_LAB:
        return "all"
    return "some" if f"mark.{MARKER}" in path.read_text() else "–"


def render_row(path: Path, rows: Rows) -> str:
    """One line of the table."""
    row = rows.get(path.relative_to(PROJECT).as_posix(), {})
    tests, seconds = row.get("tests", "–"), row.get("seconds")
    time = "–" if seconds is None else f"{seconds:.0f}"
    return f"| {read_promise(path)} | `{path.name}` | {tests} | {time} | {in_make_test(path)} |"


def render_table(files: Iterable[Path], rows: Rows) -> str:
    """All tables, a folder each."""
    lines: list[str] = []
    by_folder: dict[str, list[Path]] = {}
    for path in files:
        by_folder.setdefault(path.parent.name, []).append(path)
    for folder, of_folder in by_folder.items():
        lines += [f"\n## tests/{folder}: {FOLDERS[folder]}"]
        lines += ["| promise | file | tests | seconds | in `make test` |", "|---|---|---|---|---|"]
        lines += [render_row(path, rows) for path in of_folder]
    return "\n".join(lines) + "\n"


def render_readme(text: str, rows: Rows) -> str:
    """The README with its table anew; what is above it stays."""
    above, found, _ = text.partition(BEGIN)
    assert found, f"{README}: the line {BEGIN!r} is missing"
    return above + BEGIN + "\n" + render_table(list_test_files(), rows)


def committed() -> dict[str, dict[str, Any]]:
    """The table of durations, of files that are there."""
    rows: dict[str, dict[str, Any]] = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
    return {name: row for name, row in rows.items() if (PROJECT / name).exists()}


def main() -> int:
    """Write both files."""
    rows = {**committed(), **measured(RESULTS)}
    lines = [f"{json.dumps(name)}: {json.dumps(rows[name])}" for name in sorted(rows)]
    COMMITTED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    README.write_text(render_readme(README.read_text(), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
