"""What the machine's script makes of texts: units, BIRD's errors, passwords, configurations cut short."""

import json
from pathlib import Path

import pytest

from components.bird.bird_config import bird_config, daemons
from components.bird.bird_router import END
from components.settings.settings import read_settings
from tests.unit.example import values
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
        f"ExecStartPre=-+/bin/sh {tmp_path}/own/router starting bird",
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


def recovery(folder: Path, changed: dict[str, str], series: str = "2", routes: str = "") -> str:
    """With what BIRD is started: the configuration of these settings, and these routes in the kernel."""
    settings = read_settings(values(**changed, birdVersion=series))
    (folder / "bird.conf").write_text(daemons(bird_config(settings))["bird"])
    version = {"1.6": "1.6.8", "2": "2.0.12", "3": "3.1.8"}[series]
    machine = f"bird_version() {{ echo {version}; }}; routes() {{ printf '{routes}'; }}"
    done = script(f"configuration=bird.conf; {machine}; recovery", folder)
    assert done.returncode == 0 and not done.stderr
    return done.stdout.strip()


def nodes(count: int) -> dict[str, str]:
    return {"nodes": json.dumps([f"172.34.8.{number}" for number in range(50, 50 + count)])}


@pytest.mark.parametrize("series", ["1.6", "2", "3"])
def test_bird_recovers_where_the_kernel_has_routes_from_before(tmp_path: Path, series: str) -> None:
    assert recovery(tmp_path, {}, series) == ""
    assert recovery(tmp_path, {}, series, routes="10.96.0.0/12 via 172.34.8.10") == "-R"


@pytest.mark.parametrize("series", ["1.6", "2"])
def test_bird_always_recovers_where_many_nodes_come_at_once(tmp_path: Path, series: str) -> None:
    assert recovery(tmp_path, nodes(128), series) == ""
    assert recovery(tmp_path, nodes(129), series) == "-R"


def test_bird_3_gathers_the_changes_of_many_nodes_by_itself(tmp_path: Path) -> None:
    assert recovery(tmp_path, nodes(129), "3") == ""
    assert "export settle time" in (tmp_path / "bird.conf").read_text()


def test_bird_never_recovers_without_graceful_restart(tmp_path: Path) -> None:
    changed = {**nodes(129), "gracefulRestart": "false"}
    assert recovery(tmp_path, changed, routes="10.96.0.0/12 via 172.34.8.10") == ""


@pytest.mark.parametrize(
    ("first", "count", "done"), [("yes", 129, "restart"), ("yes", 128, "configure"), ("", 129, "configure")]
)
def test_a_first_delivery_for_many_nodes_starts_bird_anew(
    tmp_path: Path, first: str, count: int, done: str
) -> None:
    recovery(tmp_path, nodes(count))
    # What it asks of systemd and BIRD.
    machine = (
        "systemctl() { case $1 in restart) echo restart >>done ;; is-enabled) echo enabled ;; esac; }\n"
        "client() { case $1 in configure) echo configure >>done; echo Reconfigured ;;"
        " *) echo Daemon is up and running ;; esac; }\n"
        "bird_version() { echo 2.0.12; }; routes() { :; }\n"
    )
    assert (
        script(
            f"{machine}configuration=bird.conf unfinished=none first={first}; activate", tmp_path
        ).returncode
        == 0
    )
    assert set((tmp_path / "done").read_text().split()) == {done}


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


GRACEFUL = "protocol bgp calico {\n  graceful restart yes;\n}\n"


def restarted(folder: Path, before: str | None, after: str, first: bool = False) -> bool:
    """Whether BIRD is restarted, not reconfigured; `before` and `after` are texts, `FILE` the password's."""
    unfinished = folder / "unfinished"
    unfinished.mkdir(exist_ok=True)
    if first:
        (unfinished / "first").touch()
    for name, text in (("unfinished/bird.conf", before), ("bird.conf", after)):
        if text is not None:
            (folder / name).write_text(text.replace("FILE", f"{folder}/bird/password"))
    done = script("unfinished=unfinished configuration=bird.conf\nanother_password", folder)
    assert not done.stderr
    return done.returncode == 0


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ('include "FILE.1";\n', 'include "FILE.2";\n', True),
        ("", 'include "FILE.2";\n', True),
        ('include "FILE.1";\n', "", True),
        ('include "FILE.1";\n', 'include "FILE.1";\n# and more\n', False),
        ("", "# and more\n", False),
    ],
    ids=["another", "the first", "none any more", "the same", "none at all"],
)
def test_another_password_restarts_bird_so_that_the_routes_stay(
    tmp_path: Path, before: str, after: str, wanted: bool
) -> None:
    assert restarted(tmp_path, before + GRACEFUL, after + GRACEFUL) == wanted


def test_without_graceful_restart_or_before_us_another_password_is_a_reconfiguration(tmp_path: Path) -> None:
    before, after = 'include "FILE.1";\n', 'include "FILE.2";\n'
    assert not restarted(tmp_path, before, after)
    assert not restarted(tmp_path, before + GRACEFUL, after + GRACEFUL, first=True)


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
