"""The policy pack on the real program: its resources violate each policy when broken, and none when right."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.external import External
from lab.layout import PROJECT, Layout
from tests.integration.broken_program import write_broken_program
from tests.integration.conftest import Changed, Stack
from tests.integration.made_machine import HOST, Site
from tests.on_the_lab import encrypted

PACK = PROJECT / "policies"
PASSWORD = "correct horse battery staple"
VIOLATION = re.compile(r"\[(\w+)\]\s+([\w-]+)\s+\(\S*?(\w+): (\S+)\)")
REASON = "A test: the lab's nodes announce no more than their pods and services."
ALL = {"import-all", "address-pairs", "ssh-host-keys", "session-password", "bgp-sources", "cluster-objects"}


def judge(levels: str | Path, *options: str) -> list[str]:
    """The options of a preview with the pack, for the levels of a stack or of a file."""
    path = levels if isinstance(levels, Path) else PACK / "levels" / f"{levels}.json"
    return ["preview", "--policy-pack", str(PACK), "--policy-pack-config", str(path), *options]


def violations(text: str) -> set[tuple[str, str, str]]:
    """Level, policy and kind of resource of each violation that the engine shows."""
    return {(found[1], found[2], found[3]) for found in VIOLATION.finditer(text)}


def policies(text: str) -> set[str]:
    """The policies that are violated."""
    return {policy for _, policy, _ in violations(text)}


@pytest.fixture
def password(layout: Layout, tmp_path: Path) -> Any:
    """The sessions' password, as the engine encrypts it for the stack."""
    return encrypted(tmp_path, layout, "bgpPassword", PASSWORD)


@pytest.fixture
def levels(tmp_path: Path) -> Callable[..., Path]:
    """Writes a policy configuration."""

    def write(**own: Any) -> Path:
        path = tmp_path / "levels.json"
        path.write_text(json.dumps({name.replace("_", "-"): value for name, value in own.items()}))
        return path

    return write


def test_the_first_preview_of_everything_violates_nothing(site: Site, password: Any) -> None:
    """Most values are not known yet: a machine, its group, and a group on the nodes' ports are to be made."""
    text = site.run(*judge("production"), nodeSecurityGroup=True, bgpPassword=password)
    assert policies(text) == set()
    assert "calico-peering@v1.0.0" in text


def test_each_policy_is_violated_where_most_values_are_not_known(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = write_broken_program(tmp_path / "program")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    settings: dict[str, Any] = {"nodeSecurityGroup": True, "importPolicy": "all"}
    text = site.run(*judge("production", "-C", str(program)), check=False, **settings)
    assert violations(text) >= {
        ("mandatory", "import-all", "Command"),
        ("mandatory", "address-pairs", "PortPairs"),
        ("mandatory", "ssh-host-keys", "Command"),
        ("mandatory", "session-password", "Command"),
        ("mandatory", "session-password", "BGPPeer"),
        ("mandatory", "bgp-sources", "SecGroupRule"),
        ("mandatory", "cluster-objects", "BGPConfiguration"),
        ("mandatory", "cluster-objects", "SecGroupRule"),
    }
    assert "found 0.0.0.0/0" in text
    assert "found 192.0.0.0/8" in text
    assert not [line for line in HOST.private.splitlines()[1:-1] if line in text]


def test_the_lab_as_it_is_violates_what_is_advisory_there(module_stack: Stack) -> None:
    done = module_stack.run(*judge("lab"))
    assert violations(done.stdout) == {
        ("advisory", "session-password", "Command"),
        ("advisory", "session-password", "BGPPeer"),
    }


def test_each_policy_is_violated_by_resources_that_are_there(
    module_stack: Stack, changed: Changed, password: Any, machine: External, tmp_path: Path
) -> None:
    program = write_broken_program(tmp_path / "program")
    environment = changed(nodeSecurityGroup=True, importPolicy="all", bgpPassword=password)
    environment["PYTHONPATH"] = str(PROJECT)
    done = module_stack.run(*judge("production", "-C", str(program)), check=False, environment=environment)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert policies(text) == ALL - {"session-password"}
    assert {level for level, _, _ in violations(text)} == {"mandatory"}
    assert "found 192.0.0.0/8" in text
    assert "expected a source within 172.34.8.0/24" in text
    assert "cannot be compared" not in text
    for secret in (PASSWORD, *machine.login_key.read_text().splitlines()[1:-1]):
        assert secret not in text


def test_a_reason_beside_it_makes_import_all_right(
    module_stack: Stack, changed: Changed, levels: Callable[..., Path]
) -> None:
    environment = changed(importPolicy="all")
    done = module_stack.run(
        *judge(levels(all="mandatory", session_password="disabled")), check=False, environment=environment
    )
    (key,) = re.findall(r'"import-all": \{"reasons": \{"(.+?)": "…"\}\}', done.stdout)
    assert policies(done.stdout) == {"import-all"}
    reasons = {"enforcementLevel": "mandatory", "reasons": {key: REASON}}
    given = levels(all="mandatory", session_password="disabled", import_all=reasons)
    done = module_stack.run(*judge(given), environment=environment)
    assert policies(done.stdout) == set()


@pytest.mark.main_path
def test_an_interruption_has_to_be_announced_in_the_pull_request(
    module_stack: Stack, changed: Changed, levels: Callable[..., Path], tmp_path: Path
) -> None:
    event, body = tmp_path / "event.json", tmp_path / "comment.md"
    asked: dict[str, Any] = {"title": "Another AS number", "body": "As agreed.", "labels": []}
    configuration = levels(all="mandatory", session_password="advisory")
    words = [
        "lab",
        "--body",
        str(body),
        "--policy-pack",
        str(PACK),
        "--policy-pack-config",
        str(configuration),
    ]
    environment = {**os.environ, **changed(machineAsNumber=65113), "GITHUB_EVENT_PATH": str(event)}
    found = []
    for labels in ([], [{"name": "interrupts sessions"}]):
        event.write_text(json.dumps({"pull_request": {**asked, "labels": labels}}))
        command = [sys.executable, "-m", "tools.change_request", *words]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
        found.append((done.returncode, body.read_text(), (tmp_path / "comment.plan.json").exists()))
    (stopped, said, planned), (passed, announced, applicable) = found
    assert (stopped, planned) == (1, False), said
    assert "`calico-peering/lab`: stopped by a policy: " in said
    assert "mandatory: interrupts-sessions: the update interrupts sessions" in said
    assert "advisory: session-password (peering-calico-peer): " in said
    assert (passed, applicable) == (0, True), announced
    assert "interrupts-sessions" not in announced
