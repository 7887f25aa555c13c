"""Component: Calico's side of the peering.

The global BGPPeer that makes every node peer with the machine is ours alone, so it is a plain
object of pulumi-kubernetes. The service networks sit in BGPConfiguration `default`, which belongs
to the cluster: service_networks_provider.py adds ours. Needs projectcalico.org/v3 in the cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.calico_api import STACK_ANNOTATION
from components.calico.default_before_provider import DefaultBefore
from components.calico.service_networks_provider import ServiceNetworks
from components.shared.shared_list import canonical_list


class CalicoBgpArgs(TypedDict):
    """The machine as Calico sees it, and how to reach the cluster."""

    machine_name: pulumi.Input[str]
    """The BGPPeer is called `bgppeer-<machine_name>`."""
    machine_address: pulumi.Input[str]
    """Address of the machine's BGP sessions, without a prefix length."""
    machine_as_number: pulumi.Input[int]
    service_networks: Sequence[str]
    """Announced by every node; empty: BGPConfiguration is left alone. Plain: what was listed of each
    before us is a resource of its own."""
    kubeconfig: NotRequired[pulumi.Input[str] | None]
    """Path, never the content; default: the ambient kubeconfig."""
    left_over: NotRequired[str | None]
    """Name of the BGPPeer when this stack has made it already, be it in its state or not."""
    context: NotRequired[pulumi.Input[str] | None]
    """Default: the kubeconfig's current context."""


def stack_name() -> str:
    """What our annotation on the BGPPeer says: which stack has made it."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


class CalicoBgp(pulumi.ComponentResource):
    """BGPPeer and service networks."""

    bgp_peer: pulumi.Output[str]
    """Name of the BGPPeer."""
    service_networks: pulumi.Output[list[str]]
    """Canonical networks that `default` lists because of us or already did."""
    added: pulumi.Output[list[str]]
    """Those that were not there before us; destroy removes these."""
    written: pulumi.Output[list[object]]
    """Changes whenever one of the two objects was written by us."""

    def __init__(self, name: str, args: CalicoBgpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:CalicoBgp", name, {}, opts)
        kubeconfig, context = args.get("kubeconfig"), args.get("context")
        cluster = kubernetes.Provider(
            f"{name}-cluster",
            kubeconfig=kubeconfig,
            context=context,
            # A BGPPeer of this name that somebody else made is refused, not taken over, and what
            # somebody changed in ours is put back without a conflict over who owns the field.
            enable_server_side_apply=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        peer_name = pulumi.Output.concat("bgppeer-", args["machine_name"])
        peer = kubernetes.apiextensions.CustomResource(
            f"{name}-peer",
            api_version="projectcalico.org/v3",
            kind="BGPPeer",
            metadata={"name": peer_name, "annotations": {STACK_ANNOTATION: stack_name()}},
            spec={"peerIP": args["machine_address"], "asNumber": args["machine_as_number"]},
            # What a run that was killed has made is in no state: it is taken in, and brought to what it
            # should be. For a peer that is in the state this is nothing.
            opts=pulumi.ResourceOptions(parent=self, provider=cluster, import_=args.get("left_over")),
        )
        networks = canonical_list(args["service_networks"])
        before = []
        for network in networks:
            looked = DefaultBefore(
                f"{name}-before-{network}", network, kubeconfig, context, pulumi.ResourceOptions(parent=self)
            )
            before.append(
                pulumi.Output.all(network=network, uid=looked.uid, listed=looked.listed).apply(dict)
            )
        services = ServiceNetworks(
            f"{name}-service-networks",
            networks,
            pulumi.Output.all(*before).apply(list),
            kubeconfig,
            context,
            pulumi.ResourceOptions(parent=self),
        )
        # Through the object, so that whoever waits for the output waits for the peer.
        self.bgp_peer = pulumi.Output.all(peer.urn, peer_name).apply(lambda made: str(made[1]))
        self.service_networks = services.networks
        self.added = services.added
        metadata: pulumi.Output[dict[str, str]] = peer.metadata  # type: ignore[attr-defined]  # as given
        revision = metadata.apply(lambda known: known.get("resourceVersion"))
        self.written = pulumi.Output.all(revision, services.written)
        self.register_outputs(
            {
                "bgp_peer": self.bgp_peer,
                "service_networks": self.service_networks,
                "added": self.added,
            }
        )
