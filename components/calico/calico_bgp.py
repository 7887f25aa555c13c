"""Component: Calico's side of the peering, put together.

The BGPPeers (bgp_peers.py), what they let pass (bgp_filter.py) and what holds the sessions' password are ours
alone, so they are plain objects of pulumi-kubernetes. The service networks and whatever else of BGP is set
sit in BGPConfigurations, which belong to the cluster: bgp_configuration.py adds our part. By which API, is
told from outside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.bgp_configuration import BgpConfiguration
from components.calico.bgp_configuration_fields import CLUSTER_IPS, DEFAULT
from components.calico.bgp_configuration_part import PartArgs
from components.calico.bgp_filter import BgpFilter, BgpFilterArgs
from components.calico.bgp_peer_spec import PeerOptions
from components.calico.bgp_peers import BgpPeers
from components.calico.calico_api import V3, CalicoApi
from components.calico.calico_node import USUAL_NAMESPACE
from components.calico.own_objects import peer_name
from components.calico.plugin_kubeconfig import plugin_kubeconfig
from components.calico.session_password import SessionPassword
from components.shared.called import Called, joined


class SessionOptions(TypedDict):
    """The sessions' password, and where calico-node finds it."""

    password: NotRequired[pulumi.Input[str] | None]
    """At most 80 characters. Default: none."""
    namespace: NotRequired[str | None]
    """Of calico-node, where the password's Secret has to be. Default: calico-system."""


class PeeredMachine(TypedDict):
    """A machine as Calico sees it."""

    name: str
    """The BGPPeer is called `bgppeer-<name>`, that of a second address `…-v6`."""
    addresses: Sequence[pulumi.Input[str]]
    """Addresses of the machine's BGP sessions, at most one of each family, without a prefix length."""
    as_number: pulumi.Input[int]
    label: NotRequired[str]
    """In the names of the machine's resources. Default: none, for the only machine."""
    former_label: NotRequired[str]
    """The label that they have in the state. Default: the same."""
    session: NotRequired[SessionOptions]
    """Default: no password."""
    options: NotRequired[PeerOptions]
    """Which nodes peer, and how. Default: every node, as Calico has it."""
    filter: NotRequired[BgpFilterArgs | None]
    """The BGPFilter that is made for it. Default: none, nodes take whatever it announces."""
    filters: NotRequired[Sequence[str]]
    """The names of BGPFilters of others', which are asked before it. Default: none."""


class CalicoBgpArgs(TypedDict):
    """The machines, and how to reach the cluster."""

    machines: Sequence[PeeredMachine]
    service_networks: Sequence[str]
    """Announced by every node. Plain: what was listed of each before us is a resource of its own."""
    configurations: NotRequired[Mapping[str, PartArgs]]
    """What else is wanted of BGP, by BGPConfiguration: `default`, `node.<name>`. Default: nothing."""
    take_over: NotRequired[Mapping[str, Collection[str]]]
    """By BGPConfiguration, where another's value may be written over. Default: nowhere."""
    api: NotRequired[CalicoApi]
    """By which Calico's objects are read and written. Default: projectcalico.org/v3."""
    kubeconfig: NotRequired[str | None]
    """Path, never the content; default: the ambient kubeconfig."""
    left_over: NotRequired[Collection[str]]
    """What this stack has made already, be it in its state or not, as `<kind>/<name>`. Default: nothing."""
    context: NotRequired[str | None]
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
    cluster: kubernetes.Provider
    """By which plain objects are made there."""

    def __init__(self, name: str, args: CalicoBgpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:CalicoBgp", name, {}, opts)
        kubeconfig, context = args.get("kubeconfig"), args.get("context")
        cluster = kubernetes.Provider(
            f"{name}-cluster",
            kubeconfig=plugin_kubeconfig(kubeconfig, context),
            context=context,
            # Another kubeconfig, or another name, is another way to the same cluster: nothing is made anew
            # for it.
            cluster_identifier="calico-peering",
            # A BGPPeer of this name that somebody else made is refused, not taken over, and what
            # somebody changed in ours is put back without a conflict over who owns the field.
            enable_server_side_apply=False,
            # Another password is an update of its Secret, not another Secret: calico-node keeps its watch.
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.cluster = cluster
        left = args.get("left_over", ())
        api = args.get("api", V3)
        machines = [self._machine(name, machine, cluster, left, api) for machine in args["machines"]]
        configurations = self._configurations(name, args, api)
        default = configurations[DEFAULT]
        self.bgp_peers = pulumi.Output.all(*(peers.names for peers, _ in machines)).apply(
            lambda every: [called for names in every for called in names]
        )
        self.service_networks = default.lists.apply(lambda lists: lists[CLUSTER_IPS])
        self.added = default.added.apply(lambda added: (added or {}).get(CLUSTER_IPS, []))
        self.written = pulumi.Output.all(
            *(written for _, written in machines), *(one.written for one in configurations.values())
        )
        self.register_outputs(
            {
                "bgp_peers": self.bgp_peers,
                "service_networks": self.service_networks,
                "added": self.added,
            }
        )

    def _configurations(self, name: str, args: CalicoBgpArgs, api: CalicoApi) -> dict[str, BgpConfiguration]:
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
                    # Left out where it is the default: states that do not know it are the same then.
                    "calico_api": None if api == V3 else str(api),
                },
                pulumi.ResourceOptions(parent=self),
            )
            for called, part in parts.items()
        }

    def _machine(
        self,
        name: str,
        machine: PeeredMachine,
        cluster: kubernetes.Provider,
        left: Collection[str],
        api: CalicoApi,
    ) -> tuple[BgpPeers, pulumi.Output[list[Any]]]:
        """A machine's filter, its sessions' password, and the BGPPeers; what changes with each write."""
        session = machine.get("session", SessionOptions())
        label = machine.get("label", "")
        former = machine.get("former_label", label)
        called = Called(joined(name, label), joined(name, former))
        child = pulumi.ResourceOptions(parent=self, providers=[cluster])
        reference = None
        written: list[pulumi.Output[str | None]] = []
        if password := session.get("password"):
            made = SessionPassword(
                called.name("password"),
                {
                    "machine_name": machine["name"],
                    "password": password,
                    "namespace": session.get("namespace") or USUAL_NAMESPACE,
                    "left_over": left,
                },
                called.opts("password", child),
            )
            reference = made.reference
            written.append(made.written)
        filters: list[pulumi.Input[str]] = [*machine.get("filters", ())]
        if asked := machine.get("filter"):
            own = BgpFilter(
                called.name("filter"),
                {**asked, "api": api, "left_over": left},
                called.opts("filter", child),
            )
            filters.append(own.filter_name)
            written.append(own.written)
        peers = BgpPeers(
            called.name("peer"),
            {
                "options": machine.get("options", PeerOptions()),
                "name": peer_name(machine["name"]),
                "addresses": machine["addresses"],
                "as_number": machine["as_number"],
                "password": reference,
                "filters": filters,
                "api": api,
                "left_over": left,
            },
            called.opts("peer", child),
        )
        return peers, pulumi.Output.all(*written, peers.written)
