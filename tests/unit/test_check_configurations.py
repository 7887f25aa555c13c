"""Others' values in the clusters' BGPConfigurations, looked for before anything is declared (preflight.py).

With Kubernetes in memory (calico_store.py). What a conflict is, and how it is told, is tested in
test_bgp_configuration_conflicts.py; with the real engine in tests/integration/test_bgp_configuration.py.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from kubernetes.client import Configuration

from components import preflight
from components.calico import bgp_configuration_writer
from components.calico.calico_api import V3, CalicoClient
from components.calico.stack_names import StackNames
from components.preflight import check_configurations
from components.settings.settings import Settings
from components.settings.site import read_site
from components.shared.provider_errors import ProviderError
from tests.unit.calico_store import Store
from tests.unit.example import values

HERE, THERE = "https://203.0.113.1:6443", "https://203.0.113.2:6443"
CLUSTERS = {
    "first": {"kubeconfig": HERE, "nodeNetwork": "172.34.8.0/25"},
    "second": {
        "kubeconfig": THERE,
        "nodeNetwork": "172.34.8.128/25",
        "nodes": ["172.34.8.141"],
        "multihop": 2,
        "podNetworks": ["10.244.0.0/16"],
        "serviceNetworks": ["10.128.0.0/16"],
        "calicoAsNumber": 64513,
    },
}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """The clusters, empty; each setting `kubeconfig` is an address of theirs."""
    made = Store()

    def client(settings: Settings) -> CalicoClient:
        configuration = Configuration()
        configuration.host = settings.kubeconfig or HERE
        return CalicoClient(configuration, V3)

    monkeypatch.setattr(bgp_configuration_writer, "CustomObjectsApi", made.api)
    monkeypatch.setattr(preflight, "cluster_client", client)
    return made


def said(**settings: Any) -> str:
    """What is told of settings; nothing when nothing is in the way."""
    given = {key: one if isinstance(one, str) else json.dumps(one) for key, one in settings.items()}
    try:
        check_configurations(read_site(values(**given)), StackNames("project/stack"))
    except ProviderError as error:
        return str(error)
    return ""


def test_a_value_is_looked_for_in_each_object_that_the_settings_speak_of(store: Store) -> None:
    store.write(HERE, "default", logSeverityScreen="Warning")
    store.write(HERE, "node.node1", logSeverityScreen="Error")
    store.write(HERE, "node.node2", logSeverityScreen="Error")
    was = copy.deepcopy(store.objects)
    node = {"nodeBgpConfigurations": {"node1": {"bgpLogSeverity": "Debug"}}}
    text = said(bgpLogSeverity="Info", **node)
    assert 'logSeverityScreen of BGPConfiguration default: wanted "Info", found "Warning"' in text
    assert 'logSeverityScreen of BGPConfiguration node.node1: wanted "Debug", found "Error"' in text
    assert "[logSeverityScreen, node.node1/logSeverityScreen]" in text and "node2" not in text
    assert store.objects == was
    taken = ["node.node1/logSeverityScreen"]
    assert "default" not in said(**node, bgpConfigurationTakeOver=taken)
    text = said(bgpLogSeverity="Info", **node, bgpConfigurationTakeOver=taken)
    assert "BGPConfiguration default" in text and "node1" not in text
    assert said(bgpLogSeverity="Warning", nodeBgpConfigurations={"node1": {"bgpLogSeverity": "Error"}}) == ""


def test_each_cluster_is_told_with_its_own_values(store: Store) -> None:
    store.write(HERE, "default", logSeverityScreen="Warning")
    assert said(clusters=CLUSTERS) == ""
    lines = said(clusters=CLUSTERS, bgpLogSeverity="Info").splitlines()
    assert [line for line in lines if line.startswith("others' values")] == [
        f"others' values in the cluster at {HERE} are in the way, and nothing was written there:"
    ]
    store.write(THERE, "default", logSeverityScreen="Error")
    text = said(clusters=CLUSTERS, bgpLogSeverity="Info")
    first, second = text.index(f"cluster at {HERE}"), text.index(f"cluster at {THERE}")
    assert first < text.index('found "Warning"') < second < text.index('found "Error"')


def test_reflectors_want_no_mesh_and_take_over_only_what_they_are_told_to(store: Store) -> None:
    reflectors = {"reflectorNodes": ["node3", "node4"]}
    assert said(**reflectors) == ""
    store.write(HERE, "default", nodeToNodeMeshEnabled=True)
    assert "nodeToNodeMeshEnabled of BGPConfiguration default: wanted false, found true" in said(**reflectors)
    assert said(**reflectors, bgpConfigurationTakeOver=["nodeToNodeMeshEnabled"]) == ""
