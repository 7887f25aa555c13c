"""What of a Node object is Calico's node: its labels, its addresses and its AS number."""

import json
from typing import Any

import pytest

from components.calico.cluster_nodes import cluster_node


def node(
    *internal: str,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    ready: str | None = None,
) -> dict[str, Any]:
    addresses = [{"type": "Hostname", "address": "node1"}]
    addresses += [{"type": "InternalIP", "address": address} for address in internal]
    conditions = [{"type": "Ready", "status": ready}] if ready else None
    return {
        "metadata": {"name": "node1", "labels": labels, "annotations": annotations},
        "status": {"addresses": addresses, "conditions": conditions},
    }


def addresses(made: dict[str, Any]) -> list[str]:
    return [str(address) for address in cluster_node(made).addresses]


def test_a_node_speaks_from_its_internal_addresses_of_each_family_the_first() -> None:
    assert addresses(node("fd00::10", "172.34.8.10", "10.0.0.1")) == ["172.34.8.10", "fd00::10"]
    assert addresses(node()) == []


def test_what_calico_was_told_goes_before() -> None:
    told = {
        "projectcalico.org/IPv4Address": "198.51.100.10/24",
        "projectcalico.org/IPv6Address": "2001:db8::10/64",
    }
    assert addresses(node("172.34.8.10", annotations=told)) == ["198.51.100.10", "2001:db8::10"]


def test_the_labels_are_kubernetes_and_calicos_own_which_do_not_win() -> None:
    own = {"projectcalico.org/labels": json.dumps({"rack": "1", "zone": "theirs"})}
    made = cluster_node(node("172.34.8.10", labels={"zone": "north"}, annotations=own))
    assert (made.name, made.labels) == ("node1", {"rack": "1", "zone": "north"})


@pytest.mark.parametrize("text", ["", "no JSON", "[]"])
def test_labels_that_nobody_can_read_are_none(text: str) -> None:
    assert cluster_node(node(annotations={"projectcalico.org/labels": text})).labels == {}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("64513", 64513),
        ("4294967295", 4294967295),
        ("1.10", 65546),
        ("4294967296", None),
        ("65536.1", None),
        ("1.2.3", None),
        ("AS64513", None),
        ("", None),
    ],
)
def test_a_nodes_own_as_number_is_what_calico_can_read(text: str, number: int | None) -> None:
    own = {"projectcalico.org/ASNumber": text}
    assert cluster_node(node("172.34.8.10", annotations=own)).as_number == number
    assert cluster_node(node("172.34.8.10")).as_number is None


@pytest.mark.parametrize("odd", ["", "node1.example.org", "172.34.8", "autodetect"])
def test_an_internal_ip_that_is_no_address_is_passed_over(odd: str) -> None:
    assert addresses(node(odd, "172.34.8.10")) == ["172.34.8.10"]
    assert addresses(node(odd)) == []


@pytest.mark.parametrize("odd", ["autodetect", "none", "172.34.8.10/33"])
def test_an_annotation_without_an_address_is_passed_over_and_named(odd: str) -> None:
    annotations = {"projectcalico.org/IPv4Address": odd}
    made = cluster_node(node("172.34.8.10", annotations=annotations))
    assert [str(address) for address in made.addresses] == ["172.34.8.10"]
    assert made.unreadable == [
        f"its annotation projectcalico.org/IPv4Address is '{odd}', which is no address"
    ]


@pytest.mark.parametrize(
    ("status", "ready"), [("True", True), ("False", False), ("Unknown", False), (None, None)]
)
def test_a_node_is_ready_as_its_kubelet_says(status: str | None, ready: bool | None) -> None:
    assert cluster_node(node("172.34.8.10", ready=status)).ready is ready


def test_a_node_without_an_address_of_calicos_own_runs_no_calico() -> None:
    own = {"projectcalico.org/IPv4Address": "172.34.8.10/24"}
    assert cluster_node(node("172.34.8.10", annotations=own)).calico
    assert not cluster_node(node("172.34.8.10")).calico
