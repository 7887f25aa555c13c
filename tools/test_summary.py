"""A run of the tests in Markdown, from the JUnit files in `.results/`: for a CI job's summary, or a terminal.

    python3 -m tools.test_summary [FOLDER]

Needs nothing but Python's own library: a job calls it also when the virtual environment could not be made.
It reports and does not judge: its exit code is 0 also when tests failed.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

OUTCOMES = ("passed", "failed", "skipped")
SLOWEST = 10
FAILURES = 20
MESSAGE_LINES = 12
WIDTH = 300
# What a terminal and XML make of escape sequences.
ESCAPE = re.compile(r"(?:\x1b|#x1B)\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Case:
    """One test case; `outcome` is one of OUTCOMES, `message` says why it failed."""

    file: str
    name: str
    seconds: float
    outcome: str
    message: str = ""


def parse_cases(text: str) -> list[Case]:
    """The cases of one JUnit file, in its order.

    Raises:
        ElementTree.ParseError: when the text is not XML, as when the run was ended while it wrote.
    """
    return [_parse_case(element) for element in ElementTree.fromstring(text).iter("testcase")]


def _parse_case(element: ElementTree.Element) -> Case:
    outcome, message = "passed", ""
    for child in element:
        if child.tag in ("failure", "error"):
            outcome, message = "failed", child.text or child.get("message") or ""
        elif child.tag == "skipped" and outcome == "passed":
            outcome = "skipped"
    return Case(
        file=_file(element.get("classname", "")),
        name=element.get("name", "?"),
        seconds=float(element.get("time") or 0),
        outcome=outcome,
        message=message,
    )


def _file(classname: str) -> str:
    """The test file of a class name as pytest writes it: `tests.unit.test_settings.TestNames`."""
    parts = classname.split(".")
    modules = [index for index, part in enumerate(parts) if part.startswith("test_")]
    return "/".join(parts[: modules[-1] + 1]) + ".py" if modules else classname or "?"


def render_summary(cases: list[Case], incomplete: Iterable[str] = ()) -> str:
    """The summary in Markdown; `incomplete` names the files that could not be parsed."""
    parts = (_head(cases), _incomplete(incomplete), _failures(cases), _files(cases), _slowest(cases))
    return "\n".join(line for part in parts for line in part)


def _counts(cases: list[Case]) -> list[int]:
    return [sum(case.outcome == outcome for case in cases) for outcome in OUTCOMES]


def _head(cases: list[Case]) -> Iterator[str]:
    if not cases:
        yield "### No test results\nThe run ended before its first test ended; its log says why."
        return
    counts = zip(_counts(cases), OUTCOMES, strict=True)
    sign = "❌" if any(case.outcome == "failed" for case in cases) else "✅"
    yield f"### {sign} " + ", ".join(f"{number} {outcome}" for number, outcome in counts if number)


def _incomplete(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield f"\n{_code(name)} is not a complete JUnit file: the run was ended while it wrote it."


def _failures(cases: list[Case]) -> Iterator[str]:
    failed = [case for case in cases if case.outcome == "failed"]
    for case in failed[:FAILURES]:
        # pytest's report ends with the error and the line that raised it.
        lines = ESCAPE.sub("", case.message).rstrip().splitlines()[-MESSAGE_LINES:]
        text = "\n".join(line[:WIDTH] for line in lines)
        # A fence within the text would end one of the same length.
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
        yield f"\n**{_code(case.file)}** {_code(case.name)}\n\n{fence}text\n{text}\n{fence}"
    if len(failed) > FAILURES:
        yield f"\n… and {len(failed) - FAILURES} more failed cases: see the JUnit files."


def _files(cases: list[Case]) -> Iterator[str]:
    if not cases:
        return
    by_file: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_file[case.file].append(case)
    yield f"\n<details><summary>Files: {len(by_file)}</summary>\n"
    yield f"| file | {' | '.join(OUTCOMES)} | seconds |\n|---|---:|---:|---:|---:|"
    for file, members in sorted(by_file.items(), key=lambda item: -sum(case.seconds for case in item[1])):
        seconds = sum(case.seconds for case in members)
        yield f"| {_cell(file)} | {' | '.join(map(str, _counts(members)))} | {seconds:.1f} |"
    yield "\n</details>"


def _slowest(cases: list[Case]) -> Iterator[str]:
    if not cases:
        return
    yield "\n<details><summary>Slowest cases</summary>\n"
    yield "| seconds | case |\n|---:|---|"
    for case in sorted(cases, key=lambda case: -case.seconds)[:SLOWEST]:
        yield f"| {case.seconds:.1f} | {_cell(case.file)} {_cell(case.name)} |"
    yield "\n</details>"


def _code(text: str) -> str:
    """Text of others within a line, as code: nothing in it is Markdown or HTML."""
    plain = re.sub(r"\s+", " ", text)[:WIDTH].replace("`", "'")
    return f"`{plain}`"


def _cell(text: str) -> str:
    """The same within a table, where a bar would end the cell even in code."""
    return _code(text).replace("|", "\\|")


def main(arguments: list[str]) -> None:
    """Print the summary of all JUnit files in the folder."""
    folder = Path(arguments[0] if arguments else ".results")
    cases: list[Case] = []
    incomplete = []
    for path in sorted(folder.rglob("*.xml")):
        try:
            cases += parse_cases(path.read_text(errors="replace"))
        except ElementTree.ParseError:
            incomplete.append(path.name)
    print(render_summary(cases, incomplete))


if __name__ == "__main__":
    main(sys.argv[1:])
