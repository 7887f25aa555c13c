"""Whose a value in one of the cluster's objects seems to be, for a person.

Told from metadata.managedFields (who wrote the field last, and when), and from the labels and annotations
that deployment tools leave. It is no proof: a tool may write in another's name. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What the programs call themselves in managedFields, by how it begins.
MANAGERS = {
    "kubectl": "kubectl",
    "argocd": "Argo CD",
    "kustomize-controller": "Flux",
    "helm": "Helm",
    # The client library of calicoctl and calico-node gives no better name (3.31).
    "Go-http-client": "calicoctl or another program of Calico's",
    "pulumi": "Pulumi",
    "terraform": "Terraform",
    "operator": "the Tigera operator",
    "tigera-operator": "the Tigera operator",
    "calico-peering": "calico-peering",
}
# Labels and annotations; the value of each says more.
SIGNS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
    "app.kubernetes.io/managed-by": "",
    "operator.tigera.io/": "the Tigera operator",
}
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


NOBODY = "somebody who left no name"


def owner_of(found: Mapping[str, Any], field: str, beneath: Mapping[str, Any] | None = None) -> str:
    """Who seems to keep a field of the object's spec, such as `kubectl (kubectl-edit, <time>)`.

    `beneath`: the same object by crd.projectcalico.org/v1. What calicoctl writes has no writer in v3, which
    shows the writers that stand in the annotation where Calico keeps an object's metadata.
    """
    metadata = found["metadata"]
    who = [*_writers(found, field), *(_writers(beneath, field) if beneath else [])][:1]
    for name, value in {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}.items():
        if name == APPLIED and f'"{field}"' in value:
            who.append("whoever ran kubectl apply, whose manifest has it")
        who += [f"{tool or value} ({name}: {value})" for sign, tool in SIGNS.items() if name.startswith(sign)]
    return ", ".join(dict.fromkeys(who)) or NOBODY


def _writers(found: Mapping[str, Any], field: str) -> list[str]:
    """Who wrote the field, the last first."""
    written = [one for one in found["metadata"].get("managedFields") or [] if field in _spec_fields(one)]
    written.sort(key=lambda one: str(one.get("time")), reverse=True)
    return [_manager(one) for one in written]


def _spec_fields(entry: Mapping[str, Any]) -> set[str]:
    spec = (entry.get("fieldsV1") or {}).get("f:spec") or {}
    return {name.removeprefix("f:") for name in spec}


def _manager(entry: Mapping[str, Any]) -> str:
    name = str(entry.get("manager") or "")
    known = next((tool for begin, tool in MANAGERS.items() if name.startswith(begin)), "")
    details = (
        [name, *filter(None, [entry.get("time")])] if known != name else filter(None, [entry.get("time")])
    )
    return f"{known or 'a program'} ({', '.join(map(str, details))})"
