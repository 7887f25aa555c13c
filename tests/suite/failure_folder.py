"""What explains a failed test, kept in a folder of its own when it fails, before fixtures clear up.

The test's output; on a lab also the end of each of the lab's logs, the external machine's journal, and the
stack's state without secrets. Deliberately never a file that holds a secret (a private key, the kubeconfig,
clouds.yaml, the passphrase), nor anything outside the lab.
"""

import json
import os
import re
from collections.abc import Generator
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.external import External
from lab.hosts import Host, last_lines
from lab.layout import Layout
from lab.site import PEER
from lab.stack import STACK
from tests.suite.secrets_removed import known_secrets, remove_secrets, without_secrets

LOG_LINES = 2_000
# Logs of more failures than this repeat what the first ones say, and a broken lab fails everything.
MOST_WITH_LOGS = 10


def folder_name(test: str) -> str:
    """A folder for a test, by its node id: the file, and below it the function with its parameters."""
    file, _, name = test.partition("::")
    return f"{Path(file).stem}/{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-')[:120] or 'collection'}"


def running_lab() -> Layout | None:
    """The lab on whose management host this process runs, or None."""
    folder = os.environ.get("CALICO_PEERING_LAB")
    return Layout(folder=Path(folder)) if folder else None


class FailureFolders:
    """Writes them, as a pytest plugin in the process in which the tests run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._with_logs = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep what explains a failure."""
        report = yield
        if report.failed:
            self._keep(report)
        return report

    def _keep(self, report: pytest.TestReport) -> None:
        lab = running_lab()
        known = known_secrets(lab) if lab else set()
        folder = self._folder / folder_name(report.nodeid)
        folder.mkdir(parents=True, exist_ok=True)
        sections = [(f"{report.when} of {report.nodeid}", report.longreprtext), *report.sections]
        text = "\n".join(f"===== {title}\n{content}" for title, content in sections)
        # A test and the teardown after it may both fail.
        with (folder / "output.txt").open("a") as output:
            output.write(remove_secrets(text, known) + "\n")
        if lab and self._with_logs < MOST_WITH_LOGS:
            self._with_logs += 1
            keep_logs(lab, folder / "logs", known)
            keep_state(lab, folder / "state.json", known)


def keep_logs(lab: Layout, folder: Path, known: set[str]) -> None:
    """The end of each log, and of the external machine's journal."""
    folder.mkdir(exist_ok=True)
    texts = {path.name: path.read_text(errors="replace") for path in lab.log.glob("*.log")}
    machine = External(lab, Host(PEER, lab))
    try:
        journal = machine.run(
            "timeout", "20", "journalctl", "--no-pager", f"--lines={LOG_LINES}", check=False
        )
        texts["journal-peer.log"] = journal.stdout + journal.stderr
    except (LabError, OSError) as error:
        texts["journal-peer.log"] = f"the journal could not be read: {error}"
    for name, text in texts.items():
        (folder / name).write_text(last_lines(remove_secrets(text, known), LOG_LINES) + "\n")


def keep_state(lab: Layout, path: Path, known: set[str]) -> None:
    """The stack's state as the engine last saved it, read from its file: the engine itself may be running."""
    found = sorted(lab.state.glob(f".pulumi/stacks/**/{STACK}.json"))
    try:
        state = without_secrets(json.loads(found[-1].read_text()))
        text = json.dumps(state, indent=1)
    except (IndexError, OSError, ValueError) as error:
        text = json.dumps({"error": f"the state could not be read: {error!r}"})
    path.write_text(remove_secrets(text, known))
