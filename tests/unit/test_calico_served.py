"""What a person is told of a cluster by what of Calico's APIs it serves."""

from dataclasses import replace

import pytest

from components.calico.calico_api import CRD_V1, KINDS, V3, CalicoApi
from components.calico.calico_served import Served, problem, warning

HOST = "https://203.0.113.1:6443"
BARE = Served(crd_v1=KINDS)
AGGREGATED = Served(v3=KINDS, crd_v1=KINDS, api_server="calico-apiserver/calico-api")
NATIVE = Served(v3=KINDS, native=True, used=True)


def told(found: Served, wanted: CalicoApi = V3) -> str:
    return problem(found, wanted, KINDS, HOST) or ""


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (AGGREGATED, V3),
        # Who may not read APIServices sees no more than the kinds.
        (Served(v3=KINDS), V3),
        (NATIVE, V3),
        (replace(NATIVE, used=None), V3),
        (replace(NATIVE, crd_v1=KINDS), V3),
        (BARE, CRD_V1),
        (AGGREGATED, CRD_V1),
        # Definitions that somebody installed beforehand, and Calico does not use yet.
        (replace(NATIVE, crd_v1=KINDS, used=False), CRD_V1),
    ],
)
def test_what_can_be_used_is_no_problem(found: Served, wanted: CalicoApi) -> None:
    assert told(found, wanted) == ""


def test_a_cluster_without_calico_may_be_the_wrong_one() -> None:
    for wanted in (V3, CRD_V1):
        text = told(Served(), wanted)
        assert HOST in text and "calico-peering:kubeContext" in text
        assert str(V3) in text and str(CRD_V1) in text


def test_without_an_api_server_all_ways_are_told() -> None:
    text = told(replace(BARE, release="v3.27.2"))
    assert "has Calico (v3.27.2), but serves only crd.projectcalico.org/v1" in text
    for way in (
        "kubectl create -f apiserver.yaml",
        "native v3 definitions",
        "calico-peering:calicoApi to crd-v1",
    ):
        assert way in text


def test_with_the_operator_it_is_the_operators_to_install() -> None:
    text = told(replace(BARE, operator=True))
    for word in ("operator.tigera.io/v1", "kind: APIServer", "name: default"):
        assert word in text
    assert "apiserver.yaml" not in text


def test_an_api_server_that_does_not_answer_is_told_in_kubernetes_own_words() -> None:
    text = told(replace(AGGREGATED, v3=frozenset(), trouble="MissingEndpoints: no endpoints"))
    assert "MissingEndpoints: no endpoints" in text
    assert "Service calico-apiserver/calico-api" in text and "kubectl get pods -n calico-apiserver" in text


def test_a_kind_that_is_too_new_for_the_cluster_is_named() -> None:
    text = problem(replace(AGGREGATED, release="v3.20.0"), V3, {*KINDS, "bgpnovelties"}, HOST) or ""
    assert "no bgpnovelties" in text and "v3.20.0" in text
    text = problem(BARE, CRD_V1, {*KINDS, "bgpnovelties"}, HOST) or ""
    assert "no bgpnovelties of crd.projectcalico.org/v1" in text


def test_native_definitions_that_nobody_uses_are_not_written_to() -> None:
    text = told(replace(NATIVE, used=False))
    assert "no Calico uses them" in text and "calico-node running" in text
    text = told(replace(NATIVE, used=False, crd_v1=KINDS))
    assert "CALICO_API_GROUP=projectcalico.org/v3" in text and "calicoApi to crd-v1" in text


def test_nor_is_what_lies_underneath_where_calico_uses_native_v3() -> None:
    text = told(replace(NATIVE, crd_v1=KINDS), CRD_V1)
    assert "nobody reads" in text and "Remove calico-peering:calicoApi" in text


def test_v3_needs_no_warning_and_crd_v1_always_one() -> None:
    assert warning(AGGREGATED, V3, HOST) is None
    assert "nothing checks" in (warning(BARE, CRD_V1, HOST) or "")
    assert "remove calico-peering:calicoApi" in (warning(AGGREGATED, CRD_V1, HOST) or "")
