"""Nodes whose AS number is not the one that the machine's BIRD expects: who is refused, and who is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from kubernetes.client import Configuration

from components import preflight
from components.calico.as_numbers import cluster_as_number
from components.calico.bgp_configuration_part import MARK
from components.calico.calico_api import V3, CalicoClient
from components.calico.stack_names import StackNames
from components.preflight import check_as_numbers
from components.settings.peering_nodes import ClusterNode
from components.settings.site import Site, read_site
from components.shared.provider_errors import ProviderError
from tests.unit.example import values

STACK = "project/stack"
NAMES = StackNames(STACK)
ADDRESSES = {"node1": 10, "node2": 30, "node3": 76, "node4": 87}


def nodes(**own: int) -> list[ClusterNode]:
    """The four, some with a number of their own."""
    return [
        ClusterNode(name, {}, [ip_address(f"172.34.8.{last}")], own.get(name))
        for name, last in ADDRESSES.items()
    ]


def default(number: int | None, **kept: Any) -> dict[str, Any]:
    """BGPConfiguration `default`; `kept`: what a stack has written there, by the stack's annotation."""
    spec = {} if number is None else {"asNumber": number}
    mark = {MARK: json.dumps({STACK: {"asNumber": kept}})} if kept else {}
    return {"metadata": {"name": "default", "uid": "u", "annotations": mark}, "spec": spec}


def check(
    monkeypatch: pytest.MonkeyPatch,
    found: dict[str, Any] | None,
    known: Sequence[ClusterNode] | None,
    **settings: str,
) -> list[str]:
    """What is said where the cluster has that `default` and these nodes."""
    client = CalicoClient(Configuration(), V3)
    client.configuration.host = "https://cluster"
    monkeypatch.setattr(preflight, "cluster_client", lambda settings: client)
    monkeypatch.setattr(preflight, "read_configuration", lambda client, name: found)
    monkeypatch.setattr(preflight, "nodes_if_allowed", lambda client: known)
    site: Site = read_site(values(**settings))
    return check_as_numbers(site, NAMES)


def refused(
    monkeypatch: pytest.MonkeyPatch, found: Any, known: Sequence[ClusterNode], **settings: str
) -> str:
    with pytest.raises(ProviderError) as caught:
        check(monkeypatch, found, known, **settings)
    return str(caught.value)


def test_both_numbers_are_told_with_where_each_stands_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, default(64999), nodes(node3=64512, node4=65001)).splitlines() == [
        "BIRD on external would expect AS number 64512 of each node (calico-peering:calicoAsNumber), and no"
        " session would stand with those of the cluster at https://cluster that have another one; nothing was"
        " written:",
        "  node1, node2: 64999 (asNumber of BGPConfiguration default)",
        "  node4: 65001 (annotation projectcalico.org/ASNumber of the Node)",
        "Either give these nodes the number that is expected; or set calico-peering:nodeLocalAsNumber, by"
        " which all nodes call themselves towards this machine alone; or have only nodes peer that have it"
        " (calico-peering:peerNodeSelector or peerNodes)",
    ]


def test_where_all_have_one_other_number_it_is_the_setting_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    text = refused(monkeypatch, default(64999), nodes())
    assert "Either set calico-peering:calicoAsNumber to 64999, if all nodes that peer have that; or" in text


@pytest.mark.parametrize(
    ("found", "why"),
    [(None, "there is no BGPConfiguration default"), (default(None), "BGPConfiguration default has no")],
)
def test_without_a_number_in_the_cluster_nodes_have_calicos_own(
    monkeypatch: pytest.MonkeyPatch, found: Any, why: str
) -> None:
    assert check(monkeypatch, found, nodes()) == []
    text = refused(monkeypatch, found, nodes(), calicoAsNumber="64513")
    assert "node1, node2, node3, node4: 64512 (Calico's own, as " + why in text


MIXES: dict[str, tuple[int, dict[str, int], dict[str, str]]] = {
    "every node has its own": (64999, dict.fromkeys(ADDRESSES, 64512), {}),
    "those that peer have it": (
        64999,
        {"node2": 64512},
        {"peerNodes": '["node2"]', "peeringNodes": '["172.34.8.30"]'},
    ),
    "one that does not peer has another": (
        64512,
        {"node1": 65001},
        {"peerNodes": '["node2"]', "peeringNodes": '["172.34.8.30"]'},
    ),
    "one that is none of the nodes has another": (
        64512,
        {"node4": 65001},
        {"nodes": '["172.34.8.10", "172.34.8.30", "172.34.8.76"]'},
    ),
    "route reflectors have it": (64999, {"node1": 64512}, {"routeReflectors": '["172.34.8.10"]'}),
    "all call themselves by another towards the machine": (
        64999,
        {"node1": 65001},
        {"nodeLocalAsNumber": "64513"},
    ),
    "we write it": (64999, {}, {"writeCalicoAsNumber": "true"}),
}


@pytest.mark.parametrize("mix", MIXES)
def test_nobody_with_a_mix_that_fits_is_refused(monkeypatch: pytest.MonkeyPatch, mix: str) -> None:
    number, own, settings = MIXES[mix]
    assert check(monkeypatch, default(number), nodes(**own), **settings) == []


def test_one_that_keeps_its_own_while_we_write_the_clusters_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = refused(monkeypatch, default(64999), nodes(node2=65001), writeCalicoAsNumber="true")
    assert "  node2: 65001 (annotation" in text and "node1" not in text


def test_where_nodes_may_not_be_listed_it_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(monkeypatch, default(64512), None) == []
    [warning] = check(monkeypatch, default(64999), None)
    assert (
        "calico-peering:calicoAsNumber is 64512, and nodes of the cluster at https://cluster have 64999"
        in warning
    )


def test_what_we_wrote_and_want_no_more_is_counted_as_put_back() -> None:
    before = cluster_as_number(default(64513, ours=64513, before=64999), None, NAMES)
    assert (before.number, before.where) == (
        64999,
        "asNumber of BGPConfiguration default, where it is put back",
    )
    assert cluster_as_number(default(64513, ours=64513), None, NAMES).number == 64512
    assert cluster_as_number(default(64514, ours=64513, before=64999), None, NAMES).number == 64514
    assert cluster_as_number(default(64513, ours=64513), None, StackNames("project/other")).number == 64513
    assert cluster_as_number(default(64513, ours=64513), 64513, NAMES).number == 64513
