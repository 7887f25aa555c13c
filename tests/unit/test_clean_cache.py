"""`make clean-cache`: everything goes, with its size, and nothing that is in use."""

import fcntl
from pathlib import Path

import pytest

from lab import clean_cache
from lab.errors import LabError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with a program and sources as Go leaves them, read-only."""
    made = tmp_path / "calico-peering"
    program = made / "engine" / "pulumi-1" / "pulumi"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"x" * 2**20)
    program.with_name("same").hardlink_to(program)
    source = made / "go-mod" / "module" / "file.go"
    source.parent.mkdir(parents=True)
    source.write_text("package module\n")
    source.chmod(0o444)
    return made


def test_everything_goes_and_its_size_is_said(cache: Path) -> None:
    said: list[str] = []
    freed = clean_cache.clean_cache(cache, said.append)
    assert not cache.exists()
    # The program is there under two names, and counts once.
    assert 2**20 <= freed < 1.5 * 2**20
    assert [line.split(maxsplit=2)[2] for line in said] == [
        "programs built from Go modules",
        "sources of Go modules",
        f"freed in {cache}",
    ]


def test_what_the_program_keeps_there_stays(cache: Path) -> None:
    kept = cache / "kubeconfig" / "0123"
    kept.parent.mkdir()
    kept.write_text("apiVersion: v1\n")
    clean_cache.clean_cache(cache, lambda line: None)
    assert [path.relative_to(cache) for path in cache.rglob("*") if path.is_file()] == [
        Path("kubeconfig/0123")
    ]


def test_an_empty_cache_is_said_to_be_empty(tmp_path: Path) -> None:
    said: list[str] = []
    assert clean_cache.clean_cache(tmp_path / "none", said.append) == 0
    assert said == [f"there is nothing in {tmp_path / 'none'}"]


def test_a_cache_into_which_programs_are_built_is_left_alone(cache: Path) -> None:
    with (cache / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LabError, match="programs are being built into"):
            clean_cache.clean_cache(cache, print)
    assert (cache / "engine" / "pulumi-1" / "pulumi").exists()


def test_a_cache_that_a_lab_is_mounted_from_is_left_alone(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_cache, "users", lambda path: [4711])
    with pytest.raises(LabError, match=r"process 4711.*make down"):
        clean_cache.clean_cache(cache, print)
    assert (cache / "engine" / "pulumi-1" / "pulumi").exists()
