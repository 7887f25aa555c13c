"""Work side by side: all at once, every result, and what is told when some of it fails."""

from threading import Barrier

import pytest

from lab.errors import LabError
from lab.side_by_side import side_by_side


def fail(error: Exception) -> None:
    raise error


def test_parts_run_at_the_same_time_and_give_their_results() -> None:
    both = Barrier(2, timeout=10)
    with side_by_side() as start:
        parts = [start(both.wait) for _ in range(2)]
    assert {part.result() for part in parts} == {0, 1}


def test_every_message_is_told_and_the_others_run_to_their_end() -> None:
    done: list[str] = []
    with pytest.raises(LabError) as caught, side_by_side() as start:
        start(lambda: fail(LabError("first")))
        start(lambda: fail(LabError("second")))
        start(lambda: done.append("third"))
    assert str(caught.value) == "first\nsecond"
    assert done == ["third"]


def test_what_is_no_message_of_ours_is_raised_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), side_by_side() as start:
        start(lambda: fail(LabError("first")))
        start(lambda: fail(ZeroDivisionError()))
