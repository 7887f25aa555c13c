"""What the dynamic resources of a BGPConfiguration take for a difference, and how they read older states."""

from __future__ import annotations

from typing import Any

import pytest

from components.calico.bgp_configuration_provider import BgpConfigurationPartProvider, now_called
from components.calico.default_before_provider import DefaultBeforeProvider
from components.calico.service_networks_provider import ServiceNetworksProvider

STATE: dict[str, Any] = {
    "object": "default",
    "lists": {"serviceClusterIPs": ["10.96.0.0/12", "fd00:10::/108"]},
    "values": {"asNumber": 64513.0},
    "stack": "project/stack",
    "before": [],
    "kubeconfig": "here",
}
# As the version before this one left it.
OLDER: dict[str, Any] = {
    "networks": ["10.96.0.0/12"],
    "before": [{"network": "10.96.0.0/12", "uid": "u", "listed": False}],
    "added": ["10.96.0.0/12"],
    "made_default": True,
    "default_uid": "u",
    "filled_in": {"serviceLoadBalancerAggregation": "Enabled"},
    "written": 3.0,
    "kubeconfig": "here",
}


def diff(**news: Any) -> tuple[bool | None, list[str] | None]:
    found = BgpConfigurationPartProvider().diff("default", STATE, {**STATE, **news})
    return found.changes, found.replaces


@pytest.mark.parametrize(
    "news",
    [
        {"lists": {"serviceClusterIPs": ["fd00:10::/108", "10.96.0.0/12"]}},
        {"lists": {**STATE["lists"], "serviceExternalIPs": []}},
        {"values": {"asNumber": 64513}},
        {"before": [{"place": "asNumber", "uid": "u", "listed": True}]},
        {"take_over": ["asNumber"]},
    ],
    ids=["order", "an empty list", "a whole number", "what was before us", "leave to take over"],
)
def test_what_changes_nothing_in_the_cluster_is_no_difference(news: dict[str, Any]) -> None:
    assert diff(**news) == (False, [])


@pytest.mark.parametrize(
    "news",
    [
        {"lists": {"serviceClusterIPs": ["10.96.0.0/12"]}},
        {"lists": {**STATE["lists"], "serviceExternalIPs": ["203.0.113.0/28"]}},
        {"values": {"asNumber": 64514}},
        {"values": {}},
        {"kubeconfig": "there"},
    ],
    ids=["an entry less", "a list more", "another value", "no value", "another way there"],
)
def test_what_is_another_wish_is_an_update(news: dict[str, Any]) -> None:
    assert diff(**news) == (True, [])


def test_another_object_is_another_resource() -> None:
    assert diff(object="node.node1") == (True, ["object"])


def test_a_state_of_the_version_before_is_read_as_what_it_meant_and_written_anew() -> None:
    now = now_called(OLDER)
    assert now["lists"] == {"serviceClusterIPs": ["10.96.0.0/12"]}
    assert now["added"] == {"serviceClusterIPs": ["10.96.0.0/12"]}
    assert (now["made"], now["uid"], now["written"]) == (True, "u", 3.0)
    wanted = {**STATE, "lists": now["lists"], "values": {}}
    found = BgpConfigurationPartProvider().diff("default", OLDER, wanted)
    assert (found.changes, found.replaces) == (True, [])


def test_a_place_of_the_version_before_stays_the_same_resource() -> None:
    older = {"network": "10.96.0.0/12", "uid": "u", "listed": False, "kubeconfig": "here"}
    wanted = {"object": "default", "place": "serviceClusterIPs/10.96.0.0/12", "kubeconfig": "here"}
    found = DefaultBeforeProvider().diff("10.96.0.0/12", older, wanted)
    assert (found.changes, found.replaces) == (True, [])
    updated = DefaultBeforeProvider().update("10.96.0.0/12", older, wanted)
    assert updated.outs == {**wanted, "uid": "u", "listed": False}


def test_states_find_their_provider_where_it_was() -> None:
    assert isinstance(BgpConfigurationPartProvider(), ServiceNetworksProvider)


def test_what_is_wrong_is_named() -> None:
    wrong = {
        **STATE,
        "object": "node.node1",
        "lists": {"prefixAdvertisements": ["pods"]},
        "values": {"asNumber": 1},
    }
    failures = [one.reason for one in BgpConfigurationPartProvider().check({}, wrong).failures]
    assert failures == [
        "'pods' is not a network; expected for example 192.168.0.0/16 or fd00:10::/48",
        "asNumber of node.node1 is not read by Calico",
    ]
