"""What the machine's script makes of texts: units, BIRD's errors, passwords, configurations cut short."""

from pathlib import Path

import pytest

from components.bird.bird_router import END
from tests.unit.machine_script import script

UNIT = """\
# /lib/systemd/system/bird.service
[Unit]
Description=BIRD
[Service]
EnvironmentFile=/etc/bird/envvars
ExecStartPre=/usr/lib/bird/prepare-environment
ExecStartPre=/usr/sbin/bird -p
ExecStart=/usr/sbin/bird -f -u $BIRD_RUN_USER \\
    -g $BIRD_RUN_GROUP $BIRD_ARGS
Restart=on-abort

"""
OURS = """\
# /etc/systemd/system/bird.service.d/calico-peering.conf
[Service]
ExecStartPre=
ExecStart=
ExecStart=/usr/sbin/bird -f $CALICO_PEERING_RECOVERY
"""
THEIRS = """\
# /etc/systemd/system/bird.service.d/theirs.conf
[Service]
ExecStart=
ExecStart=/usr/sbin/bird -f -d
"""


def drop_in(unit: str, folder: Path) -> list[str]:
    done = script("drop_in_text", folder, stdin=unit)
    assert not done.stderr
    return done.stdout.splitlines()


def test_bird_starts_by_its_own_line_with_recovery_at_the_end(tmp_path: Path) -> None:
    assert drop_in(UNIT, tmp_path)[1:] == [
        "[Service]",
        "EnvironmentFile=-/run/calico-peering-bird.environment",
        "ExecStartPre=",
        f"ExecStartPre=-+{tmp_path}/own/router starting bird",
        "ExecStartPre=/usr/lib/bird/prepare-environment",
        "ExecStartPre=/usr/sbin/bird -p",
        "ExecStart=",
        "ExecStart=/usr/sbin/bird -f -u $BIRD_RUN_USER      -g $BIRD_RUN_GROUP $BIRD_ARGS"
        " $CALICO_PEERING_RECOVERY",
    ]


def test_our_own_lines_are_not_taken_for_the_units(tmp_path: Path) -> None:
    assert drop_in(UNIT + OURS, tmp_path) == drop_in(UNIT, tmp_path)


def test_what_somebody_else_changed_of_the_unit_stays(tmp_path: Path) -> None:
    assert drop_in(UNIT + OURS + THEIRS, tmp_path)[-1] == (
        "ExecStart=/usr/sbin/bird -f -d $CALICO_PEERING_RECOVERY"
    )


@pytest.mark.parametrize(
    "said",
    [
        "bird: FILE.17:1:29 secretword: variable expected.",
        "bird: FILE.17, line 1: syntax error near secretword",
        "FILE.17:1:12 syntax error, unexpected secretword",
    ],
)
def test_what_bird_says_of_the_passwords_file_is_not_repeated(tmp_path: Path, said: str) -> None:
    file = f"{tmp_path}/bird/password"
    done = script("told", tmp_path, stdin=said.replace("FILE", file) + "\n")
    assert done.stdout == f"the password's file {file}.17 is not one that BIRD can read\n"


def test_what_bird_says_of_the_configuration_is_repeated(tmp_path: Path) -> None:
    said = f"/etc/bird/x:9:10 Unable to open included file {tmp_path}/bird/password.17: No such file\n"
    assert script("told", tmp_path, stdin="Warning: insecure memory\n" + said).stdout == said


def staged(folder: Path, text: str, generation: str = "") -> tuple[str, str]:
    """The staged file and what was complained about."""
    done = script(f"home=. staged=./staged generation={generation}; stage", folder, stdin=text)
    return (folder / "staged").read_text(), done.stderr


def test_the_configuration_names_the_generation_of_the_password(tmp_path: Path) -> None:
    include = f'include "{tmp_path}/bird/password";\n'
    text, wrong = staged(tmp_path, include + END, "17")
    assert (text, wrong) == (include.replace("password", "password.17") + END, "")


@pytest.mark.parametrize("length", range(0, len("router id 1.2.3.4;\n" + END) - 1, 5))
def test_a_configuration_that_was_cut_off_is_not_taken_for_a_shorter_one(tmp_path: Path, length: int) -> None:
    _, wrong = staged(tmp_path, ("router id 1.2.3.4;\n" + END)[:length])
    assert "did not come to its end on standard input; the old one is still in use" in wrong


def stage_password(folder: Path, text: str) -> tuple[str, str]:
    """The generation and what was complained about."""
    (folder / "bird").mkdir(exist_ok=True)
    done = script("readable_by_bird() { :; }; password", folder, stdin=text)
    return done.stdout.strip(), done.stderr


def test_a_password_gets_a_file_of_its_own(tmp_path: Path) -> None:
    generation, wrong = stage_password(tmp_path, "it's a $(word) `here`\\n %s\n")
    assert not wrong
    [file] = (tmp_path / "bird").iterdir()
    assert file.name == f"password.{generation}"
    assert file.read_text() == 'define PASSWORD = "it\'s a $(word) `here`\\n %s";\n'
    assert file.stat().st_mode & 0o077 == 0


def test_another_password_gets_another_file_and_the_same_one_none(tmp_path: Path) -> None:
    first, _ = stage_password(tmp_path, "one\n")
    second, _ = stage_password(tmp_path, "two\n")
    assert first != second
    assert stage_password(tmp_path, "one\n") == (first, "")
    assert len(list((tmp_path / "bird").iterdir())) == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("cut off", "did not come to its end"),
        ("", "did not come to its end"),
        ("\n", "printable ASCII"),
        ('secret"; evil\n', "printable ASCII"),
        ("secret\tword\n", "printable ASCII"),
        ("secretwörd\n", "printable ASCII"),
        ("secret" * 14 + "\n", "84 characters"),
    ],
)
def test_a_password_that_bird_could_not_read_is_refused_and_not_repeated(
    tmp_path: Path, text: str, complaint: str
) -> None:
    generation, wrong = stage_password(tmp_path, text)
    assert not generation and not list((tmp_path / "bird").iterdir())
    assert complaint in wrong and "secret" not in wrong
