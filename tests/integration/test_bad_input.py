"""What is wrong is said in words for a person, before anything is touched where it can be known."""

import re
from pathlib import Path

import pytest
import yaml

from components.calico.calico_api import V3
from lab.external import External, KeyPair
from lab.layout import Layout
from tests.integration.conftest import Calico, Changed, Stack, bird_routes


def error_of(stack: Stack, environment: dict[str, str], command: str = "preview") -> str:
    """What a failing run says; never a traceback."""
    options = ("--yes", "--skip-preview") if command == "up" else ()
    done = stack.run(command, *options, check=False, environment=environment)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert "Traceback" not in text, text
    return text


@pytest.mark.main_path
def test_all_settings_that_are_wrong_are_named_at_once(
    bare_stack: Stack, changed: Changed, calico: Calico
) -> None:
    bare_stack.destroy()
    wrong = changed(nodeNetwork="172.34.8.10/24", machineAsNumber=0, nodes=[], podNetworks=["fd00::/64"])
    text = error_of(bare_stack, wrong, "up")
    for key in ("nodeNetwork", "machineAsNumber", "nodes", "podNetworks"):
        assert f"calico-peering:{key}" in text
    assert calico.find("bgppeers", "bgppeer-external") is None


def test_a_cluster_that_does_not_answer(bare_stack: Stack, layout: Layout, tmp_path: Path) -> None:
    document = yaml.safe_load(layout.kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = "https://172.34.8.2:1"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    assert "172.34.8.2:1" in error_of(bare_stack, {"KUBECONFIG": str(path)})


def test_a_cloud_that_does_not_answer(bare_stack: Stack, layout: Layout, tmp_path: Path) -> None:
    document = yaml.safe_load(layout.clouds.read_text())
    document["clouds"]["lab"]["auth"]["auth_url"] = "http://172.34.8.2:1/v3"
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump(document))
    text = error_of(bare_stack, {"OS_CLIENT_CONFIG_FILE": str(path)})
    assert "172.34.8.2:1" in text
    assert document["clouds"]["lab"]["auth"]["password"] not in text


def test_nodes_without_a_port_are_all_named(bare_stack: Stack, changed: Changed) -> None:
    nodes = ["172.34.8.10", "172.34.8.201", "172.34.8.202"]
    text = error_of(bare_stack, changed(nodes=nodes))
    assert "172.34.8.201" in text and "172.34.8.202" in text


def test_a_host_key_that_does_not_match_ends_before_the_machine_is_touched(
    bare_stack: Stack, changed: Changed, machine: External
) -> None:
    bare_stack.destroy()
    text = error_of(bare_stack, changed(sshHostKey=KeyPair.new().public), "up")
    assert "host key mismatch" in text
    assert machine.run("test", "-e", "/var/lib/calico-peering", check=False).returncode == 1
    # What another settings file left half-done, the right one finishes.
    bare_stack.up()
    assert len(bird_routes(machine)) == 3


def test_ssh_refused_and_then_open(bare_stack: Stack, changed: Changed, machine: External) -> None:
    bare_stack.destroy()
    text = error_of(bare_stack, changed(sshPort=2222), "up")
    assert "connection refused" in text
    bare_stack.up()
    assert len(bird_routes(machine)) == 3


def test_a_missing_session_and_its_next_hops_are_named(
    bare_stack: Stack, changed: Changed, machine: External
) -> None:
    bare_stack.destroy()
    nodes = ["172.34.8.10", "172.34.8.30", "172.34.8.76", "172.34.8.87", "172.34.8.99"]
    alone = changed(nodes=nodes, nodePortNetwork="", verifyTimeout=5)
    text = error_of(bare_stack, alone, "up")
    assert "missing session with 172.34.8.99" in text
    assert "missing next hops of 10.96.0.0/12: 172.34.8.99" in text
    bare_stack.up()
    assert len(bird_routes(machine)) == 3


def test_a_peer_that_somebody_else_made_is_refused_and_kept(bare_stack: Stack, calico: Calico) -> None:
    bare_stack.destroy()
    theirs = {"peerIP": "172.34.8.45", "asNumber": 65200}
    calico.put("bgppeers", "BGPPeer", "bgppeer-external", theirs)
    try:
        for command in ("preview", "up"):
            text = error_of(bare_stack, {}, command)
            assert "BGPPeer bgppeer-external, of nobody who left a mark" in text
            assert "Nothing was written" in text and "calico-peering:machineName" in text
        # Whatever the plugin would have done: the engine had nothing to make.
        assert [one["urn"] for one in bare_stack.resources() if "peering-router" in one["urn"]] == []
        bare_stack.destroy()
        assert calico.spec("bgppeers", "bgppeer-external") == theirs
    finally:
        calico.delete("bgppeers", "bgppeer-external")


def test_a_peer_that_is_to_be_ours_becomes_so_by_our_mark(
    bare_stack: Stack, calico: Calico, machine: External
) -> None:
    bare_stack.destroy()
    calico.put("bgppeers", "BGPPeer", "bgppeer-external", {"peerIP": "172.34.8.45", "asNumber": 65200})
    [command] = re.findall(r"`kubectl annotate ([^`]*)`", error_of(bare_stack, {}))
    kind, name, overwrite, mark = command.split()
    assert (kind, name, overwrite) == ("bgppeers.projectcalico.org", "bgppeer-external", "--overwrite")
    annotations = {"annotations": dict([mark.split("=")])}
    calico.api.patch_cluster_custom_object(*V3, "bgppeers", name, {"metadata": annotations})
    bare_stack.up()
    assert calico.spec("bgppeers", "bgppeer-external")["asNumber"] == 65112
    assert len(bird_routes(machine)) == 3
    bare_stack.destroy()
    assert calico.find("bgppeers", "bgppeer-external") is None
