"""What ExternalPeering declares as a whole, and that the verification is last and runs again."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.bird.answers import MARK
from components.bird.expectation import expectation
from components.external_peering import ExternalPeering
from components.machine_secrets import MachineSecrets
from components.ports.node_ports import NodePorts
from components.settings.settings import Settings, read_settings
from components.settings.site import read_site, single
from tests.mocks.recorder import Outputs, recorded
from tests.unit.example import values

COMMAND = "command:remote:Command"
PAIRS = "pulumi-python:dynamic/calico-peering:PortPairs"
PEER = "kubernetes:projectcalico.org/v3:BGPPeer"
FILTER = "kubernetes:projectcalico.org/v3:BGPFilter"
SERVICES = "pulumi-python:dynamic/calico-peering:BgpConfigurationPart"
PORTS = {"172.34.8.10": "port-1", "172.34.8.30": "port-2"}
SEEN = f"{MARK}session 172.34.8.10 Established calico1\n{MARK}route 10.96.0.0/12 172.34.8.10\n"


def peering(settings: Settings | None = None, ids: Any = PORTS) -> ExternalPeering:
    site = single(settings or read_settings(values()))
    return ExternalPeering("external", {"site": site, "ports": {"": NodePorts(ids)}})


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_all_parts_are_declared(preview: bool) -> None:
    recorder = recorded(peering, preview=preview, outputs={COMMAND: {"stdout": SEEN}})
    commands = list(recorder.of(COMMAND))
    assert sorted(commands) == [
        "external-router-configuration",
        "external-router-guard",
        "external-router-package",
        "external-router-script",
        "external-router-sysctls",
        "external-verification",
    ]
    assert commands[-1] == "external-verification"
    assert recorder.of(PEER)["external-calico-peer"]["spec"] == {
        "peerIP": "172.34.8.45",
        "asNumber": 65112,
        "maxRestartTime": "5s",
        "filters": ["bgpfilter-external"],
    }
    assert set(recorder.of(PAIRS)) == {f"external-pairs-{port}" for port in PORTS.values()}
    for inputs in recorder.of(PAIRS).values():
        assert inputs["networks"] == ["192.168.0.0/16", "10.96.0.0/12"]


def test_what_the_settings_say_of_the_nodes_sessions_is_in_the_peer_and_its_filter() -> None:
    settings = read_settings(
        values(
            peerNodeSelector="has(edge)",
            peeringNodes='["172.34.8.30"]',
            multihop="2",
            ttlSecurity="true",
            reachableBy="172.34.8.1",
            nodeSourceAddress="None",
            nodeNextHopMode="Keep",
            nodeLocalAsNumber="64999",
            allowedLocalAsNumbers="1",
            bgpFilters='["theirs"]',
            machineNetworks='["10.50.0.0/16"]',
            advertise="true",
            withheldNetworks='["192.168.9.0/24"]',
        )
    )
    recorder = recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
    assert recorder.of(PEER)["external-calico-peer"]["spec"] == {
        "peerIP": "172.34.8.45",
        "asNumber": 65112,
        "nodeSelector": "has(edge)",
        "filters": ["theirs", "bgpfilter-external"],
        "ttlSecurity": 2,
        "maxRestartTime": "5s",
        "sourceAddress": "None",
        "nextHopMode": "Keep",
        "reachableBy": "172.34.8.1",
        "localASNumber": 64999,
        "numAllowedLocalASNumbers": 1,
    }
    asked = recorder.of(FILTER)["external-calico-filter"]["spec"]
    assert [rule.get("cidr") for rule in asked["importV4"]] == ["10.50.0.0/16", None]
    assert [(rule["cidr"], rule.get("source")) for rule in asked["exportV4"]] == [
        ("192.168.9.0/24", None),
        ("10.96.0.0/12", "RemotePeers"),
    ]
    expected = recorder.of(COMMAND)["external-verification"]["stdin"]
    assert "node 172.34.8.30\n" in expected and "node 172.34.8.10\n" not in expected
    assert "pod_next_hops one\n" in expected
    assert set(recorder.of(PAIRS)) == {f"external-pairs-{port}" for port in PORTS.values()}, "of every node"


def test_what_the_machine_does_not_announce_is_not_taken() -> None:
    settings = read_settings(values(machineNetworks='["10.50.0.0/16"]'))
    recorder = recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
    assert recorder.of(FILTER)["external-calico-filter"]["spec"]["importV4"] == [{"action": "Reject"}]


def test_the_filter_may_be_left_to_others() -> None:
    settings = read_settings(values(defaultBgpFilter="false", bgpFilters='["theirs"]'))
    recorder = recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
    assert recorder.of(FILTER) == {}
    assert recorder.of(PEER)["external-calico-peer"]["spec"]["filters"] == ["theirs"]


def test_what_somebody_should_know_of_the_cluster_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, resource=None: warned.append(text))
    site = replace(single(read_settings(values())), notes=["node node7 has no IPv4 address"])
    recorded(lambda: ExternalPeering("external", {"site": site}), outputs={COMMAND: {"stdout": SEEN}})
    assert warned == ["node node7 has no IPv4 address"]


def test_the_nodes_let_the_machine_pass_when_asked_for() -> None:
    settings = read_settings(values(machinePairs="true"))
    recorder = recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
    for inputs in recorder.of(PAIRS).values():
        assert inputs["networks"] == ["192.168.0.0/16", "10.96.0.0/12", "172.34.8.45/32"]


def test_the_verification_comes_after_everything_else() -> None:
    recorder = recorded(peering, outputs={COMMAND: {"stdout": SEEN}})
    customs = [made.name for made in recorder.made if made.custom]
    assert customs[-1] == "external-verification"


def test_the_verification_expects_what_the_settings_say() -> None:
    recorder = recorded(peering, outputs={COMMAND: {"stdout": SEEN}})
    assert recorder.of(COMMAND)["external-verification"]["stdin"].splitlines()[:-1] == [
        "daemon bird",
        "address 172.34.8.45",
        "as 65112",
        "timeout 90",
        "limit 16",
        "node 172.34.8.10",
        "node 172.34.8.30",
        "node 172.34.8.76",
        "node 172.34.8.87",
        "service 10.96.0.0/12",
        "pod 192.168.0.0/16",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"importLimit": "5"},
        {"nodes": '["172.34.8.10"]'},
        {"machineName": "gateway"},
        {"serviceNetworks": '["10.96.0.0/16"]'},
    ],
    ids=["configuration", "nodes", "Calico's peer", "service networks"],
)
def test_the_verification_runs_again_when_something_changes(change: dict[str, str]) -> None:
    def verification(settings: Settings) -> str:
        recorder = recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
        inputs = recorder.of(COMMAND)["external-verification"]
        assert inputs["update"] == inputs["create"] == "/var/lib/calico-peering/router verify"
        # The provider would replace the resource.
        assert not inputs.get("triggers")
        return str(inputs["stdin"])

    before = verification(read_settings(values()))
    assert before == verification(read_settings(values()))
    assert before != verification(read_settings(values(**change)))


@pytest.mark.parametrize(
    ("kind", "once", "again"),
    [
        (PAIRS, {"written": 1}, {"written": 2}),
        (SERVICES, {"written": 1}, {"written": 2}),
        (PEER, {"metadata": {"resourceVersion": "7"}}, {"metadata": {"resourceVersion": "8"}}),
    ],
    ids=["pairs", "service networks", "Calico's peer"],
)
def test_the_verification_runs_again_when_drift_was_repaired(
    kind: str, once: dict[str, Any], again: dict[str, Any]
) -> None:
    texts = []
    for answer in (once, again):
        outputs: Outputs = {COMMAND: {"stdout": SEEN}, kind: answer}
        inputs = recorded(peering, outputs=outputs).of(COMMAND)["external-verification"]
        texts.append(inputs["stdin"])
    assert texts[0] != texts[1]


def test_a_route_reflector_may_tell_of_services_what_it_heard() -> None:
    settings = read_settings(values(routeReflectors='["172.34.8.30"]'))
    recorder = recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
    assert "exportV4" not in recorder.of(FILTER)["external-calico-filter"]["spec"]


def test_the_outputs_are_what_the_verification_saw() -> None:
    seen: dict[str, Any] = {}

    def program() -> None:
        made = peering()
        made.sessions.apply(lambda value: seen.update(sessions=value))
        made.routes.apply(lambda value: seen.update(routes=value))
        made.bird_configuration.apply(lambda value: seen.update(configuration=value))

    recorded(program, outputs={COMMAND: {"stdout": SEEN}})
    assert seen["sessions"] == [{"neighbor": "172.34.8.10", "state": "Established", "protocol": "calico1"}]
    assert seen["routes"] == [{"prefix": "10.96.0.0/12", "nextHops": ["172.34.8.10"]}]
    assert "neighbor range 172.34.8.0/24 as 64512;" in seen["configuration"]


def test_the_old_bird_and_its_password_are_delivered_to_each_daemon() -> None:
    families = {"machineAddress6": "fd00:34::45", "nodeNetwork6": "fd00:34::/64"}
    lists = {
        "nodes": '["172.34.8.10", "fd00:34::10"]',
        "podNetworks": '["192.168.0.0/16", "fd00:192::/48"]',
        "birdVersion": "1.6",
        "bgpPassword": "a word",
    }
    settings = read_settings(values(**families, **lists))

    def program() -> None:
        secrets = {"external": MachineSecrets(password="a word")}
        ExternalPeering("external", {"site": single(settings), "secrets": secrets})

    made = recorded(program, outputs={COMMAND: {"stdout": SEEN}}).of(COMMAND)
    assert made["external-router-package"]["create"].endswith("router install 1.6")
    assert list(made)[2:7] == [
        "external-router-guard",
        "external-router-sysctls",
        "external-router-password",
        "external-router-configuration",
        "external-router-configuration-bird6",
    ]


def test_without_ports_there_is_no_openstack() -> None:
    recorder = recorded(lambda: peering(ids={}), outputs={COMMAND: {"stdout": SEEN}})
    assert recorder.of(PAIRS) == {}


def test_unknown_output_does_not_fail_a_preview() -> None:
    recorder = recorded(peering, preview=True)
    assert "external-verification" in recorder.of(COMMAND)


@pytest.mark.parametrize(("age", "shown"), [(0, ["FORWARD drops it"]), (3600, [])])
def test_a_warning_of_the_verification_is_shown_by_the_run_that_it_is_of(
    age: int, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, resource=None: warned.append(text))
    output = f"{SEEN}{MARK}warning {int(time.time()) - age} FORWARD drops it\n"
    recorded(peering, outputs={COMMAND: {"stdout": output}})
    assert warned == shown


@pytest.mark.parametrize("policy", ["expected", "all"])
def test_importing_everything_is_warned_about(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, resource=None: warned.append(text))
    settings = read_settings(values(importPolicy=policy))
    recorded(lambda: peering(settings), outputs={COMMAND: {"stdout": SEEN}})
    assert [("0.0.0.0/0" in text) for text in warned] == [True] * (policy == "all")


def test_the_timeout_of_the_verification_is_the_settings() -> None:
    assert "timeout 7\n" in expectation(read_settings(values(verifyTimeout="7")))


def test_old_birds_route_reflectors_and_another_table_are_expected_as_they_are() -> None:
    wanted = {
        "birdVersion": "1.6",
        "machineAddress6": "2001:db8:8::45",
        "nodeNetwork6": "2001:db8:8::/64",
        "nodes": '["172.34.8.10", "172.34.8.30", "2001:db8:8::10", "2001:db8:8::30"]',
        "routeReflectors": '["172.34.8.30", "2001:db8:8::30"]',
        "podNetworks": '["192.168.0.0/16", "fd00:10:244::/56"]',
        "kernelTable": "77",
    }
    lines = expectation(read_settings(values(**wanted))).splitlines()
    assert [line for line in lines if line.split()[0] in ("daemon", "address", "table", "node", "pod")] == [
        "daemon bird",
        "daemon bird6",
        "address 172.34.8.45",
        "address 2001:db8:8::45",
        "table 77",
        "node 172.34.8.30",
        "node 2001:db8:8::30",
        "pod 192.168.0.0/16",
        "pod fd00:10:244::/56",
    ]


SEVERAL = {
    "machines": json.dumps(
        {
            "left": {"machineAddress": "172.34.8.45"},
            "right": {"machineAddress": "172.34.8.46", "machineAsNumber": 65113},
        }
    ),
    "clusters": json.dumps(
        {
            "east": {"kubeContext": "east"},
            "west": {
                "kubeContext": "west",
                "nodeNetwork": "172.34.9.0/24",
                "nodes": ["172.34.9.10"],
                "multihop": 2,
                "podNetworks": ["10.244.0.0/16"],
                "serviceNetworks": ["10.128.0.0/16"],
            },
        }
    ),
}


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_machines_share_what_is_declared_once_at_each_cluster(preview: bool) -> None:
    site = read_site(values(**SEVERAL))

    def program() -> None:
        ExternalPeering("peering", {"site": site, "ports": {"east": NodePorts(PORTS)}})

    recorder = recorded(program, preview=preview, outputs={COMMAND: {"stdout": SEEN}})
    assert set(recorder.of(PAIRS)) == {f"peering-east-pairs-{port}" for port in PORTS.values()}
    assert {name: inputs["lists"]["serviceClusterIPs"] for name, inputs in recorder.of(SERVICES).items()} == {
        "peering-east-calico-default-part": ["10.96.0.0/12"],
        "peering-west-calico-default-part": ["10.128.0.0/16"],
    }
    assert {name: peer["spec"]["peerIP"] for name, peer in recorder.of(PEER).items()} == {
        "peering-east-calico-left-peer": "172.34.8.45",
        "peering-east-calico-right-peer": "172.34.8.46",
        "peering-west-calico-left-peer": "172.34.8.45",
        "peering-west-calico-right-peer": "172.34.8.46",
    }
    expected = {
        f"peering-{machine}-{cluster}-verification"
        for machine in ("left", "right")
        for cluster in ("east", "west")
    }
    assert expected <= set(recorder.of(COMMAND))
    if not preview:
        text = recorder.of(COMMAND)["peering-right-west-verification"]["stdin"]
        assert text.splitlines()[:7] == [
            "daemon bird",
            "address 172.34.8.46",
            "as 65113",
            "timeout 90",
            "limit 16",
            "node 172.34.9.10",
            "service 10.128.0.0/16",
        ]


def test_of_several_machines_the_outputs_are_by_name() -> None:
    seen: dict[str, Any] = {}

    def program() -> None:
        made = ExternalPeering("peering", {"site": read_site(values(**SEVERAL))})
        made.bird_configuration.apply(lambda value: seen.update(configuration=value))

    recorded(program, outputs={COMMAND: {"stdout": SEEN}})
    assert set(seen["configuration"]) == {"left", "right"}
    assert "protocol bgp calico_172_34_9_0 {" in seen["configuration"]["left"]


def test_every_pool_without_an_overlay_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, resource=None: warned.append(text))
    pools = ["one (10.77.0.0/24)", "two (10.78.0.0/24)"]
    recorded(
        lambda: ExternalPeering(
            "external", {"site": single(read_settings(values())), "harmful_pools": pools}
        ),
        outputs={COMMAND: {"stdout": SEEN}},
    )
    assert [pool in text for pool, text in zip(pools, warned, strict=True)] == [True, True]
