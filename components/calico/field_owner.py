"""Whose a value in one of the cluster's objects seems to be, for a person.

Told from metadata.managedFields (who wrote the field last, and when), and from the labels and annotations
that deployment tools leave. It is no proof: a tool may write in another's name, and what was written through
crd.projectcalico.org/v1 has no managers in v3 when calicoctl wrote before. Pure.
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
    "calicoctl": "calicoctl",
    "calico-node": "calico-node",
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


def owner_of(found: Mapping[str, Any], field: str) -> str:
    """Who seems to keep a field of the object's spec, such as `kubectl (kubectl-edit, <time>)`."""
    metadata = found["metadata"]
    written = [one for one in metadata.get("managedFields") or [] if field in _spec_fields(one)]
    written.sort(key=lambda one: str(one.get("time")), reverse=True)
    who = [_manager(one) for one in written[:1]]
    for name, value in {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}.items():
        if name == APPLIED and f'"{field}"' in value:
            who.append("whoever ran kubectl apply, whose manifest has it")
        who += [f"{tool or value} ({name}: {value})" for sign, tool in SIGNS.items() if name.startswith(sign)]
    return ", ".join(dict.fromkeys(who)) or "somebody who left no name"


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
