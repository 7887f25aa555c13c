"""Dynamic resource: service networks in Calico's BGPConfiguration `default`.

State: `networks` (wanted and, after a refresh, present), `added` (ours, the only ones that
destroy takes away), `made_default`, `default_uid` and `filled_in` (service_networks.Ours). Secrets are
no inputs: `kubeconfig` is a path. Another path or context is taken as another way to the same
cluster; for another cluster use another stack, or what is ours in the first stays there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from components.calico.calico_api import client_of
from components.calico.service_networks import NAME, Before, Ours, change_networks, present_networks
from components.shared.own_provider import given
from components.shared.shared_list_provider import SharedListProvider, written
from components.shared.this_run import THIS_RUN

INPUTS = ("networks", "before", "kubeconfig", "context")


class ServiceNetworksProvider(SharedListProvider):
    """Create, read, update, delete. Errors: ProviderError, as calico_api raises it."""

    reach = ("kubeconfig", "context")

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("default", self._changed(props, {}))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is there of ours; a network that somebody removed shows as a difference."""
        ours = _ours(props)
        known = list(dict.fromkeys([*(props.get("networks") or []), *ours.added]))
        there = present_networks(client_of(props), known) or []
        inputs = {**given(props, INPUTS), "networks": there}
        return ReadResult(id_, {**inputs, **_kept(ours), "written": written(props)}, inputs)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._changed(news, olds))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        ours = _ours(props)
        change_networks(client_of(props), [], ours)
        THIS_RUN.settle(NAME, [*(props.get("networks") or []), *ours.added])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """`before` is no difference: it only says whose a network is when it is first written."""
        return super().diff(_id, olds, news)

    def _changed(self, props: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        had, ours = olds.get("networks") or [], _ours(olds)
        new = [Before(**one) for one in props.get("before") or [] if one["network"] not in had]
        now = change_networks(client_of(props), props["networks"], ours, new)
        THIS_RUN.settle(NAME, [one for one in (*had, *ours.added) if one not in props["networks"]])
        return {**given(props, INPUTS), **_kept(now), "written": written(olds) + 1}


class ServiceNetworks(Resource, module="calico-peering", name="ServiceNetworks"):
    """Our service networks in `default`."""

    networks: pulumi.Output[list[str]]
    before: pulumi.Output[list[dict[str, Any]]]
    kubeconfig: pulumi.Output[str | None]
    context: pulumi.Output[str | None]
    added: pulumi.Output[list[str]]
    """Canonical networks that were not there before us."""
    made_default: pulumi.Output[bool]
    default_uid: pulumi.Output[str]
    filled_in: pulumi.Output[dict[str, Any]]
    written: pulumi.Output[int]
    """How many times this was applied; a new number says that it just was."""

    def __init__(
        self,
        name: str,
        networks: pulumi.Input[Sequence[pulumi.Input[str]]],
        before: pulumi.Input[Sequence[Mapping[str, Any]]],
        kubeconfig: pulumi.Input[str] | None = None,
        context: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`before`: what service_networks.Before says of each network. `kubeconfig`: a path; None is
        the ambient one. `context`: None is the current one."""
        props = {
            "networks": networks,
            "before": before,
            "kubeconfig": kubeconfig,
            "context": context,
            "added": None,
            "made_default": None,
            "default_uid": None,
            "filled_in": None,
            "written": None,
        }
        super().__init__(ServiceNetworksProvider(), name, props, opts)


def _ours(props: dict[str, Any]) -> Ours:
    return Ours(
        props.get("added") or [],
        props.get("default_uid") or "",
        bool(props.get("made_default")),
        props.get("filled_in") or {},
    )


def _kept(ours: Ours) -> dict[str, Any]:
    return {
        "added": ours.added,
        "made_default": ours.made_default,
        "default_uid": ours.uid,
        "filled_in": ours.filled_in,
    }
