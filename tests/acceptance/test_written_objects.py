"""The API servers take every object that the program declares, whatever settings ask for it.

Each is sent three times: as a dry run that refuses unknown fields (fieldValidation=Strict); as a dry run of
how Calico stores it, by the definitions of crd.projectcalico.org, which kube-apiserver checks itself; and for
good, since only then Calico's own code looks at it. What was made is gone at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from kubernetes.client import ApiClient, ApiException, CustomObjectsApi
from kubernetes.utils import create_from_dict

from components.calico.calico_api import GROUP, VERSION
from components.settings.site import read_site
from tests.mocks.declared import KINDS, declared
from tests.unit.calico_strategies import calico_sites
from tests.unit.example import values

# What no test changes for the whole cluster, and what no node peers by.
OF_THE_CLUSTER = ("asNumber", "nodeToNodeMeshEnabled")
NO_NODE = {"nodeSelector": "has(no-such-label)"}
STORED_GROUP, STORED_VERSION = "crd.projectcalico.org", "v1"
BOTH = {
    "machineAddress6": "fd00::45",
    "nodeNetwork6": "fd00::/64",
    "nodes": ["172.34.8.10", "fd00::10"],
    "podNetworks": ["192.168.0.0/16", "fd01::/48"],
    "serviceNetworks": ["10.96.0.0/12", "fd02::/112"],
}
SETTINGS: dict[str, dict[str, Any]] = {
    "the reference network": {},
    "both families": BOTH,
    "all that a session can have": {
        "bgpPassword": "secret",
        "ttlSecurity": True,
        "nodeRestartTime": 4095,
        "machineAsNumber": 2147483647,
        "multihop": 255,
        "machineAddress": "198.51.100.45",
    },
    "all that nodes can be told": {
        "peerNodeSelector": "has(edge) && zone not in {'a', \"b\"}",
        "nodeSourceAddress": "None",
        "nodeNextHopMode": "Keep",
        "nodeLocalAsNumber": 2147483647,
        "allowedLocalAsNumbers": 10,
        "multihop": 2,
        "machineAddress": "198.51.100.45",
        "reachableBy": "172.34.8.1",
        "bgpFilters": ["their-own"],
        "machineNetworks": ["10.50.0.0/24"],
        "advertise": True,
        "withheldNetworks": ["192.168.9.0/24"],
        "externalNetworks": ["203.0.113.0/24"],
        "loadBalancerNetworks": ["203.0.114.0/24"],
        "serviceLoadBalancerAggregation": "Disabled",
        "bindMode": "NodeIP",
        "nodeToNodeMesh": "Enabled",
        "writeCalicoAsNumber": True,
        "bgpLogSeverity": "Warning",
        "communities": {"outside": "65112:100", "large": "4294967295:0:4294967295"},
        "prefixAdvertisements": {"10.96.0.0/12": ["outside", "65535:65535"], "192.168.0.0/16": ["large"]},
        "nodeBgpConfigurations": {"spare1": {"bgpLogSeverity": "Debug"}},
    },
    "single nodes": {"peerNodes": ["spare1", "spare2.example.org"]},
    "several machines": {
        "machineAddress": "",
        "machines": {"one": {"machineAddress": "172.34.8.45"}, "two": {"machineAddress": "172.34.8.46"}},
    },
}


def texts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as Pulumi's configuration hands them out."""
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    return values(**given)


def sent(cluster: ApiClient, one: dict[str, Any], undo: ExitStack) -> None:
    """Send an object of Calico's in all three ways; ApiException when it is refused."""
    api, plural = CustomObjectsApi(cluster), f"{one['kind'].lower()}s"
    api.create_cluster_custom_object(GROUP, VERSION, plural, one, dry_run="All", field_validation="Strict")
    stored = {**one, "apiVersion": f"{STORED_GROUP}/{STORED_VERSION}"}
    api.create_cluster_custom_object(
        STORED_GROUP, STORED_VERSION, plural, stored, dry_run="All", field_validation="Strict"
    )
    harmless = {**one, "spec": {name: of for name, of in one["spec"].items() if name not in OF_THE_CLUSTER}}
    if one["kind"] == "BGPPeer" and "node" not in one["spec"] and "nodeSelector" not in one["spec"]:
        harmless["spec"] |= NO_NODE
    api.create_cluster_custom_object(GROUP, VERSION, plural, harmless, field_validation="Strict")
    undo.callback(api.delete_cluster_custom_object, GROUP, VERSION, plural, one["metadata"]["name"])


def filter_of_others(name: str) -> dict[str, Any]:
    """A BGPFilter that a BGPPeer names and the program does not make."""
    metadata = {"name": name}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "BGPFilter", "metadata": metadata, "spec": {}}


def send_all(cluster: ApiClient, given: Mapping[str, str]) -> None:
    """Send every object that the program declares with these settings."""
    found = declared(read_site(given), given.get("bgpPassword", ""))
    assert {one["kind"] for one in found} >= {"BGPConfiguration", "BGPFilter", "BGPPeer"}
    names = {one["metadata"]["name"] for one in found if one["kind"] == "BGPFilter"}
    others = {name for one in found for name in one.get("spec", {}).get("filters", [])} - names
    with ExitStack() as undo:
        # A BGPPeer's filters have to be there.
        for one in [*map(filter_of_others, others), *sorted(found, key=lambda one: one["kind"])]:
            if one["kind"] in KINDS:
                sent(cluster, one, undo)
            else:
                create_from_dict(  # type: ignore[no-untyped-call]
                    cluster, one, dry_run="All", field_validation="Strict"
                )


@pytest.mark.parametrize("what", SETTINGS)
@pytest.mark.main_path("the reference network", "both families")
def test_what_is_declared_is_taken(what: str, cluster: ApiClient) -> None:
    send_all(cluster, texts(SETTINGS[what]))


@settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))
@given(given=calico_sites())
def test_whatever_right_settings_declare_is_taken(given: dict[str, str], cluster: ApiClient) -> None:
    send_all(cluster, given)


@pytest.mark.parametrize(
    "change",
    [{"peerIP": "172.34.8"}, {"ttlSecurity": 256}, {"nextHopMode": "self"}, {"peerIp": "172.34.8.45"}],
)
def test_what_is_wrong_would_be_seen(change: dict[str, Any], cluster: ApiClient) -> None:
    [peer] = [one for one in declared(read_site(values()), "") if one["kind"] == "BGPPeer"]
    right = {name: of for name, of in peer["spec"].items() if name != "filters"}
    with ExitStack() as undo:
        sent(cluster, {**peer, "spec": right}, undo)
    with pytest.raises(ApiException), ExitStack() as undo:
        sent(cluster, {**peer, "spec": {**right, **change}}, undo)
