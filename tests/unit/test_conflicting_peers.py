"""BGPPeers of other owners that replace this stack's or stand beside them are found by what confd keys on."""

import pytest

from components.conflict_preflight import Overriding
from tests.unit.answering_cluster import AnsweringCluster
from tests.unit.bird_cases import DUAL_STACK
from tests.unit.peers_of_others import (
    AS,
    EDGE,
    NODES,
    PEERS,
    SAME,
    V4,
    V6,
    Spec,
    add,
    at_the_machine,
    find,
    lines,
    reset,
)


@pytest.fixture
def cluster(answering: AnsweringCluster) -> AnsweringCluster:
    reset(answering)
    return answering


def test_a_cluster_with_nothing_but_this_stacks_has_no_conflict(cluster: AnsweringCluster) -> None:
    assert find(cluster) == Overriding({}, [])
    assert find(cluster, **DUAL_STACK) == Overriding({}, [])


@pytest.mark.parametrize(
    "written", [V4, f"::ffff:{V4}", "::ffff:ac22:82d", f"{V4}:179", f"[::ffff:{V4}]:179", f"{V4}:0263"]
)
def test_the_address_is_known_in_every_spelling(cluster: AnsweringCluster, written: str) -> None:
    add(cluster, {"peerIP": written, "asNumber": 65000})
    [line] = lines(find(cluster))
    assert "BGPPeer by-hand" in line and "asNumber 65000 instead of 65112" in line


@pytest.mark.parametrize(
    "written", [V6, "FD00::0045", "fd00:0:0:0:0:0:0:45", "fd00:0000:0000::0.0.0.69", f"[{V6}]:179"]
)
def test_so_is_one_of_ipv6(cluster: AnsweringCluster, written: str) -> None:
    add(cluster, {"peerIP": written, "asNumber": AS})
    [line] = lines(find(cluster, **DUAL_STACK))
    assert "bgppeer-external-v6" in line and f"it peers with {V6} from" in line


@pytest.mark.parametrize(
    "spec",
    [
        {"peerIP": "172.34.8.46", "asNumber": AS},
        {"peerIP": V6, "asNumber": AS},
        {"peerSelector": "has(edge)"},
        {"peerSelector": "all()", "nodeSelector": "all()", "reversePeering": "Manual"},
        {"peerSelector": "all()", "node": "node1"},
        {"localWorkloadSelector": "color == 'red'", "asNumber": AS},
        {"peerIP": V4, "asNumber": AS, "nodeSelector": "has(nobody)"},
        {"peerIP": V4, "asNumber": AS, "nodeSelector": "no selector"},
        {"peerIP": V4, "asNumber": AS, "node": "node9"},
        # What confd skips.
        {"peerIP": f"{V4}:x", "asNumber": AS},
        {"peerIP": f" {V4}", "asNumber": AS},
        {"peerIP": f"{V4}:0179", "asNumber": AS},
        {"peerIP": f"[{V4}]", "asNumber": AS},
        {"peerIP": V4, "asNumber": AS, "reachableBy": "fd00::1"},
        {},
    ],
    ids=str,
)
def test_what_peers_others_is_no_conflict(cluster: AnsweringCluster, spec: Spec) -> None:
    add(cluster, spec)
    assert find(cluster) == Overriding({}, [])


def test_a_peer_of_every_node_wins_over_this_stacks_choice_of_nodes(cluster: AnsweringCluster) -> None:
    add(cluster, {"peerIP": V4, **SAME})
    [line] = lines(find(cluster, **EDGE))
    assert (
        "peers with 172.34.8.45 from every node, and Calico prefers it to bgppeer-external, which is ignored"
        in line
    )
    assert "What changes: every node peers instead of has(edge). " in line
    [line] = lines(find(cluster, peerNodes='["node1", "node3"]'))
    assert "prefers it to bgppeer-external.node1, bgppeer-external.node3, which is ignored" in line
    assert "every node peers instead of node1, node3" in line


@pytest.mark.parametrize(
    ("spec", "on"),
    [
        ({"node": "node2"}, "node2"),
        ({"nodeSelector": "all()"}, "node1, node2"),
        ({"nodeSelector": "kubernetes.io/hostname in {'node2', 'node3'}"}, "node2"),
    ],
    ids=str,
)
@pytest.mark.parametrize("settings", [EDGE, {"peerNodes": '["node1", "node2"]'}], ids=str)
def test_of_two_for_some_nodes_only_the_shared_nodes_matter(
    cluster: AnsweringCluster, spec: Spec, on: str, settings: dict[str, str]
) -> None:
    add(cluster, {"peerIP": V4, "asNumber": 65000, **spec})
    [line] = lines(find(cluster, **settings))
    assert f"peers with 172.34.8.45 from {on}, and Calico takes either this one or bgppeer-external" in line
    assert "every node peers" not in line


@pytest.mark.parametrize("spec", [{"node": "node3"}, {"nodeSelector": "!has(edge)"}], ids=str)
@pytest.mark.parametrize("port", ["", ":1790"])
def test_nodes_that_this_stack_does_not_choose_are_not_its_concern(
    cluster: AnsweringCluster, spec: Spec, port: str
) -> None:
    add(cluster, {"peerIP": f"{V4}{port}", "asNumber": 65000, **spec})
    assert find(cluster, **EDGE) == Overriding({}, [])


@pytest.mark.parametrize(
    ("spec", "on"), [({"node": "node2"}, "node2"), ({"nodeSelector": "has(edge)"}, "node1, node2")], ids=str
)
def test_what_this_stacks_peer_of_every_node_replaces_is_a_warning(
    cluster: AnsweringCluster, spec: Spec, on: str
) -> None:
    add(cluster, {"peerIP": V4, "asNumber": 65000, **spec})
    found = find(cluster)
    assert not found.harmful
    [warning] = found.warnings
    assert (
        f"it peers with 172.34.8.45 from {on}, and is ignored there while bgppeer-external exists" in warning
    )
    assert "`kubectl delete bgppeers.projectcalico.org by-hand`" in warning


def test_another_port_is_a_second_session(cluster: AnsweringCluster) -> None:
    add(cluster, {"peerIP": f"{V4}:1790", **SAME})
    found = find(cluster)
    assert not found.harmful
    assert (
        "makes a second session with 172.34.8.45, at port 1790, on every node. BIRD there takes whatever"
        " comes from the machine for the session of bgppeer-external" in found.warnings[0]
    )
    # A session of every node is the first in BIRD's configuration.
    [line] = lines(find(cluster, **EDGE))
    assert (
        "at port 1790, on node1, node2. BIRD there takes whatever comes from the machine for the latter"
        in line
    )


@pytest.mark.parametrize("settings", [{}, EDGE], ids=["every node", "some"])
def test_a_node_at_the_machines_address_is_a_peer_of_who_selects_it(
    cluster: AnsweringCluster, settings: dict[str, str]
) -> None:
    at_the_machine(cluster)
    add(cluster, {"peerSelector": "has(machine)", "filters": ["bgpfilter-external"], "maxRestartTime": "5s"})
    [line] = lines(find(cluster, nodeToNodeMesh="Disabled", **settings))
    assert f"it peers with {V4} (the address of node node9) from every node" in line
    assert "What changes: asNumber that of the cluster instead of 65112" in line


def test_a_reverse_peering_replaces_nothing(cluster: AnsweringCluster) -> None:
    at_the_machine(cluster)
    add(cluster, {"nodeSelector": "has(machine)", "peerSelector": "has(edge)"})
    assert find(cluster, nodeToNodeMesh="Disabled") == Overriding({}, [])


def test_the_mesh_peers_with_a_node_at_the_machines_address(cluster: AnsweringCluster) -> None:
    at_the_machine(cluster)
    [line] = lines(find(cluster))
    assert "Node node9 has the machine's address 172.34.8.45" in line
    assert "`kubectl delete node node9`" in line


def test_a_node_without_calico_at_the_machines_address_peers_with_nobody(cluster: AnsweringCluster) -> None:
    at_the_machine(cluster)
    node = cluster.answers[NODES]["items"][-1]
    node["metadata"]["annotations"] = {}
    node["status"]["addresses"] = [{"type": "InternalIP", "address": V4}]
    add(cluster, {"peerSelector": "has(machine)"})
    assert find(cluster) == Overriding({}, [])


def test_a_foreign_object_of_our_own_name_is_left_to_the_check_of_names(cluster: AnsweringCluster) -> None:
    cluster.answers[PEERS]["items"][0]["metadata"]["annotations"] = {}
    assert find(cluster) == Overriding({}, [])
