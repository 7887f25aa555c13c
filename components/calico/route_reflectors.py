"""Component: some of the cluster's own nodes as route reflectors, in the place of the node-to-node mesh.

With the mesh every node has a session with every other one; with reflectors every node has one with each of
these, and they hand the routes on (RFC 4456). The order is what matters, and it is in the resources'
dependencies, so that a destroy walks it backwards:

    peer ─► stands ─► mark of the 1st ─► stands ─► mark of the 2nd ─► stands ─► mesh off

`stands` is a wait until the nodes report all sessions that the cluster is configured for so far, and the
same routes by each way (node_sessions.py); deleted, it waits once more, for what is configured by then. So
nothing is taken away before what takes its place carries the routes, on both ways. The nodes belong to
whoever made the cluster: the marks are our part of them (node_marks_provider.py), as the mesh's switch is
our part of BGPConfiguration `default`. It deliberately chooses no nodes, and leaves the external machine's
sessions alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.bgp_configuration_fields import MESH
from components.calico.bgp_configuration_part import Part
from components.calico.bgp_configuration_provider import BgpConfigurationPart
from components.calico.calico_api import V3, CalicoApi
from components.calico.default_before_provider import DefaultBefore
from components.calico.node_marks import LABEL
from components.calico.node_marks_provider import NodeBefore, NodeMark
from components.calico.node_sessions_provider import NodeSessions
from components.calico.reflector_nodes import peer_name
from components.calico.stack_name import marked, stack_name
from components.calico.types.bgp_peer import BGPPeerSpec

Reach = Mapping[str, pulumi.Input[str] | None]


class RouteReflectorsArgs(TypedDict):
    """Which nodes, and what their sessions have."""

    nodes: Sequence[str]
    """Names of Node objects, made reflectors one after the other in this order; at least one."""
    cluster_id: str
    """Written as an IPv4 address; also the value of the label by which the BGPPeer selects them."""
    timeout: int
    """Seconds for each wait."""
    reach: Reach
    """How to get to the cluster, as calico_api.client_of takes it."""
    api: NotRequired[CalicoApi]
    """By which the BGPPeer is made; `reach` says the same. Default: projectcalico.org/v3."""
    after: NotRequired[Sequence[pulumi.Resource]]
    """What else has a part in `default`: it is written before ours and taken back after it."""
    take_over: NotRequired[Sequence[str]]
    """The mesh's switch, if it may be written over where it is somebody else's. Default: an error."""
    left_over: NotRequired[bool]
    """Whether this stack has made the BGPPeer already, be it in its state or not. Default: no."""


class RouteReflectors(pulumi.ComponentResource):
    """Marks on nodes, a BGPPeer, the mesh's switch, and the waits between them."""

    written: pulumi.Output[list[object]]
    """Changes whenever one of them was written by us."""

    def __init__(
        self, name: str, args: RouteReflectorsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:RouteReflectors", name, {}, opts)
        stack, cluster_id, reach = stack_name(), args["cluster_id"], args["reach"]

        def after(*these: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, depends_on=list(these))

        def stands(label: str, what: pulumi.Input[str], *these: pulumi.Resource) -> NodeSessions:
            return NodeSessions(
                f"{name}-sessions{label}", stack, cluster_id, what, args["timeout"], reach, after(*these)
            )

        called, api = peer_name(cluster_id), args.get("api", V3)
        peer = kubernetes.apiextensions.CustomResource(
            f"{name}-peer",
            api_version=str(api),
            kind="BGPPeer",
            metadata=marked(called, api),
            # The other direction is Calico's own doing, and reflectors are among all nodes.
            spec=BGPPeerSpec(nodeSelector="all()", peerSelector=f"{LABEL} == '{cluster_id}'"),
            opts=pulumi.ResourceOptions(parent=self, import_=called if args.get("left_over") else None),
        )
        written: list[pulumi.Output[Any]] = []
        standing = stands("", "", peer)
        for node in args["nodes"]:
            before = NodeBefore(f"{name}-before-{node}", node, cluster_id, reach, after())
            mark = NodeMark(
                f"{name}-mark-{node}",
                node,
                cluster_id,
                pulumi.Output.all(uid=before.uid, values=before.values).apply(dict),
                reach,
                after(before, standing),
            )
            standing = stands(f"-{node}", mark.written.apply(str), mark)
            written.append(mark.written)
        last = after(standing, *args.get("after", ()))
        looked = DefaultBefore(f"{name}-mesh-before", MESH, stack, reach=reach, opts=last)
        mesh = BgpConfigurationPart(
            f"{name}-mesh",
            Part(values={MESH: False}),
            pulumi.Output.all(place=MESH, uid=looked.uid, listed=looked.listed).apply(lambda one: [one]),
            stack,
            take_over=args.get("take_over", ()),
            reach=reach,
            opts=last,
        )
        self.written = pulumi.Output.all(*written, mesh.written)
        self.register_outputs({"written": self.written})
