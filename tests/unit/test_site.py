"""Several machines and several clusters: what each pair's settings are, and what may not stand twice."""

import json
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from components.bird.bird_config import daemons, machine_config
from components.settings.peering_nodes import ClusterNode
from components.settings.settings import SettingsError, read_settings
from components.settings.site import read_site, single
from tests import golden
from tests.unit.example import values

WEST = {
    "nodeNetwork": "172.34.9.0/24",
    "nodes": ["172.34.9.10"],
    "multihop": 2,
    "podNetworks": ["10.244.0.0/16"],
    "serviceNetworks": ["10.128.0.0/16"],
    "calicoAsNumber": 64513,
}
CLUSTERS: dict[str, Any] = {"east": {}, "west": WEST}
MACHINES: dict[str, Any] = {
    "left": {"machineAddress": "172.34.8.45"},
    "right": {"machineAddress": "172.34.8.46", "machineAsNumber": 65113},
}


def several(machines: Any = None, clusters: Any = None, **changes: str) -> dict[str, str]:
    """Texts with machines and clusters, as Pulumi's configuration has them."""
    return values(
        machines=json.dumps(MACHINES if machines is None else machines),
        clusters=json.dumps(CLUSTERS if clusters is None else clusters),
        **changes,
    )


def test_plain_settings_are_one_machine_and_one_cluster() -> None:
    assert read_site(values()) == single(read_settings(values()))
    assert (read_site(values()).machines, read_site(values()).clusters) == (["external"], [""])


def test_every_machine_peers_with_every_cluster() -> None:
    site = read_site(several())
    assert (site.machines, site.clusters) == (["left", "right"], ["east", "west"])
    pair = site.peerings["right", "west"]
    assert (pair.machine_name, pair.machine_as_number, pair.calico_as_number) == ("right", 65113, 64513)
    assert [str(node) for node in pair.nodes] == ["172.34.9.10"]


def test_the_plain_settings_hold_for_all() -> None:
    site = read_site(several(verifyTimeout="7", importLimit="5"))
    assert {(one.verify_timeout, one.import_limit) for one in site.peerings.values()} == {(7, 5)}


def test_nodes_of_one_cluster_may_come_from_it() -> None:
    clusters = {"east": {"nodes": [], "nodesFromCluster": True}, "west": WEST}
    site = read_site(several(clusters=clusters)).with_nodes(
        {"east": [ClusterNode("node1", {}, [IPv4Address("172.34.8.10")])]}
    )
    assert [str(node) for node in site.peerings["left", "east"].nodes] == ["172.34.8.10"]
    assert [str(node) for node in site.peerings["left", "west"].nodes] == ["172.34.9.10"]


def test_a_clusters_ports_let_all_machines_pass() -> None:
    site = read_site(several(clusters={"east": {"machinePairs": True}, "west": WEST}))
    assert site.pair_networks("east") == [
        "192.168.0.0/16",
        "10.96.0.0/12",
        "172.34.8.45/32",
        "172.34.8.46/32",
    ]
    assert site.pair_networks("west") == ["10.244.0.0/16", "10.128.0.0/16"]


def test_one_bird_peers_with_all_clusters(
    tmp_path: Path, bird2: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    [text] = daemons(machine_config(read_site(several()).of_machine("left"))).values()
    golden.compare("bird/2-two-clusters.conf", text)
    (tmp_path / "bird.conf").write_text(text)
    done = bird2("-p", "-c", str(tmp_path / "bird.conf"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["bgp", "table", "protocol", "1", "a-b"])
def test_a_cluster_may_be_called_like_a_word_of_birds(
    name: str, tmp_path: Path, bird2: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    site = read_site(several(machines={}, clusters={name: {}}))
    [text] = daemons(machine_config(site.of_machine("external"))).values()
    (tmp_path / "bird.conf").write_text(text)
    assert bird2("-p", "-c", str(tmp_path / "bird.conf")).returncode == 0


CASES: dict[str, dict[str, str]] = {
    "not-names": values(machines='["left"]', clusters='{"east": 7}'),
    "names": several(machines={"Left": {}}, clusters={"x" * 21: {}}),
    "misplaced": several(
        machines={"left": {"nodes": [], "machineName": "x", "machineColour": "red"}},
        clusters={"east": {"sshUser": "debian"}},
    ),
    "wrong-in-one": several(clusters={"east": {"nodes": ["10.0.0.1"]}, "west": {**WEST, "multihop": 256}}),
    "same-address": several(machines={"left": {}, "right": {}}),
    "same-networks": several(
        machines={}, clusters={"east": {}, "west": {**WEST, "podNetworks": ["192.168.0.0/17"]}}
    ),
    "same-nodes": several(
        machines={},
        clusters={
            "east": {},
            "west": {"podNetworks": ["10.244.0.0/16"], "serviceNetworks": ["10.128.0.0/16"]},
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_in_these_words(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_site(CASES[case])
    golden.compare(f"settings/site-{case}.txt", f"{caught.value}\n")


def test_clusters_that_list_their_neighbors_may_share_the_nodes_network() -> None:
    west = {
        "neighbors": "listed",
        "nodes": ["172.34.8.90"],
        "podNetworks": ["10.244.0.0/16"],
        "serviceNetworks": ["10.128.0.0/16"],
    }
    site = read_site(several(machines={}, clusters={"east": {"neighbors": "listed"}, "west": west}))
    assert site.clusters == ["east", "west"]
