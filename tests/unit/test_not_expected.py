"""What `up` does not wait for, derived from what a healthy cluster says, each with its reason."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from components.bird.expectation import NOTHING, NotExpected, expectation
from components.calico.cluster_nodes import EXCLUDED
from components.not_expected import not_expected, wrong_lengths
from components.settings.peering_nodes import ClusterNode
from components.settings.settings import read_settings
from tests.unit.example import values

ADDRESSES = {"node1": "172.34.8.10", "node2": "172.34.8.30", "node3": "172.34.8.76", "node4": "172.34.8.87"}
POOL = {"cidr": "192.168.0.0/16", "blockSize": 26}
SECOND = {"cidr": "10.77.0.0/16", "blockSize": 26}
BLOCK = {"cidr": "192.168.204.0/26", "node": "node1", "state": "confirmed"}
PODS = '["192.168.0.0/16", "10.77.0.0/16"]'


def nodes(**changes: dict[str, Any]) -> list[ClusterNode]:
    """The cluster's nodes, some of them changed."""
    return [
        ClusterNode(
            name, **{"labels": {}, "addresses": [ip_address(address)], "ready": True, **changes.get(name, {})}
        )
        for name, address in ADDRESSES.items()
    ]


def found(
    known: list[ClusterNode] | None = None,
    pools: list[dict[str, Any]] | None = None,
    blocks: list[dict[str, Any]] | None = None,
    **settings: str,
) -> NotExpected:
    """What is not expected of a cluster that is well but for this."""
    return not_expected(
        read_settings(values(**settings)),
        nodes() if known is None else known,
        [POOL] if pools is None else pools,
        [BLOCK] if blocks is None else blocks,
    )


def test_of_a_cluster_in_which_all_is_well_everything_is_expected() -> None:
    assert found() == NOTHING


def test_what_may_not_be_read_is_expected() -> None:
    assert not_expected(read_settings(values()), None, None, None) == NOTHING


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ready": False}, "node node2 is not Ready: no session is expected with it"),
        ({"calico": False}, "node node2 runs no Calico: no session is expected with it"),
        ({"calico": False, "ready": False}, "node node2 is not Ready: no session is expected with it"),
    ],
)
def test_a_node_that_cannot_have_a_session_is_left_out(change: dict[str, Any], reason: str) -> None:
    absent = found(nodes(node2=change))
    assert absent.nodes == {ip_address("172.34.8.30")}
    assert absent.reasons == (reason,)
    lines = expectation(read_settings(values()), None, absent).splitlines()
    assert [line for line in lines if line.startswith("node ")] == [
        "node 172.34.8.10",
        "node 172.34.8.76",
        "node 172.34.8.87",
    ]


def test_a_node_of_which_nobody_says_anything_is_expected() -> None:
    assert found(nodes(node2={"ready": None})) == NOTHING


def test_where_no_node_would_be_left_all_are_expected() -> None:
    assert found(nodes(**{name: {"ready": False} for name in ADDRESSES})) == NOTHING


def test_a_node_that_does_not_peer_is_nothing_to_speak_of() -> None:
    known = nodes(node4={"ready": False})
    assert found(known, nodes='["172.34.8.10", "172.34.8.30"]') == NOTHING


def test_an_excluded_node_has_a_session_and_is_no_next_hop_of_services() -> None:
    absent = found(nodes(node1={"labels": {EXCLUDED: "true"}}, node2={"labels": {EXCLUDED: "true"}}))
    assert absent.announcers == {ip_address("172.34.8.10"), ip_address("172.34.8.30")}
    assert absent.reasons == (
        f'nodes node1, node2 have the label {EXCLUDED}="true": they announce no service network',
    )
    lines = expectation(read_settings(values()), None, absent).splitlines()
    assert "node 172.34.8.10" in lines and "announces_none 172.34.8.10" in lines
    assert "announces_none 172.34.8.76" not in lines


@pytest.mark.parametrize("value", ["", "false", "True"])
def test_only_the_value_true_excludes_a_node(value: str) -> None:
    # kubeadm sets an empty one on control planes, and Calico's confd heeds "true" alone.
    assert found(nodes(node1={"labels": {EXCLUDED: value}})) == NOTHING


def test_route_reflectors_hand_on_what_others_announce() -> None:
    known = nodes(node1={"labels": {EXCLUDED: "true"}}, node2={"ready": False})
    assert found(known, routeReflectors='["172.34.8.10"]') == NOTHING


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({}, "no node has a block of its IP pool 10.77.0.0/16 yet"),
        ({"disabled": True}, "its IP pool 10.77.0.0/16 is disabled and no node has a block of it"),
        ({"disableBGPExport": True}, "its IP pool 10.77.0.0/16 has disableBGPExport"),
    ],
)
def test_a_pod_network_of_which_nobody_announces_anything_is_left_out(
    second: dict[str, Any], why: str
) -> None:
    absent = found(pools=[POOL, {**SECOND, **second}], podNetworks=PODS)
    assert absent.pod_networks == {ip_network("10.77.0.0/16")}
    assert absent.reasons == (f"no route into the pod network 10.77.0.0/16 is expected: {why}",)
    lines = expectation(read_settings(values(podNetworks=PODS)), None, absent).splitlines()
    assert [line for line in lines if line.startswith("pod ")] == ["pod 192.168.0.0/16"]


def test_a_block_of_a_pool_that_is_not_exported_makes_no_route() -> None:
    hidden = {**SECOND, "disableBGPExport": True}
    blocks = [BLOCK, {**BLOCK, "cidr": "10.77.1.0/26"}]
    assert found(pools=[POOL, hidden], blocks=blocks, podNetworks=PODS).pod_networks
    assert found(pools=[POOL, SECOND], blocks=blocks, podNetworks=PODS) == NOTHING
    # A disabled pool gives no new addresses; the blocks that are there are announced.
    disabled = {**SECOND, "disabled": True}
    assert found(pools=[POOL, disabled], blocks=blocks, podNetworks=PODS) == NOTHING


def test_a_pod_network_without_any_pool_is_for_the_verification_to_report() -> None:
    assert found(pools=[POOL], podNetworks=PODS) == NOTHING


@pytest.mark.parametrize(
    ("pools", "blocks", "lengths", "wrong"),
    [
        ([POOL], [BLOCK], "26-32", False),
        ([POOL], [{**BLOCK, "cidr": "192.168.4.0/24"}], "26-32", True),
        ([POOL], [BLOCK, {**BLOCK, "cidr": "192.168.4.0/24"}], "26-32", False),
        ([{**POOL, "blockSize": 28}], [], "16-26", True),
        ([POOL], [], "26-32", False),
        ([POOL], [{**BLOCK, "cidr": "192.168.4.0/24"}], "", False),
        (None, None, "30-32", False),
    ],
)
def test_blocks_that_bird_would_all_refuse_are_said_before_anything_is_written(
    pools: Any, blocks: Any, lengths: str, wrong: bool
) -> None:
    lines = wrong_lengths(read_settings(values(podPrefixLengths=lengths)), pools, blocks)
    assert bool(lines) is wrong
    if wrong:
        assert (
            lines[0].startswith("192.168.0.0/16: expected prefixes of /") and "BIRD would refuse" in lines[0]
        )
