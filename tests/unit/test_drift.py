"""What the machine's script says of files of ours that somebody changed."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from components.bird.answers import answers
from components.bird.bird_router import router_script

Drift = Callable[[str], list[str]]


@pytest.fixture
def drift(tmp_path: Path) -> Drift:
    """Keeps files, runs a shell text in the folder and gives the deviations."""
    (tmp_path / "router").touch()
    (tmp_path / "bird.conf").write_text("router id 192.0.2.1;\nprotocol device { }\n")
    (tmp_path / "calico-peering.password.7").write_text('define PASSWORD = "secret";\n')
    for path in tmp_path.iterdir():
        path.chmod(0o640)

    def run(by_hand: str) -> list[str]:
        script = router_script().removesuffix('main "$@"\n').replace("/var/lib/calico-peering", str(tmp_path))
        script += (
            f"cd {tmp_path}; kept {tmp_path}/bird.conf; kept {tmp_path}/calico-peering.password.7\n"
            f"{by_hand}\nmain drift\n"
        )
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        *lines, last = answers(done.stdout)
        assert last == "looked"
        return [line.removeprefix("deviation ").replace(f"{tmp_path}/", "") for line in lines]

    return run


def test_what_is_as_it_was_written_is_no_deviation(drift: Drift) -> None:
    assert drift(":") == []


def test_a_changed_line_is_shown_as_delivered_and_as_found(drift: Drift) -> None:
    assert drift("sed -i 's/192.0.2.1/192.0.2.9/' bird.conf; echo '# more' >>bird.conf") == [
        "bird.conf was changed:",
        "  delivered | router id 192.0.2.1;",
        "  found     | router id 192.0.2.9;",
        "  found     | # more",
    ]


def test_a_file_that_is_gone(drift: Drift) -> None:
    assert drift("rm bird.conf") == ["bird.conf is gone"]


def test_another_mode(drift: Drift) -> None:
    [line] = drift("chmod 0644 bird.conf")
    assert line.startswith("bird.conf has mode and owner 644 root:")


def test_of_a_password_only_that_it_is_another(drift: Drift, tmp_path: Path) -> None:
    assert drift("echo 'define PASSWORD = \"other\";' >calico-peering.password.7") == [
        "calico-peering.password.7 is not as it was delivered"
    ]
    kept = [path for path in (tmp_path / "delivered").rglob("*") if path.is_file()]
    assert kept and not any("secret" in path.read_text() for path in kept)


def test_a_password_that_somebody_wrote_into_the_configuration_stays_there(drift: Drift) -> None:
    lines = drift('echo \'  Password "their own" ; # "x"\' >>bird.conf')
    assert lines[1:] == ['  found     |   Password "[not shown]']


def test_of_many_changed_lines_forty_are_shown(drift: Drift) -> None:
    lines = drift("seq 100 >>bird.conf")
    assert len(lines) == 42
    assert lines[-1] == "  and 60 more lines"


def test_a_machine_that_was_set_up_anew(drift: Drift) -> None:
    assert drift("rm -r router delivered") == ["router is gone: was this machine set up anew?"]


def test_a_file_that_is_no_longer_ours(drift: Drift, tmp_path: Path) -> None:
    assert drift(f"let_go {tmp_path}/bird.conf; rm bird.conf") == []
