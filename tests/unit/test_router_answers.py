"""The router script's answers are told apart from what a login prints, and nothing foreign is run."""

from pathlib import Path

import pytest

from components.bird.answers import NEWEST, answers, password_generation
from tests.unit.machine_script import script


def test_the_script_marks_its_answer_and_begins_a_line_of_its_own(tmp_path: Path) -> None:
    done = script("printf Welcome; framed printf 'one\\ntwo\\n'; echo bye", tmp_path)
    assert done.stdout == "Welcome\ncalico-peering: one\ncalico-peering: two\nbye\n"
    assert answers(done.stdout) == ["one", "two"]


def test_a_command_that_fails_answers_nothing_and_fails(tmp_path: Path) -> None:
    done = script("broken() { echo half; false; echo never; }; framed broken; echo never", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    ("output", "generation"),
    [
        ("\ncalico-peering: 1795571655\n", "1795571655"),
        ("Welcome\n\ncalico-peering: 1795571655\nbye", "1795571655"),
        ("Welcome\n1795571655\n", NEWEST),
        ("calico-peering: 1795571655; rm -rf /\n", NEWEST),
        ("calico-peering: $(reboot)\n", NEWEST),
        ("calico-peering: " + "9" * 21 + "\n", NEWEST),
        ("", NEWEST),
    ],
)
def test_a_generation_is_a_number_or_the_newest(output: str, generation: str) -> None:
    assert password_generation(output) == generation


def test_the_newest_is_the_one_with_the_highest_number(tmp_path: Path) -> None:
    folder = tmp_path / "bird"
    folder.mkdir()
    assert script("newest_password", tmp_path).stdout == ""
    for name in ("password.9", "password.10", "password.old", "other.99"):
        (folder / name).touch()
    assert script("newest_password", tmp_path).stdout == "10\n"
