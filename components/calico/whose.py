"""Whose an object of the cluster is: what its metadata tell of it.

Pure. An object is this stack's when it has our mark, the stack's name in an annotation. Whoever else made it
is only guessed at, for a person who has to find out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components.calico.calico_api import STACK_ANNOTATION

# Where Calico's API server and calicoctl keep labels and annotations in crd.projectcalico.org/v1.
INNER_METADATA = "projectcalico.org/metadata"
# What others leave in labels and annotations, and what a person calls these.
TRACES = {
    "meta.helm.sh/release-name": "Helm's release {}",
    "argocd.argoproj.io/tracking-id": "Argo CD ({})",
    "argocd.argoproj.io/instance": "Argo CD's application {}",
    "kustomize.toolkit.fluxcd.io/name": "Flux's kustomization {}",
    "helm.toolkit.fluxcd.io/name": "Flux's Helm release {}",
    "app.kubernetes.io/managed-by": "{}",
}
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def notes(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Its labels and annotations, also those that Calico keeps in an annotation of its own."""
    inner: Any = {}
    try:
        inner = json.loads((metadata.get("annotations") or {}).get(INNER_METADATA) or "{}")
    except ValueError:
        # Nobody's but Calico's, and no reason not to go on.
        inner = {}
    found: dict[str, str] = {}
    for one in (metadata, inner if isinstance(inner, dict) else {}):
        for kind in ("labels", "annotations"):
            found |= one.get(kind) or {}
    found.pop(INNER_METADATA, None)
    return found


def seems_of(metadata: Mapping[str, Any]) -> str:
    """Who made it, as far as its metadata tell, and when."""
    known = notes(metadata)
    since = metadata.get("creationTimestamp")
    when = f", made {since}" if since else ""
    if stack := known.get(STACK_ANNOTATION):
        return f"of this program's stack {stack}{when}"
    for trace, words in TRACES.items():
        if value := known.get(trace):
            return f"of {words.format(value)}{when}"
    if APPLIED in known:
        return f"applied with kubectl{when}"
    managers = list(dict.fromkeys(one.get("manager") for one in metadata.get("managedFields") or []))
    by = f", written by {', '.join(map(str, managers))}" if managers else ""
    return f"of nobody who left a mark{by}{when}"
