"""Whose an object is, by its metadata."""

import json
from typing import Any

import pytest

from components.calico.whose import notes, seems_of


def test_what_calico_keeps_in_its_own_annotation_counts_as_well() -> None:
    inner = {"annotations": {"calico-peering/stack": "p/s"}, "labels": {"a": "b"}, "creationTimestamp": None}
    metadata = {"annotations": {"plain": "x", "projectcalico.org/metadata": json.dumps(inner)}}
    assert notes(metadata) == {"plain": "x", "calico-peering/stack": "p/s", "a": "b"}


@pytest.mark.parametrize("broken", ["{", "[]", "null", '{"labels": null}'])
def test_a_broken_annotation_of_calicos_is_none(broken: str) -> None:
    assert notes({"labels": {"a": "b"}, "annotations": {"projectcalico.org/metadata": broken}}) == {"a": "b"}


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"annotations": {"calico-peering/stack": "calico-peering/site"}}, "stack calico-peering/site"),
        ({"annotations": {"meta.helm.sh/release-name": "bgp"}}, "Helm's release bgp"),
        ({"labels": {"argocd.argoproj.io/instance": "network"}}, "Argo CD's application network"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "network"}}, "Flux's kustomization network"),
        ({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "applied with kubectl"),
        ({"managedFields": [{"manager": "kubectl-create"}]}, "written by kubectl-create"),
        ({}, "of nobody who left a mark"),
    ],
)
def test_who_made_it_is_told_as_far_as_it_shows(metadata: dict[str, Any], told: str) -> None:
    text = seems_of({**metadata, "creationTimestamp": "2026-01-02T03:04:05Z"})
    assert told in text and "2026-01-02T03:04:05Z" in text
