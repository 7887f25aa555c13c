"""Calico's IP pools without an overlay, whose packets a node hands on with the sender's own address.

No Pulumi here. It only helps to warn, so it asks for no right that the rest does not need: where pools may
not be read, none is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubernetes.client import ApiException, CustomObjectsApi

from components.calico.calico_api import REQUEST_TIMEOUT, CalicoClient, clear_errors
from components.networks import IPNetwork, network_or_none, overlap

# Calico's default for both modes is `Never`; `CrossSubnet` is none between nodes of one subnet.
OVERLAY = "Always"


def pools_without_overlay(client: CalicoClient, networks: Sequence[IPNetwork]) -> list[str]:
    """Such pools of pods in `networks`, each as `name (network)`, by name; none when they may not be listed.

    Raises ProviderError when the cluster does not answer.
    """
    with clear_errors(client, "listing the IP pools"):
        try:
            found: Any = CustomObjectsApi(client).list_cluster_custom_object(
                *client.calico, "ippools", _request_timeout=REQUEST_TIMEOUT
            )
        except ApiException as error:
            if error.status in (403, 404):
                return []
            raise
    return sorted(
        f"{pool['metadata']['name']} ({pool['spec']['cidr']})"
        for pool in found["items"]
        if bare(pool.get("spec") or {}, networks)
    )


def listed_specs(client: CalicoClient, plural: str) -> list[Mapping[str, Any]] | None:
    """The specs of all objects of a kind of Calico's; None where they may not be listed, or are not served.

    Raises ProviderError when the cluster does not answer.
    """
    with clear_errors(client, f"listing {plural}"):
        try:
            found: Any = CustomObjectsApi(client).list_cluster_custom_object(
                *client.calico, plural, _request_timeout=REQUEST_TIMEOUT
            )
        except ApiException as error:
            if error.status in (401, 403, 404):
                return None
            raise
        return [one.get("spec") or {} for one in found["items"]]


def bare(spec: Mapping[str, Any], networks: Sequence[IPNetwork]) -> bool:
    """Whether a pool's spec gives pods addresses in one of `networks`, and their packets no overlay."""
    network = network_or_none(spec.get("cidr"))
    if network is None or "Workload" not in (spec.get("allowedUses") or ["Workload"]):
        return False
    modes = (spec.get("ipipMode"), spec.get("vxlanMode"))
    return OVERLAY not in modes and any(overlap(network, other) for other in networks)
