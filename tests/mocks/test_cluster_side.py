"""What settings come to at one cluster, seen by Pulumi's mocks.

What the components make of it is tested in their own files, and the whole connection in
test_external_peering.py.
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.cluster_side import cluster_side
from components.left_over import LeftOver
from components.machine_secrets import MachineSecrets
from components.ports.node_ports import NodePorts
from components.settings.site import read_site
from components.shared.called import always
from tests.mocks.recorder import Recorder, recorded
from tests.unit.example import values

V3 = "kubernetes:projectcalico.org/v3"
PART = "pulumi-python:dynamic/calico-peering:BgpConfigurationPart"
BEFORE = "pulumi-python:dynamic/calico-peering:DefaultBefore"


def side(**settings: Any) -> Recorder:
    """What is declared with these settings beside the example's."""
    given = {key: one if isinstance(one, str) else json.dumps(one) for key, one in settings.items()}
    site = read_site(values(**given))
    secrets = {machine: MachineSecrets() for machine in site.machines}
    options = pulumi.ResourceOptions()
    return recorded(
        lambda: cluster_side(always("peering"), site, "", NodePorts(), secrets, LeftOver(), options)
    )


def spec(recorder: Recorder, kind: str) -> dict[str, Any]:
    """Of the only object of a kind."""
    [made] = recorder.of(f"{V3}:{kind}").values()
    return dict(made["spec"])


def test_of_every_kind_of_services_address_a_node_tells_only_its_own() -> None:
    recorder = side(
        externalNetworks=["203.0.113.0/28"],
        loadBalancerNetworks=["203.0.113.16/28"],
        withheldNetworks=["192.168.9.0/24"],
    )
    rules = spec(recorder, "BGPFilter")["exportV4"]
    assert [(one["cidr"], one.get("source")) for one in rules] == [
        ("192.168.9.0/24", None),
        ("10.96.0.0/12", "RemotePeers"),
        ("203.0.113.0/28", "RemotePeers"),
        ("203.0.113.16/28", "RemotePeers"),
    ]


@pytest.mark.parametrize(("graceful", "time"), [("true", "5s"), ("false", None)])
def test_a_restart_has_a_time_only_where_it_is_graceful(graceful: str, time: str | None) -> None:
    made = side(nodeRestartTime="5", gracefulRestart=graceful)
    assert spec(made, "BGPPeer").get("maxRestartTime") == time


def test_a_value_is_taken_over_in_the_object_that_was_said() -> None:
    recorder = side(
        bgpLogSeverity="Info",
        nodeBgpConfigurations={"node1": {"bgpLogSeverity": "Debug"}},
        bgpConfigurationTakeOver=["node.node1/logSeverityScreen"],
    )
    parts = {one["object"]: one for one in recorder.of(PART).values()}
    assert {name: (one["values"], one["take_over"]) for name, one in parts.items()} == {
        "default": ({"logSeverityScreen": "Info"}, []),
        "node.node1": ({"logSeverityScreen": "Debug"}, ["logSeverityScreen"]),
    }


def test_all_of_calicos_objects_are_reached_by_the_api_that_was_asked_for() -> None:
    recorder = side(calicoApi="crd-v1", nodeBgpConfigurations={"node1": {"bgpLogSeverity": "Debug"}})
    kinds = {made.typ for made in recorder.made if "projectcalico.org" in made.typ}
    assert kinds == {
        "kubernetes:crd.projectcalico.org/v1:BGPFilter",
        "kubernetes:crd.projectcalico.org/v1:BGPPeer",
    }
    shared = [*recorder.of(PART).values(), *recorder.of(BEFORE).values()]
    assert {one["object"] for one in shared} == {"default", "node.node1"}
    assert {one["calico_api"] for one in shared} == {"crd.projectcalico.org/v1"}
