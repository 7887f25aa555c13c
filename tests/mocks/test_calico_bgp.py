"""What CalicoBgp declares, seen by Pulumi's mocks; behaviour on Calico is tested on the lab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.calico.bgp_peer_spec import PeerOptions
from components.calico.calico_api import CRD_V1
from components.calico.calico_bgp import CalicoBgp, CalicoBgpArgs, PeeredMachine, SessionOptions
from tests.mocks.recorder import recorded

MACHINE: PeeredMachine = {"name": "external", "addresses": ["172.34.8.45"], "as_number": 65112}
ARGS: CalicoBgpArgs = {"machines": [MACHINE], "service_networks": ["10.96.0.0/12"]}
PEER = "kubernetes:projectcalico.org/v3:BGPPeer"
CLUSTER = "pulumi:providers:kubernetes"
BEFORE = "pulumi-python:dynamic/calico-peering:DefaultBefore"
SERVICES = "pulumi-python:dynamic/calico-peering:BgpConfigurationPart"


@pytest.mark.parametrize("preview", [False, True])
def test_every_node_peers_with_the_machine(preview: bool) -> None:
    made = recorded(lambda: CalicoBgp("calico", ARGS), preview=preview).of(PEER)
    assert made == {
        "calico-peer": {
            "apiVersion": "projectcalico.org/v3",
            "kind": "BGPPeer",
            "metadata": {
                "name": "bgppeer-external",
                "annotations": {"calico-peering/stack": "project/stack"},
            },
            "spec": {"peerIP": "172.34.8.45", "asNumber": 65112},
        }
    }


def test_each_address_family_has_a_peer_of_its_own() -> None:
    addresses = ["172.34.8.45", "2001:db8::45"]
    made = recorded(
        lambda: CalicoBgp("calico", {**ARGS, "machines": [{**MACHINE, "addresses": addresses}]})
    ).of(PEER)
    assert {(one["metadata"]["name"], one["spec"]["peerIP"]) for one in made.values()} == {
        ("bgppeer-external", "172.34.8.45"),
        ("bgppeer-external-v6", "2001:db8::45"),
    }


@pytest.mark.parametrize("preview", [False, True])
def test_what_both_ends_agree_on_is_in_the_peer_and_the_password_in_a_secret(preview: bool) -> None:
    session: SessionOptions = {"password": "key ring", "namespace": "kube-system"}
    options: PeerOptions = {"ttl_hops": 1, "restart_time": 5}
    args: CalicoBgpArgs = {**ARGS, "machines": [{**MACHINE, "session": session, "options": options}]}
    recorder = recorded(lambda: CalicoBgp("calico", args), preview=preview)
    spec = recorder.of(PEER)["calico-peer"]["spec"]
    assert (spec["ttlSecurity"], spec["maxRestartTime"]) == (1, "5s")
    [secret] = recorder.of("kubernetes:core/v1:Secret").values()
    assert secret["metadata"]["namespace"] == "kube-system"
    [role] = recorder.of("kubernetes:rbac.authorization.k8s.io/v1:Role").values()
    assert role["rules"][0]["resourceNames"] == ["bgppeer-external-password"]
    [binding] = recorder.of("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding").values()
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "calico-node", "namespace": "kube-system"}
    ]
    if not preview:
        reference = {"secretKeyRef": {"name": "bgppeer-external-password", "key": "password"}}
        assert spec["password"] == reference


@pytest.mark.parametrize("preview", [False, True])
def test_the_service_networks_are_entries_and_never_the_whole_object(preview: bool) -> None:
    recorder = recorded(lambda: CalicoBgp("calico", ARGS), preview=preview)
    made = recorder.of(SERVICES)["calico-default-part"]
    assert (made["object"], made["lists"]) == ("default", {"serviceClusterIPs": ["10.96.0.0/12"]})
    assert not any("BGPConfiguration" in each.typ for each in recorder.made)


def test_both_use_the_same_cluster_and_only_a_path(tmp_path: Path) -> None:
    path = tmp_path / "site.kubeconfig"
    cluster, user = {"server": "https://203.0.113.1:6443"}, {"token": "hidden"}
    content = {
        "clusters": [{"name": "site", "cluster": cluster}],
        "users": [{"name": "site", "user": user}],
        "contexts": [{"name": "site", "context": {"cluster": "site", "user": "site"}}],
    }
    path.write_text(json.dumps(content))
    args: CalicoBgpArgs = {**ARGS, "kubeconfig": str(path), "context": "site"}
    recorder = recorded(lambda: CalicoBgp("calico", args))
    for made in (recorder.of(CLUSTER)["calico-cluster"], *recorder.of(SERVICES).values()):
        assert (made["kubeconfig"], made["context"]) == (str(path), "site")
    peer = next(each for each in recorder.made if each.typ == PEER)
    assert peer.provider is not None
    assert "::calico-cluster::" in peer.provider


def test_without_a_kubeconfig_the_ambient_one_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK puts $KUBECONFIG in the place of None, which its plugin takes for a content."""
    monkeypatch.setenv("KUBECONFIG", "/one:/two")
    recorder = recorded(lambda: CalicoBgp("calico", ARGS))
    assert recorder.of(CLUSTER)["calico-cluster"]["kubeconfig"] == ""
    for made in (recorder.of(CLUSTER)["calico-cluster"], *recorder.of(SERVICES).values()):
        assert not made.get("kubeconfig")
        assert made.get("context") is None


def test_the_address_may_be_unknown_in_a_preview() -> None:
    def program() -> None:
        unknown = pulumi.CustomResource("test:index:Later", "later").id
        CalicoBgp("calico", {**ARGS, "machines": [{**MACHINE, "addresses": [unknown]}]})

    recorder = recorded(program, preview=True)
    assert list(recorder.of(PEER)) == ["calico-peer"]
    assert list(recorder.of(SERVICES)) == ["calico-default-part"]


def test_what_default_listed_before_us_is_looked_up_first() -> None:
    recorder = recorded(lambda: CalicoBgp("calico", ARGS), outputs={BEFORE: {"uid": "u", "listed": True}})
    assert list(recorder.of(BEFORE)) == ["calico-default-before-serviceClusterIPs/10.96.0.0/12"]
    known = [{"place": "serviceClusterIPs/10.96.0.0/12", "uid": "u", "listed": True}]
    assert recorder.of(SERVICES)["calico-default-part"]["before"] == known


def test_what_else_is_wanted_of_bgp_is_a_part_of_each_object() -> None:
    args: CalicoBgpArgs = {
        **ARGS,
        "configurations": {
            "default": {"lists": {"serviceExternalIPs": ["203.0.113.9/28"]}, "values": {"asNumber": 64513}},
            "node.node1": {"values": {"logSeverityScreen": "Debug"}},
        },
        "take_over": {"default": ["asNumber"]},
    }
    recorder = recorded(lambda: CalicoBgp("calico", args))
    parts = {each["object"]: each for each in recorder.of(SERVICES).values()}
    assert parts["default"]["lists"] == {
        "serviceClusterIPs": ["10.96.0.0/12"],
        "serviceExternalIPs": ["203.0.113.0/28"],
    }
    assert (parts["default"]["values"], parts["default"]["take_over"]) == ({"asNumber": 64513}, ["asNumber"])
    assert (parts["node.node1"]["values"], parts["node.node1"]["take_over"]) == (
        {"logSeverityScreen": "Debug"},
        [],
    )
    assert {(each["object"], each["place"]) for each in recorder.of(BEFORE).values()} == {
        ("default", "serviceClusterIPs/10.96.0.0/12"),
        ("default", "serviceExternalIPs/203.0.113.0/28"),
        ("default", "asNumber"),
        ("node.node1", "logSeverityScreen"),
    }


def test_a_peer_that_a_killed_run_left_is_taken_in() -> None:
    seen: list[str | None] = []

    def program() -> None:
        CalicoBgp("calico", {**ARGS, "left_over": {"BGPPeer/bgppeer-external"}})

    for made in recorded(program).made:
        if made.typ == PEER:
            seen.append(made.resource_id)
    assert seen == ["bgppeer-external"]


def test_the_outputs_name_the_peer_and_what_is_ours() -> None:
    seen: list[Any] = []

    def program() -> None:
        calico = CalicoBgp("calico", ARGS)
        pulumi.Output.all(calico.bgp_peers, calico.added).apply(seen.append)

    recorded(program, outputs={SERVICES: {"added": {"serviceClusterIPs": ["10.96.0.0/12"]}}})
    assert seen == [[["bgppeer-external"], ["10.96.0.0/12"]]]


def test_what_is_ours_alone_is_made_by_the_api_that_is_asked_for_and_says_so() -> None:
    args: CalicoBgpArgs = {**ARGS, "machines": [{**MACHINE, "filter": {"name": "one"}}], "api": CRD_V1}
    recorder = recorded(lambda: CalicoBgp("calico", args))
    marks = {"calico-peering/stack": "project/stack", "calico-peering/api": "crd.projectcalico.org/v1"}
    for kind in ("BGPPeer", "BGPFilter"):
        assert not recorder.of(f"kubernetes:projectcalico.org/v3:{kind}")
        [made] = recorder.of(f"kubernetes:crd.projectcalico.org/v1:{kind}").values()
        assert made["metadata"]["annotations"] == marks
    [part] = recorder.of(SERVICES).values()
    assert part["calico_api"] == "crd.projectcalico.org/v1"
