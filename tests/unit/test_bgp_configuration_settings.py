"""The settings of BGPConfigurations: what they come to, and what is refused before Calico would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.bird.expectation import expectation
from components.settings.settings import Settings, SettingsError, read_settings
from tests import golden
from tests.unit.example import VALUES


def settings(**given: Any) -> Settings:
    return read_settings(
        {**VALUES, **{key: one if isinstance(one, str) else json.dumps(one) for key, one in given.items()}}
    )


def test_by_default_nothing_but_the_service_networks_is_ours() -> None:
    assert settings().bgp_configurations == {"default": {"lists": {}, "values": {}}}
    assert settings().taken_over == {"default": []}


def test_without_the_mesh_a_block_has_its_own_node_as_next_hop_and_the_verification_asks_for_no_more() -> (
    None
):
    asked = [expectation(settings(**given)) for given in ({}, {"nodeToNodeMesh": "Enabled"})]
    assert not any("pod_next_hops" in text for text in asked)
    assert "pod_next_hops one\n" in expectation(settings(nodeToNodeMesh="Disabled"))


def test_each_setting_is_a_part_of_an_object() -> None:
    said = settings(
        externalNetworks=["203.0.113.0/28"],
        loadBalancerNetworks=["203.0.113.16/28"],
        calicoAsNumber="64513",
        writeCalicoAsNumber="true",
        nodeToNodeMesh="Disabled",
        bindMode="NodeIP",
        serviceLoadBalancerAggregation="Disabled",
        bgpLogSeverity="Debug",
        communities={"external": "65112:0100", "large": "65112:1:4294967295"},
        prefixAdvertisements={"10.96.0.0/12": ["external", "65112:7"], "192.168.0.0/16": ["large"]},
        nodeBgpConfigurations={
            "node1.example.org": {
                "communities": {"one": "65112:201"},
                "prefixAdvertisements": {"10.96.0.0/12": ["one"]},
            },
            "node2": {"bgpLogSeverity": "Debug"},
        },
        bgpConfigurationTakeOver=["asNumber", "communities/large", "node.node2/logSeverityScreen"],
    )
    assert said.bgp_configurations == {
        "default": {
            "lists": {
                "serviceExternalIPs": ["203.0.113.0/28"],
                "serviceLoadBalancerIPs": ["203.0.113.16/28"],
                "prefixAdvertisements": [
                    "10.96.0.0/12 external",
                    "10.96.0.0/12 65112:7",
                    "192.168.0.0/16 large",
                ],
            },
            "values": {
                "asNumber": 64513,
                "nodeToNodeMeshEnabled": False,
                "bindMode": "NodeIP",
                "serviceLoadBalancerAggregation": "Disabled",
                "logSeverityScreen": "Debug",
                "communities/external": "65112:100",
                "communities/large": "65112:1:4294967295",
            },
        },
        "node.node1.example.org": {
            "lists": {"prefixAdvertisements": ["10.96.0.0/12 one"]},
            "values": {"communities/one": "65112:201"},
        },
        "node.node2": {"lists": {}, "values": {"logSeverityScreen": "Debug"}},
    }
    assert said.taken_over == {
        "default": ["asNumber", "communities/large"],
        "node.node1.example.org": [],
        "node.node2": ["logSeverityScreen"],
    }


WRONG: dict[str, dict[str, Any]] = {
    "bgp-configuration-words": {
        "nodeToNodeMesh": "off",
        "bindMode": "nodeip",
        "serviceLoadBalancerAggregation": "true",
        "bgpLogSeverity": "debug",
        "writeCalicoAsNumber": "64512",
    },
    "bgp-configuration-as-number": {"calicoAsNumber": "4200000000", "writeCalicoAsNumber": "true"},
    "bgp-configuration-communities": {
        "communities": {"External": "1:1", "a": "65536:1", "b": "1:2:3:4", "c": 65112, "d": "1:4294967296:1"},
        "prefixAdvertisements": {"10.97.0.0/12": ["1:1"], "pods": ["1:1"], "10.0.0.0/8": [], "::/0": "1:1"},
    },
    "bgp-configuration-unused": {
        "communities": {"used": "1:1", "unused": "2:2"},
        "prefixAdvertisements": {"10.96.0.0/12": ["used", "unknown"]},
    },
    "bgp-configuration-twice": {"prefixAdvertisements": {"10.96.0.0/12": ["1:1", "01:1"]}},
    "bgp-configuration-no-mapping": {"communities": ["1:1"], "nodeBgpConfigurations": "node1"},
    "bgp-configuration-nodes": {
        "nodeBgpConfigurations": {
            "Node_1": {},
            "node2": {"bgpLogSeverity": "loud", "asNumber": 1},
            "node3": {"communities": {"a": "1:1"}},
            "node4": 7,
        }
    },
    "bgp-configuration-take-over": {
        "bgpLogSeverity": "Debug",
        "bgpConfigurationTakeOver": ["logSeverityScreen", "asNumber"],
    },
    "bgp-configuration-take-over-nothing": {"bgpConfigurationTakeOver": ["asNumber"]},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_by_key(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**WRONG[case])
    golden.compare(f"settings/{case}.txt", f"{caught.value}\n")
