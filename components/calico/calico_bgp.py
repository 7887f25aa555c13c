"""Component: Calico's side of the peering.

The global BGPPeers, one of each address family, that make every node peer with a machine are ours alone,
so they are plain objects of pulumi-kubernetes, as is what holds the sessions' password. The service
networks and whatever else of BGP is set sit in BGPConfigurations, which belong to the cluster:
bgp_configuration.py adds our part. Needs projectcalico.org/v3 in the cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.bgp_configuration import BgpConfiguration
from components.calico.bgp_configuration_fields import CLUSTER_IPS, DEFAULT
from components.calico.bgp_configuration_part import PartArgs
from components.calico.calico_api import STACK_ANNOTATION
from components.calico.own_objects import peer_name
from components.calico.session_password import SessionPassword
from components.calico.stack_name import stack_name


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
    """Announced by every node. Plain: what was listed of each before us is a resource of its own."""
    configurations: NotRequired[Mapping[str, PartArgs]]
    """What else is wanted of BGP, by BGPConfiguration: `default`, `node.<name>`. Default: nothing."""
    take_over: NotRequired[Mapping[str, Collection[str]]]
    """By BGPConfiguration, where another's value may be written over. Default: nowhere."""
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
        configurations = self._configurations(name, args)
        default = configurations[DEFAULT]
        # Through the objects, so that whoever waits for the output waits for the peers.
        self.bgp_peers = pulumi.Output.all(*(peer.urn for peer in peers.values())).apply(
            lambda _made: list(peers)
        )
        self.service_networks = default.lists.apply(lambda lists: lists[CLUSTER_IPS])
        self.added = default.added.apply(lambda added: (added or {}).get(CLUSTER_IPS, []))
        revisions = [_revision(peer) for peer in peers.values()]
        self.written = pulumi.Output.all(*revisions, *(one.written for one in configurations.values()))
        self.register_outputs(
            {
                "bgp_peers": self.bgp_peers,
                "service_networks": self.service_networks,
                "added": self.added,
            }
        )

    def _configurations(self, name: str, args: CalicoBgpArgs) -> dict[str, BgpConfiguration]:
        """Our part of each BGPConfiguration, by its name; `default` is always among them."""
        wanted = args.get("configurations", {})
        parts: dict[str, PartArgs] = {DEFAULT: {}, **wanted}
        lists = {CLUSTER_IPS: args["service_networks"], **parts[DEFAULT].get("lists", {})}
        parts[DEFAULT] = {"lists": lists, "values": parts[DEFAULT].get("values", {})}
        return {
            called: BgpConfiguration(
                f"{name}-{called}",
                {
                    **part,
                    "object": called,
                    "take_over": args.get("take_over", {}).get(called, ()),
                    "kubeconfig": args.get("kubeconfig"),
                    "context": args.get("context"),
                    **({"formerly": name} if called == DEFAULT else {}),
                },
                pulumi.ResourceOptions(parent=self),
            )
            for called, part in parts.items()
        }

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
