"""systemd-networkd is configured to keep BIRD's routes, unless the administrator has set the same key.

`systemctl` and the machine's addresses are stand-ins; the real ones are in
tests/integration/test_other_programs.py.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from components.bird.bird_router import router_script

Run = Callable[..., str]
TEXT = (
    "# Written by calico-peering, a Pulumi program, which takes it back on destroy.\n"
    "[Network]\nManageForeignRoutes=no\n"
)
SYSTEMCTL = """
systemctl() {
    case $1 in
    is-active) [ "${RUNS:-yes}" = yes ] ;;
    --version) echo "systemd ${VERSION:-252} (252.39-1)" ;;
    restart) echo "restarted $2" ;;
    esac
}
ip() { echo "${LEASED:-}"; }
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a shell text on a machine with networkd; what it prints, with warnings."""

    def given(commands: str, **variables: str) -> str:
        own = tmp_path / "own"
        own.mkdir(exist_ok=True)
        text = router_script().removesuffix('main "$@"\n').replace("/var/lib/calico-peering", str(own))
        text = text.replace("/etc/systemd/networkd", f"{tmp_path}/etc/systemd/networkd")
        text += f'NETWORKD_FOLDERS="{tmp_path}/etc {tmp_path}/usr"\n'
        text += "".join(f"{name}={value}\n" for name, value in variables.items())
        done = subprocess.run(["sh", "-c", text + SYSTEMCTL + commands], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).replace(str(tmp_path), "")

    return given


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ours."""
    return tmp_path / "etc/systemd/networkd.conf.d/90-calico-peering.conf"


def others(folder: Path, line: str, place: str = "etc/systemd/networkd.conf") -> None:
    """Somebody's file."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[Network]\n{line}\n")


def test_it_is_configured_once_and_restarted_for_it(run: Run, file: Path) -> None:
    assert "restarted systemd-networkd" in run("main guard")
    assert file.read_text() == TEXT
    assert file.stat().st_mode & 0o777 == 0o644
    assert "restarted" not in run("main guard")
    assert run("networkd_drift") == ""


def test_a_file_that_was_changed_is_written_again(run: Run, file: Path) -> None:
    run("main guard")
    file.write_text("[Network]\n")
    assert "restarted" in run("main guard")
    assert file.read_text() == TEXT


def test_the_file_is_removed_and_networkd_not_restarted(run: Run, file: Path) -> None:
    run("main guard")
    assert "restarted" not in run("main guard_back")
    assert not file.parent.exists()
    assert "was not configured" in run("main guard_back")


def test_others_files_stay(run: Run, file: Path, tmp_path: Path) -> None:
    others(tmp_path, "SpeedMeter=yes", "etc/systemd/networkd.conf.d/10-own.conf")
    run("main guard; main guard_back")
    assert [path.name for path in file.parent.iterdir()] == ["10-own.conf"]


def test_a_leased_address_is_not_taken_away_by_a_restart(run: Run, file: Path) -> None:
    said = run("main guard", LEASED="eth0")
    assert "restarted systemd-networkd" not in said
    assert "warning: systemd-networkd keeps BIRD's routes from its next start on" in said
    assert file.read_text() == TEXT


@pytest.mark.parametrize("variables", [{"RUNS": "no"}, {"VERSION": "245"}])
def test_nothing_is_written_where_it_does_not_run_or_is_too_old(
    run: Run, file: Path, variables: dict[str, str]
) -> None:
    said = run("main guard; networkd_drift", **variables)
    assert not file.exists()
    assert "deviation" not in said
    assert ("warning: systemd-networkd 245 removes BIRD's routes" in said) == ("VERSION" in variables)


@pytest.mark.parametrize("place", ["etc/systemd/networkd.conf", "usr/systemd/networkd.conf.d/20-own.conf"])
@pytest.mark.parametrize(
    ("line", "warned"), [("ManageForeignRoutes = No", False), (" ManageForeignRoutes=1", True)]
)
def test_a_file_of_another_owner_is_respected_and_ours_removed(
    run: Run, file: Path, tmp_path: Path, place: str, line: str, warned: bool
) -> None:
    run("main guard")
    others(tmp_path, line, place)
    said = run("main guard; networkd_drift")
    assert f"left to /{place}:{line.strip()}" in said.replace(": ", ":")
    assert ("Set it to no there" in said) == warned
    assert not file.exists()
    assert "deviation" not in said


def test_a_networkd_that_came_later_is_a_deviation(run: Run) -> None:
    run("main guard", RUNS="no")
    assert run("networkd_drift").startswith("deviation systemd-networkd runs on this machine")
