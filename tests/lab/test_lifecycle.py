"""A lab's life on the machine: alive it is never touched, dead it leaves nothing in the way.

These tests run on the machine itself with two clones and a name of their own, so that a lab that
somebody has up meanwhile is none of their business.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.control_groups import ROOT
from lab.layout import NAME_VARIABLE, PROJECT
from lab.waiting import wait_for

# Short: the path of a socket in the lab's folder, which has this name, may have 107 bytes.
NAME = f"life-{os.getpid()}"
ENVIRONMENT = {**os.environ, NAME_VARIABLE: NAME}

# A lab with one more machine, which nobody takes away.
INSTANCE = """
from openstack import connect
cloud = connect(cloud="lab")
server = cloud.create_server("left", image="debian-12", flavor="small", network="nodes", wait=True)
"""


@dataclass(frozen=True)
class Clone:
    """A clone of the project with a lab of its own."""

    folder: Path

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `python -m lab …`."""
        return subprocess.Popen(
            [sys.executable, "-m", "lab", *words],
            cwd=self.folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def lab(self, *words: str, code: int = 0) -> str:
        """Run `python -m lab …` to its end and return what it prints."""
        process = self.start(*words)
        output, _ = process.communicate(timeout=540)
        assert process.returncode == code, output
        return output

    def keeper(self) -> int:
        """The process id of this clone's running lab."""
        found = subprocess.run(
            [sys.executable, "-c", "from lab import keeper; print(keeper.find().pid)"],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(found.stdout)


def processes() -> list[str]:
    """Every process that belongs to the tests' labs, told by its control group."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and NAME in (entry / "cgroup").read_text():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def traces() -> dict[str, list[str]]:
    """What the machine itself shows of labs: namespaces, links, mounts, control groups."""
    shown = {
        "namespaces": ["ip", "netns"],
        "links": ["ip", "-o", "link"],
        "mounts": ["findmnt", "-rno", "TARGET"],
    }
    found = {
        name: subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        for name, command in shown.items()
    }
    groups = [str(path) for path in (*ROOT.glob("*/"), *ROOT.glob("*/*/")) if path.name != NAME]
    return {**found, "control groups beside the labs' own": sorted(groups)}


def groups() -> list[Path]:
    """The control groups of the tests' labs."""
    return [path for path in (ROOT / NAME, ROOT / "systemd" / NAME, ROOT / "unified" / NAME) if path.exists()]


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, Clone]]:
    """Two clones; what is alive of theirs is taken down at the end."""
    made = []
    for name in ("first", "second"):
        folder = tmp_path_factory.mktemp("clones") / name
        leave = shutil.ignore_patterns(".git", ".lab*", ".results", ".venv", "*_cache", "__pycache__")
        shutil.copytree(PROJECT, folder, ignore=leave)
        (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
        made.append(Clone(folder))
    yield made[0], made[1]
    for clone in made:
        clone.start("down").wait(60)


def test_a_lab_from_its_beginning_to_its_end(clones: tuple[Clone, Clone]) -> None:
    first, second = clones
    before = traces()

    first.lab("up", "--with", "calicoctl")
    keeper = first.keeper()
    assert traces() == before, "something of the lab shows on the machine itself"
    status = json.loads(first.lab("status", "--json"))
    assert status["machines"]["peer"] == "172.34.8.45"
    assert status["extras"] == ["calicoctl"]
    assert "Client Version" in first.lab("exec", "mgmt", "--", "calicoctl", "version", "--client")
    assert "172.34.8.45/24" in first.lab("exec", "peer", "--", "ip", "-4", "address")
    assert "is up already" in first.lab("up")
    lacking = first.lab("up", "--with", "calicoctl", "--with", "cinder", code=1)
    assert lacking == (
        "error: the lab runs without cinder: take it down (`make down`) and bring it up with"
        " `python -m lab up --with calicoctl --with cinder`\n"
    )

    refused = second.lab("up", code=1)
    assert str(first.folder) in refused and str(keeper) in refused
    assert str(first.folder) in second.lab("down", code=1)
    assert first.keeper() == keeper, "the lab that was alive was touched"

    os.kill(keeper, signal.SIGKILL)
    wait_for("the dead lab's processes to end", lambda: not processes(), 30)
    assert traces() == before

    interrupted = second.start("up")
    wait_for("the second lab's first processes", lambda: len(processes()) > 3, 60)
    interrupted.kill()
    interrupted.communicate()
    wait_for("the interrupted lab's processes to end", lambda: not processes(), 30)

    second.lab("up")
    assert json.loads(second.lab("status", "--json"))["extras"] == []
    assert "172.34.8.10/24" in second.lab("exec", "node1", "--", "ip", "-4", "address")
    second.lab("exec", "mgmt", "--", "python", "-c", INSTANCE)
    wait_for("the instance's machine", lambda: second.start("exec", "left", "--", "true").wait() == 0, 60)
    second.lab("down")
    assert processes() == []
    assert groups() == []
    assert not list(second.folder.glob(".lab*"))
    assert traces() == before


def test_an_unknown_machine_and_no_lab_are_one_sentence(clones: tuple[Clone, Clone]) -> None:
    output = clones[0].lab("exec", "node9", "--", "true", code=1)
    assert output == "error: no lab runs here; bring it up with `python -m lab up` (or `make lab`)\n"
