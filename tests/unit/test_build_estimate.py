"""What a person sees while programs are built: how far it is, and an estimate that follows the machine."""

import io
import time

import pytest
from rich.console import Console

from lab import progress
from lab.engine.estimate import SPEED, TRUST, Work, minutes
from lab.progress import Steps

SIZES = {"large": 6_000_000, "small": 1_000_000, "tiny": 10_000}


def test_before_anything_is_compiled_a_usual_machine_is_assumed() -> None:
    work = Work(dict(SIZES), processors=2)
    assert work.left(0) == pytest.approx(7_010_000 / (2 * SPEED))


def test_a_slow_machine_lengthens_the_estimate_and_a_fast_one_shortens_it() -> None:
    work = Work(dict(SIZES), processors=2)
    assert work.finish("large")
    rest = 1_010_000 / (2 * SPEED)
    usual = 6_000_000 / (2 * SPEED)
    assert work.left(usual) == pytest.approx(rest)
    assert work.left(usual * 10) > 7 * rest
    assert work.left(usual / 10) < rest
    # After long enough only the machine itself counts.
    assert work.left(100 * TRUST) == pytest.approx(1_010_000 / (6_000_000 / (100 * TRUST)), rel=0.02)


def test_a_package_counts_once_and_other_output_not_at_all() -> None:
    work = Work(dict(SIZES), processors=2)
    assert work.finish("small") and work.finish("small")
    assert work.finished == 1_000_000
    assert not work.finish("go: downloading something")
    assert work.finished == 1_000_000


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (39, "less than a minute"),
        (41, "about a minute"),
        (89, "about a minute"),
        (91, "about 2 minutes"),
        (1000, "about 17 minutes"),
    ],
)
def test_a_duration_is_said_in_minutes(seconds: float, words: str) -> None:
    assert minutes(seconds) == words


def test_without_a_terminal_a_long_step_prints_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    steps = Steps(Console(file=text, width=200))
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with steps.measured("build 2 programs") as told:
        told(0.1, "soon")
        now[0] += progress.EVERY
        told(0.5, "about 3 minutes left")
        told(0.6, "at once again")
    lines = [line.strip() for line in text.getvalue().splitlines()]
    assert lines[:2] == ["… build 2 programs", "… build 2 programs: 50%, about 3 minutes left"]
    assert len(lines) == 3 and lines[2].startswith("✓ build 2 programs") and lines[2].endswith("30.0 s")
