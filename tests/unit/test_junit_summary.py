"""A CI job's summary, out of JUnit files: what failed and why, what is slow, and no Markdown of others."""

from pathlib import Path

import pytest

from tools.test_summary import Case, main, parse_cases, render_summary

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_settings.TestNames" name="test_a[x]" time="1.5"/>
<testcase classname="tests.integration.test_drift" name="test_b" time="60.25">
  <failure message="short">E   assert 1 == 2
tests/integration/test_drift.py:7: AssertionError</failure></testcase>
<testcase classname="tests.integration.test_drift" name="test_c" time="0"><skipped message="no"/></testcase>
<testcase classname="tests.unit.test_settings" name="test_d" time="2">
  <error message="fixture broke"/></testcase>
</testsuite></testsuites>"""


def test_every_case_has_its_file_its_outcome_and_why_it_failed() -> None:
    assert parse_cases(JUNIT) == [
        Case("tests/unit/test_settings.py", "test_a[x]", 1.5, "passed"),
        Case(
            "tests/integration/test_drift.py",
            "test_b",
            60.25,
            "failed",
            "E   assert 1 == 2\ntests/integration/test_drift.py:7: AssertionError",
        ),
        Case("tests/integration/test_drift.py", "test_c", 0, "skipped"),
        Case("tests/unit/test_settings.py", "test_d", 2, "failed", "fixture broke"),
    ]


def test_the_head_counts_and_failures_come_with_their_last_lines() -> None:
    lines = render_summary(parse_cases(JUNIT)).splitlines()
    assert lines[0] == "### ❌ 1 passed, 2 failed, 1 skipped"
    assert "**`tests/integration/test_drift.py`** `test_b`" in lines
    assert "tests/integration/test_drift.py:7: AssertionError" in lines
    # The slowest file is the first.
    table = [line for line in lines if line.startswith("| `tests")]
    assert table[0] == "| `tests/integration/test_drift.py` | 0 | 1 | 1 | 60.2 |"
    assert "| 60.2 | `tests/integration/test_drift.py` `test_b` |" in lines


def test_a_run_without_failures_says_so_and_one_without_tests_does_not() -> None:
    assert render_summary([Case("a.py", "test", 1, "passed")]).startswith("### ✅ 1 passed")
    assert render_summary([]).startswith("### No test results")


def test_what_others_wrote_is_no_markdown() -> None:
    name = "test[`</code>|<b>\n# x`]"
    message = "before\n````\n# heading\x1b[31m"
    text = render_summary([Case("a.py", name, 1, "failed", message)])
    assert "`test['</code>|<b> # x']`" in text
    assert r"'</code>\|<b>" in text, "a bar would end a table's cell"
    # The fence is longer than any inside, and the terminal's colours are gone.
    assert "`````text\nbefore\n````\n# heading\n`````" in text


def test_many_failures_are_counted_and_not_shown() -> None:
    text = render_summary([Case("a.py", f"test_{number}", 1, "failed", "why") for number in range(25)])
    assert "**`a.py`** `test_19`" in text and "**`a.py`** `test_20`" not in text
    assert "… and 5 more failed cases" in text


def test_a_file_that_a_run_was_writing_when_it_ended_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "junit.xml").write_text(JUNIT)
    (tmp_path / "cut.xml").write_text(JUNIT[:100])
    main([str(tmp_path)])
    said = capsys.readouterr().out
    assert "1 passed, 2 failed, 1 skipped" in said
    assert "`cut.xml` is not a complete JUnit file" in said
