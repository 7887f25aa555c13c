"""The comment of a pull request on the real stack: it says what changes, and its plan applies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.external import External
from lab.layout import PROJECT
from tests.integration.conftest import Calico, Changed, Stack
from tests.on_the_lab import poll

NETWORK = "10.112.0.0/16"


def comment(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command for the stack; its files are in `folder`."""
    command = [sys.executable, "-m", "tools.change_request", "lab", "--body", str(folder / "comment.md")]
    return subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True
    )


@pytest.mark.main_path
def test_a_changed_network_is_said_and_its_plan_is_applied(
    stack: Stack, changed: Changed, machine: External, tmp_path: Path
) -> None:
    environment = changed(serviceNetworks=["10.96.0.0/12", NETWORK])
    done = comment(tmp_path, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    body = (tmp_path / "comment.md").read_text()
    assert body.startswith("<!-- calico-peering change-request calico-peering/lab -->\n")
    assert "### `calico-peering/lab`: 2 to create, 8 to change\n" in body
    assert f"- `{NETWORK}` is added to the allowed address pairs of 4 ports of 4" in body
    assert f"- `{NETWORK}` is added to `serviceClusterIPs` of BGPConfiguration `default`" in body
    assert "+define NODES_SERVICE_NETWORKS = [ 10.96.0.0/12{12,32}, 10.112.0.0/16{16,32} ];" in body
    assert "No interruption of sessions or traffic is known of it." in body
    assert "Changed by hand" not in body
    pid = machine.run("systemctl", "show", "-p", "MainPID", "--value", "bird").stdout
    plan = str(tmp_path / "comment.plan.json")
    stack.run("up", "--yes", "--skip-preview", "--plan", plan, environment=environment)
    assert "10.112.0.0/16{16,32}" in machine.run("cat", "/etc/bird/bird.conf").stdout
    assert machine.run("systemctl", "show", "-p", "MainPID", "--value", "bird").stdout == pid
    stack.up()


def test_no_key_of_the_stack_is_in_any_file_of_it(
    stack: Stack, changed: Changed, machine: External, tmp_path: Path
) -> None:
    comment(tmp_path, changed(machineAsNumber=65113))
    lines = machine.login_key.read_text().splitlines()[1:-1]
    for path in tmp_path.iterdir():
        if path.name.startswith("comment"):
            assert not [line for line in lines if line in path.read_text()], path.name


def test_what_somebody_changed_by_hand_is_told_apart(
    stack: Stack, changed: Changed, calico: Calico, tmp_path: Path
) -> None:
    calico.delete("bgppeers", "bgppeer-external")
    done = comment(tmp_path, changed(importLimit=77))
    assert done.returncode == 0, done.stdout + done.stderr
    change, _, by_hand = (tmp_path / "comment.md").read_text().partition("#### Changed by hand since")
    assert "import limit 77 action block" in change
    assert "`BGPPeer` `peering-calico-peer` is not there any more, and is made again" in by_hand
    stack.up("--refresh")
    poll("the peer", lambda: calico.find("bgppeers", "bgppeer-external") is not None)


def test_a_cluster_that_does_not_answer_fails_with_the_reason_in_the_comment(
    stack: Stack, changed: Changed, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    text = Path(os.environ["KUBECONFIG"]).read_text()
    kubeconfig.write_text(text.replace("server: https://", "server: https://127.0.0.1:1/"))
    done = comment(tmp_path, changed(kubeconfig=str(kubeconfig)))
    assert done.returncode == 1, done.stdout
    body = (tmp_path / "comment.md").read_text()
    assert "`calico-peering/lab`: the preview failed" in body
    assert "does not answer" in body.partition("<details>")[0]
    assert not (tmp_path / "comment.plan.json").exists()
