"""Values in a node's BGPConfiguration that replace this stack's in `default` on that node are found."""

import copy
import json
from typing import Any

import pytest

from components import preflight
from components.calico.stack_names import StackNames
from components.conflict_preflight import Overriding, find_overriding
from components.settings.site import read_site
from tests.unit.answering_cluster import RECORDED, AnsweringCluster
from tests.unit.example import values

STACK = "calico-peering/lab"
CONFIGURATIONS = "/apis/projectcalico.org/v3/bgpconfigurations"
ADVERTISED = {
    "communities": '{"external": "65112:100"}',
    "prefixAdvertisements": '{"10.96.0.0/12": ["external", "65112:7"]}',
}
THEIRS = {"prefixAdvertisements": [{"cidr": "10.96.0.0/12", "communities": ["65000:1"]}]}


@pytest.fixture
def cluster(answering: AnsweringCluster) -> AnsweringCluster:
    answering.answers, answering.forbidden = copy.deepcopy(RECORDED), set()
    return answering


def add(cluster: AnsweringCluster, spec: dict[str, Any], name: str = "node.node1", **metadata: Any) -> None:
    """Put a BGPConfiguration beside `default`."""
    default = RECORDED[f"{CONFIGURATIONS}/default"]
    made = {"metadata": {"name": name, "uid": "u", **metadata}, "spec": spec}
    cluster.answers[CONFIGURATIONS] = {"items": [default, made]}


def find(cluster: AnsweringCluster, **settings: str) -> Overriding:
    """What is found for one machine with these settings."""
    site = read_site(values(kubeconfig=str(cluster.kubeconfig), **settings))
    return find_overriding(preflight.check_clusters(site), StackNames(STACK))


def test_advertisements_of_a_node_void_those_of_this_stack(cluster: AnsweringCluster) -> None:
    add(
        cluster,
        THEIRS,
        managedFields=[{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:prefixAdvertisements": {}}}}],
    )
    [text] = find(cluster, **ADVERTISED).harmful.values()
    assert (
        "  prefixAdvertisements of BGPConfiguration node.node1, written by kubectl (kubectl-edit): node node1"
        " takes these and none of BGPConfiguration default, so it announces without"
        " calico-peering:prefixAdvertisements (10.96.0.0/12 external, 10.96.0.0/12 65112:7). Repeat them for"
        " the node in calico-peering:nodeBgpConfigurations, or take the list out there (`kubectl delete"
        " bgpconfigurations.projectcalico.org node.node1`, if all of it may go)"
    ) in text


@pytest.mark.parametrize("empty", [[], [{"cidr": "10.0.0.0/8"}]], ids=["empty", "without a community"])
def test_so_does_an_empty_list(cluster: AnsweringCluster, empty: list[Any]) -> None:
    add(cluster, {"prefixAdvertisements": empty})
    assert find(cluster, **ADVERTISED).harmful


@pytest.mark.parametrize(
    ("name", "spec", "settings"),
    [
        ("node.node1", THEIRS, {}),
        ("node.node9", THEIRS, {**ADVERTISED, "peerNodes": '["node1"]'}),
        ("node.node2", THEIRS, {**ADVERTISED, "peerNodes": '["node1"]'}),
        ("node1", THEIRS, ADVERTISED),
        ("node.gone", THEIRS, ADVERTISED),
        ("node.node1", {"communities": [{"name": "external", "value": "1:1"}]}, ADVERTISED),
        # Calico reads none of these in a node's object.
        ("node.node1", {"asNumber": 65000, "bindMode": "NodeIP", "nodeToNodeMeshEnabled": False}, ADVERTISED),
        (
            "node.node1",
            {
                "communities": [{"name": "other", "value": "65112:100"}],
                "prefixAdvertisements": [{"cidr": "10.96.0.1/12", "communities": ["other", "65112:7"]}],
            },
            ADVERTISED,
        ),
        (
            "node.node1",
            THEIRS,
            {
                **ADVERTISED,
                "nodeBgpConfigurations": '{"node1": {"prefixAdvertisements": {"10.96.0.0/12": ["65112:9"]}}}',
            },
        ),
        ("node.node1", {"logSeverityScreen": "Error"}, {}),
        ("node.node1", {"logSeverityScreen": "Debug"}, {"bgpLogSeverity": "Debug"}),
        ("node.node1", {"listenPort": 179}, {}),
    ],
    ids=str,
)
def test_what_replaces_nothing_of_this_stack_is_no_conflict(
    cluster: AnsweringCluster, name: str, spec: dict[str, Any], settings: dict[str, str]
) -> None:
    add(cluster, spec, name)
    assert find(cluster, **settings) == Overriding({}, [])


def test_a_list_that_this_program_wrote_is_a_warning(cluster: AnsweringCluster) -> None:
    """It may be this stack's own of former settings, which goes in this very run."""
    written = {"manager": "calico-peering", "fieldsV1": {"f:spec": {"f:prefixAdvertisements": {}}}}
    add(cluster, THEIRS, managedFields=[written])
    found = find(cluster, **ADVERTISED)
    assert not found.harmful and "written by calico-peering" in found.warnings[0]


def test_another_log_level_or_port_of_a_node_is_a_warning(cluster: AnsweringCluster) -> None:
    add(cluster, {"logSeverityScreen": "Info", "listenPort": 1790})
    found = find(cluster, bgpLogSeverity="Debug")
    assert not found.harmful
    severity, port = found.warnings
    assert "logSeverityScreen of BGPConfiguration node.node1 is Info" in severity
    assert "listenPort of BGPConfiguration node.node1 is 1790" in port and "dials port 179" in port


def test_a_log_level_that_this_stack_wrote_for_the_node_is_its_own(cluster: AnsweringCluster) -> None:
    ours = json.dumps({STACK: {"logSeverityScreen": {"ours": "Info"}}})
    add(cluster, {"logSeverityScreen": "Info"}, annotations={"calico-peering/values": ours})
    assert find(cluster, bgpLogSeverity="Debug") == Overriding({}, [])


def test_without_the_right_to_list_them_only_what_may_be_replaced_is_a_warning(
    cluster: AnsweringCluster,
) -> None:
    cluster.forbidden = {CONFIGURATIONS}
    assert find(cluster) == Overriding({}, [])
    [warning] = find(cluster, **ADVERTISED).warnings
    assert "whether BGPConfigurations of nodes" in warning and "is not checked" in warning
