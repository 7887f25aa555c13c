"""The clusters' objects that the program declares for a site, as they would be written."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.runtime.rpc import _special_sig_key as SIGNATURE

from components.calico.bgp_configuration_part import Part, Wish, made_anew
from components.cluster_side import cluster_side
from components.left_over import LeftOver
from components.machine_secrets import MachineSecrets
from components.ports.node_ports import NodePorts
from components.settings.site import Site
from components.shared.called import always
from tests.mocks.recorder import Recorder, recorded

KINDS = ("BGPConfiguration", "BGPFilter", "BGPPeer")
SERVICES = "pulumi-python:dynamic/calico-peering:BgpConfigurationPart"


def declared(site: Site, password: str) -> list[dict[str, Any]]:
    """Each whole object at all the site's clusters: pulumi-kubernetes' own, and our parts of others'."""
    secrets = {machine: MachineSecrets(password=password or None) for machine in site.machines}

    def program() -> None:
        for cluster in site.clusters:
            options = pulumi.ResourceOptions()
            called = always(f"peering-{cluster}")
            cluster_side(called, site, cluster, NodePorts(), secrets, LeftOver(), options)

    recorder = recorded(program)
    plain = [_plain(made.inputs) for made in recorder.made if made.typ.startswith("kubernetes:")]
    return [*plain, *_configurations(recorder)]


def _plain(value: Any) -> Any:
    """As the engine hands it to a provider and that to the cluster: no secrets' wrapping, whole numbers."""
    if isinstance(value, dict):
        known = value["value"] if SIGNATURE in value else None
        return known or {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _configurations(recorder: Recorder) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "BGPConfiguration",
            "metadata": {"name": inputs["object"]},
            "spec": made_anew(Wish(Part(inputs["lists"], _plain(inputs["values"])), "project/stack"))[0],
        }
        for inputs in recorder.of(SERVICES).values()
    ]
