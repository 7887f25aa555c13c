"""Component: Calico's side of the peering.

The global BGPPeers, one of each address family, that make every node peer with a machine are ours alone,
so they are plain objects of pulumi-kubernetes, as is what holds the sessions' password. The service
networks sit in BGPConfiguration `default`, which belongs to the cluster: service_networks_provider.py adds
ours. Needs projectcalico.org/v3 in the cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.calico_api import STACK_ANNOTATION
from components.calico.default_before_provider import DefaultBefore
from components.calico.own_objects import peer_name
from components.calico.service_networks_provider import ServiceNetworks
from components.calico.session_password import SessionPassword
from components.calico.stack_name import stack_name
from components.shared.shared_list import canonical_list


class SessionOptions(TypedDict):
    """What both ends of a session have to agree on, or what the nodes tell the machine."""

    password: NotRequired[pulumi.Input[str] | None]
    """At most 80 characters. Default: none."""
    namespace: NotRequired[str]
    """Of calico-node, where the password's Secret has to be. Default: calico-system."""
    ttl_hops: NotRequired[int]
    """Hops between a node and the machine, for TTL security (RFC 5082). Default: 0, without."""
    restart_time: NotRequired[int]
    """Seconds for which the machine may use a node's routes without a session. Default: BIRD's 120."""


class PeeredMachine(TypedDict):
    """A machine as Calico sees it."""

    name: str
    """The BGPPeer is called `bgppeer-<name>`, that of a second address `…-v6`."""
    addresses: Sequence[pulumi.Input[str]]
    """Addresses of the machine's BGP sessions, at most one of each family, without a prefix length."""
    as_number: pulumi.Input[int]
    label: NotRequired[str]
    """In the names of the machine's resources. Default: none, for the only machine."""
    session: NotRequired[SessionOptions]
    """What both ends of the sessions have to agree on. Default: Calico's own."""


class CalicoBgpArgs(TypedDict):
    """The machines, and how to reach the cluster."""

    machines: Sequence[PeeredMachine]
    service_networks: Sequence[str]
    """Announced by every node; empty: BGPConfiguration is left alone. Plain: what was listed of each
    before us is a resource of its own."""
    kubeconfig: NotRequired[pulumi.Input[str] | None]
    """Path, never the content; default: the ambient kubeconfig."""
    left_over: NotRequired[Collection[str]]
    """What this stack has made already, be it in its state or not, as `<kind>/<name>`. Default: nothing."""
    context: NotRequired[pulumi.Input[str] | None]
    """Default: the kubeconfig's current context."""


class CalicoBgp(pulumi.ComponentResource):
    """BGPPeer and service networks."""

    bgp_peers: pulumi.Output[list[str]]
    """Names of the BGPPeers, each machine's first address first."""
    service_networks: pulumi.Output[list[str]]
    """Canonical networks that `default` lists because of us or already did."""
    added: pulumi.Output[list[str]]
    """Those that were not there before us; destroy removes these."""
    written: pulumi.Output[list[object]]
    """Changes whenever one of the objects was written by us."""

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
            # Another password is an update of its Secret, not another Secret: calico-node keeps its watch.
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        left = args.get("left_over", ())
        peers = {
            called: peer
            for machine in args["machines"]
            for called, peer in self._peers(name, machine, cluster, left).items()
        }
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
        # Through the objects, so that whoever waits for the output waits for the peers.
        self.bgp_peers = pulumi.Output.all(*(peer.urn for peer in peers.values())).apply(
            lambda _made: list(peers)
        )
        self.service_networks = services.networks
        self.added = services.added
        revisions = [_revision(peer) for peer in peers.values()]
        self.written = pulumi.Output.all(*revisions, services.written)
        self.register_outputs(
            {
                "bgp_peers": self.bgp_peers,
                "service_networks": self.service_networks,
                "added": self.added,
            }
        )

    def _peers(
        self, name: str, machine: PeeredMachine, cluster: kubernetes.Provider, left: Collection[str]
    ) -> dict[str, kubernetes.apiextensions.CustomResource]:
        """The machine's BGPPeers by name."""
        session = machine.get("session", SessionOptions())
        label = f"-{machine['label']}" if machine.get("label") else ""
        spec: dict[str, Any] = {"asNumber": machine["as_number"]}
        if password := session.get("password"):
            spec["password"] = SessionPassword(
                f"{name}{label}-password",
                {
                    "machine_name": machine["name"],
                    "password": password,
                    "namespace": session.get("namespace", "calico-system"),
                    "left_over": left,
                },
                pulumi.ResourceOptions(parent=self, providers=[cluster]),
            ).reference
        if hops := session.get("ttl_hops"):
            spec["ttlSecurity"] = hops
        if seconds := session.get("restart_time"):
            spec["maxRestartTime"] = f"{seconds}s"
        peers = {}
        for place, address in enumerate(machine["addresses"]):
            called = peer_name(machine["name"], second=place > 0)
            peers[called] = kubernetes.apiextensions.CustomResource(
                f"{name}{label}-peer{'-v6' if place else ''}",
                api_version="projectcalico.org/v3",
                kind="BGPPeer",
                metadata={"name": called, "annotations": {STACK_ANNOTATION: stack_name()}},
                spec={"peerIP": address, **spec},
                # What a run that was killed has made is in no state: it is taken in, and brought to what it
                # should be. For a peer that is in the state this is nothing.
                opts=pulumi.ResourceOptions(
                    parent=self, provider=cluster, import_=called if f"BGPPeer/{called}" in left else None
                ),
            )
        return peers


def _revision(peer: kubernetes.apiextensions.CustomResource) -> pulumi.Output[str | None]:
    metadata: pulumi.Output[dict[str, str]] = peer.metadata  # type: ignore[attr-defined]  # as given
    return metadata.apply(lambda known: known.get("resourceVersion"))
