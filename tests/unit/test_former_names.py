"""What is the same machine or cluster under another name, and what one run cannot tell apart."""

from __future__ import annotations

from typing import Any

import pytest

from components.former_names import (
    PART_TYPE,
    STATE_TYPE,
    ClusterNow,
    Declared,
    KnownCluster,
    KnownMachine,
    MachineNow,
    all_in_place,
    former_clusters,
    former_machines,
    kept,
    known_clusters,
    known_machines,
    stacks,
    told,
)

PEER_TYPE = "kubernetes:projectcalico.org/v3:BGPPeer"
HERE = (None, None)


def state_of(label: str, address: str, key: str = "key") -> tuple[str, KnownMachine]:
    return label, KnownMachine(frozenset({address}), key)


def machine(label: str, address: str, key: str = "key") -> MachineNow:
    return MachineNow(label, label or "external", [address], key)


ONE, TWO = "172.34.8.45", "172.34.8.46"


@pytest.mark.parametrize(
    ("known", "now", "former"),
    [
        pytest.param([], [machine("", ONE)], {}, id="the-first-run"),
        pytest.param([state_of("", ONE)], [machine("", ONE)], {}, id="nothing-changed"),
        pytest.param([state_of("", ONE)], [machine("a", ONE)], {"a": ""}, id="one-of-machines-now"),
        pytest.param([state_of("a", ONE)], [machine("", ONE)], {"": "a"}, id="the-only-one-again"),
        pytest.param([state_of("a", ONE)], [machine("b", ONE)], {"b": "a"}, id="renamed"),
        pytest.param([state_of("a", ONE)], [machine("a", TWO)], {}, id="another-address-of-the-same-name"),
        pytest.param(
            [state_of("a", ONE)],
            [machine("b", TWO)],
            {"b": "a"},
            id="another-name-and-address-one-host-key",
        ),
        pytest.param([state_of("a", ONE)], [machine("b", TWO, "other")], {}, id="another-machine"),
        pytest.param(
            [state_of("a", ONE, "k1"), state_of("b", TWO, "k2")],
            [machine("c", ONE, "k1"), machine("b", TWO, "k2")],
            {"c": "a"},
            id="one-of-two-renamed",
        ),
        pytest.param(
            [state_of("a", ONE)],
            [machine("a", ONE), machine("b", TWO)],
            {},
            id="a-second-one-of-the-same-image-is-none-that-stays",
        ),
        pytest.param(
            [state_of("a", ONE), state_of("b", TWO)],
            [machine("c", "172.34.8.47")],
            {},
            id="two-with-one-host-key-tell-nothing",
        ),
    ],
)
def test_machines_are_known_again(
    known: list[tuple[str, KnownMachine]], now: list[MachineNow], former: dict[str, str]
) -> None:
    assert former_machines(dict(known), now) == (former, [])


@pytest.mark.parametrize(
    ("known", "now", "line"),
    [
        pytest.param(
            [state_of("a", ONE), state_of("b", TWO)],
            [machine("a", TWO), machine("b", ONE)],
            "machine a is what the state has as b; and it has another machine a",
            id="names-exchanged",
        ),
        pytest.param(
            [state_of("external", ONE)],
            [machine("gateway", ONE), machine("external", TWO, "other")],
            "machine gateway is what the state has as external; and external is now another machine",
            id="a-new-machine-takes-the-old-name",
        ),
        pytest.param(
            [state_of("a", ONE), state_of("b", TWO)],
            [machine("b", ONE)],
            "machine b is what the state has as a; and it has another machine b",
            id="one-goes-and-the-other-takes-its-name",
        ),
        pytest.param(
            [state_of("a", ONE), state_of("b", TWO)],
            [MachineNow("c", "c", [ONE, TWO], "key")],
            "machine c is what the state has as a and b; keep one of these names",
            id="two-become-one",
        ),
    ],
)
def test_what_one_run_cannot_carry_out_is_told(
    known: list[tuple[str, KnownMachine]], now: list[MachineNow], line: str
) -> None:
    _, wrong = former_machines(dict(known), now)
    assert f"  {line}" in wrong
    text = told(wrong)
    assert "nothing was written" in text and "Rename in two runs" in text


def cluster(label: str, host: str = "https://a", uids: Any = (), reach: Any = HERE) -> ClusterNow:
    return ClusterNow(label, host, uids, reach)


A = KnownCluster(frozenset({"uid-a", "peer-a"}), ("/k", "a"))
B = KnownCluster(frozenset({"uid-b"}), ("/k", "b"))


def test_a_cluster_is_known_again_by_an_object_of_the_state() -> None:
    hosts = {"": "https://elsewhere"}
    now = [cluster("production", uids={"peer-a", "another"})]
    assert former_clusters({"": A}, now, hosts) == ({"production": ""}, [])


def test_a_cluster_without_our_objects_is_known_again_by_its_address() -> None:
    assert former_clusters({"": A}, [cluster("production")], {"": "https://a"}) == ({"production": ""}, [])


def test_another_cluster_is_a_new_one() -> None:
    now = [cluster("b", "https://b", {"uid-b"})]
    assert former_clusters({"a": A}, now, {"a": "https://a"}) == ({}, [])
    gone: dict[str, str | None] = {"a": None}
    nowhere = [ClusterNow("b", None, {"uid-b"}, HERE)]
    assert former_clusters({"a": A}, nowhere, gone) == ({}, []), "where both are unknown, nothing is the same"


def test_another_way_to_the_cluster_of_the_same_name_changes_nothing() -> None:
    now = [cluster("a", "https://by-another-name", reach=("/other", "a"))]
    assert former_clusters({"a": A}, now, {"a": "https://a"}) == ({}, [])


def test_clusters_that_exchange_their_names_are_told() -> None:
    now = [cluster("a", uids=B.uids, reach=B.reach), cluster("b", uids=A.uids, reach=A.reach)]
    _, wrong = former_clusters({"a": A, "b": B}, now, {})
    assert wrong == [
        "  cluster a is what the state has as b; and it has another cluster a",
        "  cluster b is what the state has as a; and it has another cluster b",
    ]


def test_a_cluster_that_gets_the_name_of_another_is_told() -> None:
    now = [cluster("b", uids=A.uids, reach=A.reach)]
    _, wrong = former_clusters({"a": A, "b": B}, now, {})
    assert wrong == ["  cluster b is what the state has as a; and it has another cluster b"]


def test_clusters_are_asked_only_where_something_changed() -> None:
    known = {"a": A, "b": B}
    assert all_in_place(known, {"a": A.reach, "b": B.reach})
    assert all_in_place(known, {"a": A.reach}), "one that goes is undone where it is"
    assert not all_in_place(known, {"c": A.reach, "b": B.reach})
    assert not all_in_place(known, {"a": B.reach, "b": A.reach})


def part(name: str, **values: Any) -> Declared:
    return Declared(name, PART_TYPE, {"uid": f"uid of {name}", "stack": "project/stack", **values})


def test_the_state_tells_machines_clusters_and_the_stacks_names() -> None:
    state = [
        Declared("peering-gateway-state", STATE_TYPE, {"addresses": [ONE], "reach": {"host_key": "key"}}),
        Declared("peering-state", STATE_TYPE, {}),
        Declared("somebody-elses-state", STATE_TYPE, {}),
        part("peering-calico-default-part", kubeconfig="/k"),
        part("peering-production-calico-default-part", stack="project/former", context="production"),
        part("peering-production-calico-node.a-part"),
        Declared("peering-production-calico-gateway-peer", PEER_TYPE, {"metadata": {"uid": "peer"}}),
        Declared(
            "peering-production-calico-gateway-filter", "kubernetes:x:BGPFilter", {"metadata": {"uid": "f"}}
        ),
    ]
    assert known_machines(state) == {
        "gateway": KnownMachine(frozenset({ONE}), "key"),
        "": KnownMachine(frozenset(), "None"),
    }
    assert known_clusters(state) == {
        "": KnownCluster(frozenset({"uid of peering-calico-default-part"}), ("/k", None)),
        "production": KnownCluster(
            frozenset({"uid of peering-production-calico-default-part", "peer"}), (None, "production")
        ),
    }
    assert stacks(state) == {"project/stack", "project/former"}


def test_no_secret_of_the_state_is_kept() -> None:
    metadata = {"uid": "u", "annotations": {"a": 1}}
    outputs = {"stdin": "word", "connection": {"privateKey": "key"}, "metadata": metadata}
    assert kept(outputs) == {"metadata": {"uid": "u"}}
