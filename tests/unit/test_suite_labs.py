"""The labs of a run: which they are, and that those made for it are taken down however it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.extras import EXTRAS, NEXT_DEBIAN
from lab.layout import DEFAULT_NAME, PROJECT, lab_folder
from lab.waiting import wait_for
from tests.suite import labs
from tests.suite.labs import NamedLab, lab_names, running_labs
from tests.suite.needed_extras import list_needed_extras

INTERRUPTED = """
import sys
from tests.suite.__main__ import handle_interruptions
from tests.suite.pytest_stage import run_command
handle_interruptions()
try:
    run_command([sys.executable, "-c", sys.argv[1]])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
# Clears up for a while, and says whether it was interrupted again meanwhile.
CLEARING = """
import time
open("started", "w").close()
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    open("cleared", "w").close()
"""


def test_the_first_lab_is_ones_own_and_the_second_is_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "NAME", DEFAULT_NAME)
    assert lab_names(1) == [DEFAULT_NAME]
    assert lab_names(3) == [DEFAULT_NAME, "calico-peering-second", "calico-peering-second-3"]
    monkeypatch.setattr(labs, "NAME", "mine")
    assert lab_names(2) == ["mine", "mine-second"]
    assert len({lab_folder(name) for name in lab_names(3)}) == 3


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the labs are told; the first is up already, and the third does not come up."""
    told: list[str] = []

    def up(lab: NamedLab, extras: tuple[str, ...]) -> bool:
        told.append(f"up {lab.name} {' '.join(extras)}")
        return lab.name != "mine-second-3"

    monkeypatch.setattr(labs, "NAME", "mine")
    monkeypatch.setattr(NamedLab, "is_up", lambda lab: lab.name == "mine")
    monkeypatch.setattr(NamedLab, "up", up)
    monkeypatch.setattr(NamedLab, "down", lambda lab: told.append(f"down {lab.name}"))
    return told


@pytest.mark.parametrize("ending", [None, KeyboardInterrupt, RuntimeError])
def test_a_lab_that_was_up_stays_and_those_made_go(
    calls: list[str], ending: type[BaseException] | None
) -> None:
    def run() -> None:
        with running_labs(3, ("cinder",)) as found:
            assert [lab.name for lab in found] == ["mine", "mine-second"]
            if ending:
                raise ending

    if ending:
        with pytest.raises(ending):
            run()
    else:
        run()
    came = ["up mine cinder", "up mine-second cinder", "up mine-second-3 cinder"]
    assert calls == [*came, "down mine-second", "down mine-second-3"]


def test_the_labs_have_the_extras_that_the_files_need() -> None:
    assert list_needed_extras(["tests/integration/test_drift.py"]) == ()
    assert list_needed_extras(["tests/integration/test_dnf.py::test_it", "tests/none.py"]) == (NEXT_DEBIAN,)
    assert list_needed_extras(["tests/integration", "tests/acceptance"]) == tuple(EXTRAS)


def test_a_workers_python_is_that_of_its_labs_management_host(tmp_path: Path) -> None:
    python = NamedLab("no-such-lab").write_python(tmp_path)
    done = subprocess.run([str(python), "-c", "pass"], capture_output=True, text=True, cwd="/")
    assert done.returncode == 1 and done.stderr.startswith("error: no lab runs here")
    assert f"CALICO_PEERING_LAB_NAME=no-such-lab {sys.executable} -m lab exec mgmt -- python" in (
        python.read_text()
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_an_interrupted_run_waits_for_its_tests_to_clear_up(tmp_path: Path, how: signal.Signals) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, f"import os; os.chdir({str(tmp_path)!r})\n{CLEARING}"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for("the tests", (tmp_path / "started").exists, 20)
    run.send_signal(how)
    output, _ = run.communicate(timeout=30)
    assert (tmp_path / "cleared").exists(), "it was waited for, and not interrupted again"
    assert output == "interrupted\n" and run.returncode == 0
