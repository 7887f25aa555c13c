"""Component: BGPPeers, Calico's word for which nodes keep sessions, with whom, and how.

All kinds: of every node, of those that a selector matches, of nodes by name, each with a peer outside the
cluster (`addresses`) or with other nodes (`peer_selector`, as for route reflectors). They are ours alone. It
deliberately makes neither the password's Secret (session_password.py) nor filters, which it is told of, and
checks no settings; what contradicts itself Calico's API refuses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NotRequired

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.bgp_peer_spec import PeerOptions, PeerSpecArgs, address_spec, node_spec, shared_spec
from components.calico.calico_api import V3, CalicoApi
from components.calico.own_objects import peer_names
from components.calico.stack_name import marked


class BgpPeersArgs(PeerSpecArgs):
    """With whom, and what belongs to us of it."""

    name: str
    """The BGPPeer's name; others of one component begin with it (own_objects.py)."""
    addresses: NotRequired[Sequence[pulumi.Input[str]]]
    """Of a peer outside the cluster, at most one of each family; each gets a BGPPeer."""
    options: NotRequired[PeerOptions]
    """Default: every node peers, as Calico has it."""
    api: NotRequired[CalicoApi]
    """By which they are made. Default: projectcalico.org/v3."""
    left_over: NotRequired[Collection[str]]
    """What this stack has made already, be it in its state or not, as `<kind>/<name>`. Default: nothing."""


class BgpPeers(pulumi.ComponentResource):
    """BGPPeers."""

    names: pulumi.Output[list[str]]
    """Their names, the first address' first, once they are made."""
    written: pulumi.Output[list[str | None]]
    """Changes whenever one of them was written by us."""

    def __init__(self, name: str, args: BgpPeersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:BgpPeers", name, {}, opts)
        api = args.get("api", V3)
        left, options = args.get("left_over", ()), args.get("options", PeerOptions())
        shared = shared_spec(args, options)
        addresses: Sequence[pulumi.Input[str] | None] = args.get("addresses") or [None]
        gateways = options.get("reachable_by") or [None] * len(addresses)
        nodes: Sequence[str | None] = options.get("nodes") or [None]
        made: dict[str, kubernetes.apiextensions.CustomResource] = {}
        for place, (address, gateway) in enumerate(zip(addresses, gateways, strict=True)):
            own = address_spec(address, gateway)
            for node in nodes:
                called = peer_names(args["name"], place + 1, [node] if node else [])[place]
                suffix = f"{'-v6' if place else ''}{f'-{node}' if node else ''}"
                made[called] = kubernetes.apiextensions.CustomResource(
                    f"{name}{suffix}",
                    api_version=str(api),
                    kind="BGPPeer",
                    metadata=marked(called, api),
                    spec=node_spec(node) | own | shared,
                    opts=pulumi.ResourceOptions(
                        parent=self,
                        # What a run that was killed has made is in no state: it is taken in, and brought
                        # to what it should be. For a peer that is in the state this is nothing.
                        import_=called if f"BGPPeer/{called}" in left else None,
                    ),
                )
        # Through the objects, so that whoever waits for the output waits for the peers.
        self.names = pulumi.Output.all(*(peer.urn for peer in made.values())).apply(lambda _made: list(made))
        self.written = pulumi.Output.all(*map(revision, made.values()))
        self.register_outputs({"names": self.names})


def revision(made: kubernetes.apiextensions.CustomResource) -> pulumi.Output[str | None]:
    """The object's resourceVersion, which changes with each write; unknown in the preview of one.

    The plugin's preview of a write returns the inputs, which have none: were that taken for the value, a plan
    saved then would forbid the other one that the update finds.
    """
    metadata: pulumi.Output[dict[str, str]] = made.metadata  # type: ignore[attr-defined]  # as given
    return metadata.apply(
        lambda known: (
            _unknown()
            if pulumi.runtime.is_dry_run() and "resourceVersion" not in known
            else known.get("resourceVersion")
        )
    )


def _unknown() -> pulumi.Output[str | None]:
    value: asyncio.Future[str | None] = asyncio.Future()
    value.set_result(None)
    is_known: asyncio.Future[bool] = asyncio.Future()
    is_known.set_result(False)
    return pulumi.Output(set(), value, is_known)
