"""Dynamic resource: a wait for the nodes' BGP sessions among themselves, on the way up and on the way back.

It is nothing in the cluster. Made, it waits until what is configured so far stands; deleted, it waits
again: by then what depends on it has been taken back, and what it depends on is still there
(route_reflectors.py has the order). State: `after`, what the wait comes after, whose change makes it wait
again; `nodes`, how many reported; and how to get there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult
from pulumi.runtime.rpc import UNKNOWN

from components.calico.calico_api import client_of
from components.calico.node_marks_provider import REACH
from components.calico.node_sessions import wait_for_sessions
from components.shared.own_provider import OwnProvider, given

INPUTS = ("stack", "cluster_id", "after", "timeout", *REACH)


class NodeSessionsProvider(OwnProvider):
    """Create, update and delete wait. Errors: ProviderError."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("sessions", self._waited(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        # Another time to wait is remembered, since the next wait may be a delete.
        return DiffResult(
            changes=any(olds.get(key) != news.get(key) or news.get(key) == UNKNOWN for key in INPUTS)
        )

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._waited(news))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        self._waited(props)

    def _waited(self, props: dict[str, Any]) -> dict[str, Any]:
        nodes = wait_for_sessions(client_of(props), props["stack"], props["cluster_id"], props["timeout"])
        return {**given(props, INPUTS), "nodes": nodes}


class NodeSessions(Resource, module="calico-peering", name="NodeSessions"):
    """The nodes' sessions among themselves stand."""

    after: pulumi.Output[str]
    nodes: pulumi.Output[int]

    def __init__(
        self,
        name: str,
        stack: str,
        cluster_id: str,
        after: pulumi.Input[str],
        timeout: int,
        reach: Mapping[str, pulumi.Input[str] | None],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`stack`: its name, for what is made meanwhile; `after`: what changes when it has to wait again;
        `timeout`: seconds; `reach`: as calico_api.client_of takes it."""
        inputs = {
            "stack": stack,
            "cluster_id": cluster_id,
            "after": after,
            "timeout": timeout,
            **reach,
        }
        super().__init__(NodeSessionsProvider(), name, {**inputs, "nodes": None}, opts)
