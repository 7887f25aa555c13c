"""What is said of others' values that are in the way of ours, and whose they seem to be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.calico.bgp_configuration_conflicts import conflicts, told
from components.calico.field_owner import owner_of
from components.calico.stack_names import StackNames

TIME = "2026-11-26T20:00:00Z"

STACK = StackNames("project/stack")


def found(annotations: dict[str, str] | None = None, manager: str = "", **spec: Any) -> dict[str, Any]:
    managed = [
        {"manager": "before", "time": "2025-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:asNumber": {}}}},
        {"manager": manager, "time": TIME, "fieldsV1": {"f:spec": {f"f:{name}": {} for name in spec}}},
    ]
    metadata = {"name": "default", "uid": "u", "annotations": annotations or {}}
    return {"metadata": metadata | ({"managedFields": managed} if manager else {}), "spec": spec}


def test_both_values_and_whose_the_other_seems_to_be_are_told_with_the_ways_out() -> None:
    in_the_way = conflicts(
        found(manager="kubectl-edit", asNumber=64999, communities=[{"name": "external", "value": "1:1"}]),
        {"asNumber": 64513, "communities/external": "65112:100"},
        [],
        STACK,
    )
    assert told("https://cluster", in_the_way).splitlines() == [
        "others' values in the cluster at https://cluster are in the way, and nothing was written there:",
        "  asNumber of BGPConfiguration default: wanted 64513, found 64999,"
        f" written by kubectl (kubectl-edit, {TIME})",
        '  communities/external of BGPConfiguration default: wanted "65112:100", found "1:1",'
        f" written by kubectl (kubectl-edit, {TIME})",
        "Either take the setting out of this stack; or take the value out of where it comes from (a GitOps"
        " tool writes it again otherwise); or set calico-peering:bgpConfigurationTakeOver to [asNumber,"
        " communities/external], which writes over it until `pulumi destroy` puts it back",
    ]


@pytest.mark.parametrize(
    ("there", "known"),
    [
        ({}, {}),
        ({"asNumber": 64513}, {}),
        ({"asNumber": 64999}, {"take_over": ["asNumber"]}),
        ({"asNumber": 64999}, {"ours": ["asNumber"]}),
    ],
    ids=["nothing", "the same", "taken over", "ours, changed by somebody"],
)
def test_no_conflict_is(there: dict[str, Any], known: dict[str, Any]) -> None:
    args = {"take_over": [], "stack": STACK, **known}
    assert conflicts(found(**there), {"asNumber": 64513}, **args) == []


def test_what_this_stack_wrote_is_no_conflict_and_what_another_wrote_has_its_name() -> None:
    told_there = {"calico-peering/values": json.dumps({"project/other": {"asNumber": {"ours": 64999}}})}
    there = found(told_there, asNumber=64999)
    assert conflicts(there, {"asNumber": 64513}, [], StackNames("project/other")) == []
    [conflict] = conflicts(there, {"asNumber": 64513}, [], STACK)
    assert conflict.whose == "the calico-peering stack project/other"


def test_what_the_api_server_fills_in_is_nobodys() -> None:
    there = found(serviceLoadBalancerAggregation="Enabled")
    assert conflicts(there, {"serviceLoadBalancerAggregation": "Disabled"}, [], STACK) == []


def test_what_calico_refuses_without_the_mesh_is_told_and_cannot_be_taken_over() -> None:
    there = found(manager="argocd-controller", nodeMeshMaxRestartTime="120s")
    in_the_way = conflicts(there, {"nodeToNodeMeshEnabled": False}, [], STACK)
    text = told("https://cluster", in_the_way)
    assert "nodeMeshMaxRestartTime of BGPConfiguration default: wanted none, found" in text
    assert f"Argo CD (argocd-controller, {TIME})" in text
    assert "bgpConfigurationTakeOver" not in text


def test_with_the_mesh_its_own_fields_are_in_nobodys_way() -> None:
    there = found(nodeMeshMaxRestartTime="120s")
    assert conflicts(there, {"nodeToNodeMeshEnabled": True}, [], STACK) == []


def test_a_place_of_a_nodes_object_is_told_as_the_setting_wants_it() -> None:
    there = found(logSeverityScreen="Error")
    there["metadata"]["name"] = "node.node1"
    text = told("https://cluster", conflicts(there, {"logSeverityScreen": "Debug"}, [], STACK))
    assert 'logSeverityScreen of BGPConfiguration node.node1: wanted "Debug", found "Error"' in text
    assert "bgpConfigurationTakeOver to [node.node1/logSeverityScreen]" in text


@pytest.mark.parametrize(
    ("manager", "annotations", "whose"),
    [
        ("kubectl-client-side-apply", {}, f"kubectl (kubectl-client-side-apply, {TIME})"),
        ("argocd-controller", {}, f"Argo CD (argocd-controller, {TIME})"),
        ("Go-http-client", {}, f"calicoctl or another program of Calico's (Go-http-client, {TIME})"),
        ("operator", {}, f"the Tigera operator (operator, {TIME})"),
        ("curl", {}, f"a program (curl, {TIME})"),
        (
            "",
            {"argocd.argoproj.io/tracking-id": "bgp:crd/BGP"},
            "Argo CD (argocd.argoproj.io/tracking-id: bgp:crd/BGP)",
        ),
        (
            "",
            {"kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"asNumber":64999}}'},
            "whoever ran kubectl apply, whose manifest has it",
        ),
        ("", {"app.kubernetes.io/managed-by": "Helm"}, "Helm (app.kubernetes.io/managed-by: Helm)"),
        ("", {}, "somebody who left no name"),
    ],
)
def test_whose_a_field_seems_to_be(manager: str, annotations: dict[str, str], whose: str) -> None:
    assert owner_of(found(annotations, manager, asNumber=64999), "asNumber") == whose


def test_what_v3_does_not_tell_is_told_by_what_lies_beneath() -> None:
    beneath = found({}, "kubectl-edit", asNumber=64999)
    assert owner_of(found(asNumber=64999), "asNumber", beneath) == f"kubectl (kubectl-edit, {TIME})"
    known = found({}, "argocd-controller", asNumber=64999)
    assert owner_of(known, "asNumber", beneath) == f"Argo CD (argocd-controller, {TIME})"
