"""What is printed last: failed tests and files that were not run, a line each, and where the results are.

Also written to `summary.txt` in the results folder, for whoever prints it once more below other output.
"""

import json
from collections.abc import Iterator
from pathlib import Path

LINE = 300


def summary_lines(results: Path) -> Iterator[str]:
    """A line for each failed test and each file that was not run, of all sessions."""
    for path in sorted(results.glob("*/tests.json")):
        found = json.loads(path.read_text())
        for test in found["tests"]:
            if test["outcome"] == "failed":
                yield f"FAILED {test['test']} - {test.get('message', '')}"[:LINE]
        for file, message in found["not_collected"].items():
            yield f"ERROR {file} - {message}"[:LINE]
        for file in found["not_run"]:
            yield f"not run: {file}"


def write_summary(results: Path, well: bool) -> None:
    """Print it and write it; `well` is what the sessions' exit codes say."""
    lines = [*summary_lines(results), *([] if well else [f"what explains the failures: {results}"])]
    (results / "summary.txt").write_text("".join(f"{line}\n" for line in lines))
    print("\n" + "\n".join(lines or ["all tests passed"]), flush=True)
