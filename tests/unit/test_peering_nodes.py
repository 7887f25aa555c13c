"""Which of the cluster's nodes peer: their addresses, what is refused, and who is named for having none."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from components.settings.peering_nodes import ClusterNode, silent_nodes, with_nodes
from components.settings.settings import Settings, SettingsError, read_settings
from components.settings.site import single
from tests import golden
from tests.unit.example import values

DUAL = {
    "machineAddress6": "fd00::45",
    "nodeNetwork6": "fd00::/64",
    "podNetworks": '["192.168.0.0/16", "fd01::/48"]',
    "serviceNetworks": '["10.96.0.0/12", "fd02::/112"]',
}


def node(name: str, *addresses: str, **labels: str) -> ClusterNode:
    return ClusterNode(name, labels, [ip_address(address) for address in addresses])


NODES = [
    node("node1", "172.34.8.10", "fd00::10", zone="north"),
    node("node2", "172.34.8.30", "fd00::30", zone="south"),
    node("node3", "172.34.8.76", zone="north"),
]


def of_cluster(**changes: str) -> Settings:
    return read_settings(values(nodesFromCluster="true", nodes="[]", **changes))


def listed(**changes: str) -> Settings:
    return read_settings(values(nodes='["172.34.8.10", "172.34.8.30", "172.34.8.76"]', **changes))


def neighbors(settings: Settings) -> list[list[str]]:
    """With whom sessions stand, by family."""
    return [[str(one) for one in family.neighbors] for family in settings.families]


def test_nodes_may_come_from_the_cluster() -> None:
    found = with_nodes(of_cluster(nodePortNames='["a"]'), NODES)
    assert [str(one) for one in found.nodes] == ["172.34.8.10", "172.34.8.30", "172.34.8.76"]
    assert neighbors(found) == [["172.34.8.10", "172.34.8.30", "172.34.8.76"]]


@pytest.mark.parametrize("choice", [{}, {"peerNodeSelector": "all()"}], ids=["every node", "a selector"])
def test_a_node_without_calico_neither_peers_nor_has_a_port_and_is_named(choice: dict[str, str]) -> None:
    virtual = replace(node("virtual", "172.34.8.99"), calico=False)
    settings = of_cluster(nodePortNames='["a"]', **choice)
    found = with_nodes(settings, [*NODES, virtual])
    assert found.nodes == with_nodes(settings, NODES).nodes
    assert neighbors(found) == neighbors(with_nodes(settings, NODES))
    [note] = silent_nodes(settings, [*NODES, virtual])
    assert note.startswith("node virtual runs no Calico")
    assert silent_nodes(listed(), [*NODES, virtual]) == []


@pytest.mark.parametrize(
    "choice", [{"peerNodeSelector": "zone == 'north'"}, {"peerNodes": '["node3", "node1"]'}]
)
def test_only_the_chosen_nodes_peer_and_the_ports_are_of_all(choice: dict[str, str]) -> None:
    for settings in (of_cluster(**choice), listed(**choice)):
        found = with_nodes(settings, NODES)
        assert [str(one) for one in found.nodes] == ["172.34.8.10", "172.34.8.30", "172.34.8.76"]
        assert neighbors(found) == [["172.34.8.10", "172.34.8.76"]]


def test_each_family_has_its_own_peers() -> None:
    found = with_nodes(of_cluster(peerNodeSelector="zone == 'north'", **DUAL), NODES)
    assert neighbors(found) == [["172.34.8.10", "172.34.8.76"], ["fd00::10"]]


def test_the_chosen_nodes_may_be_listed_and_the_cluster_is_not_asked() -> None:
    settings = listed(peerNodeSelector="has(edge)", peeringNodes='["172.34.8.30"]')
    assert not settings.asks_for_nodes
    assert neighbors(with_nodes(settings, NODES)) == neighbors(settings) == [["172.34.8.30"]]


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (listed(), False),
        (of_cluster(), True),
        (listed(peerNodes='["node1"]'), True),
        (listed(peerNodeSelector="has(a)", routeReflectors='["172.34.8.10"]'), False),
    ],
)
def test_the_cluster_is_asked_only_when_need_be(settings: Settings, asked: bool) -> None:
    assert settings.asks_for_nodes is asked


def test_nodes_of_the_cluster_have_to_fit_the_other_settings() -> None:
    odd = [node("a", "172.34.8.45"), node("b", "10.1.1.1")]
    with pytest.raises(SettingsError) as caught:
        with_nodes(of_cluster(), odd)
    golden.compare("settings/nodes-of-the-cluster.txt", f"{caught.value}\n")


@pytest.mark.parametrize(
    ("case", "settings"),
    {
        "nobody": of_cluster(peerNodeSelector="has(edge)"),
        "unknown": listed(peerNodes='["node1", "node7"]'),
        "not-listed": read_settings(values(nodes='["172.34.8.10"]', peerNodeSelector="all()")),
        "one-family": of_cluster(peerNodes='["node3"]', **DUAL),
    }.items(),
)
def test_a_choice_that_cannot_be_is_told_in_these_words(case: str, settings: Settings) -> None:
    with pytest.raises(SettingsError) as caught:
        with_nodes(settings, NODES)
    golden.compare(f"settings/chosen-nodes-{case}.txt", f"{caught.value}\n")


def test_more_nodes_than_sessions_are_no_error() -> None:
    many = [node(f"node{place}", f"172.34.{8 + place // 250}.{place % 250 + 1}") for place in range(600)]
    network = {"nodeNetwork": "172.34.0.0/16", "machineAddress": "172.34.200.1"}
    found = with_nodes(of_cluster(peerNodes='["node1", "node2"]', **network), many)
    assert (len(found.nodes), neighbors(found)) == (600, [["172.34.8.2", "172.34.8.3"]])
    with pytest.raises(SettingsError, match="more than 500 sessions"):
        with_nodes(of_cluster(**network), many)


def test_a_node_without_an_address_of_a_family_is_named() -> None:
    both = of_cluster(**DUAL)
    [note] = silent_nodes(both, NODES)
    assert note.startswith("node node3 has no IPv6 address in the cluster")
    assert single(both).with_nodes({"": NODES}).notes == [note]


def test_a_node_that_is_not_to_peer_is_not_missed() -> None:
    assert silent_nodes(of_cluster(peerNodes='["node1"]', **DUAL), NODES) == []
    assert silent_nodes(of_cluster(), NODES) == []
