"""Dynamic resource: whether `default` listed a service network before us; saved before the first write.

To ServiceNetworks what PortsBefore is to PortPairs (ports_before_provider.py), and for the same reason: an
engine killed between a write and the saving of the state must not turn our entry, or the `default` that
we made, into somebody else's. It writes nothing until it goes; then it takes off what a killed run left.

State: `uid` of the `default` that was there ("": none) and `listed`.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from components.calico.calico_api import client_of
from components.calico.service_networks import NAME, OBJECT, Before, look, take_off
from components.shared.own_provider import given
from components.shared.shared_list_provider import SharedListProvider
from components.shared.this_run import THIS_RUN

INPUTS = ("network", "kubeconfig", "context")


class DefaultBeforeProvider(SharedListProvider):
    """Create, read, update, delete. Errors: ProviderError, as calico_api raises it."""

    replaced_by = ("network",)
    reach = ("kubeconfig", "context")

    def create(self, props: dict[str, Any]) -> CreateResult:
        found = look(client_of(props), props["network"])
        if not found.uid:
            THIS_RUN.saw_absent(NAME, OBJECT)
        if not found.listed:
            THIS_RUN.saw_absent(NAME, found.network)
        return CreateResult(found.network, {**given(props, INPUTS), "uid": found.uid, "listed": found.listed})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What somebody took off since is ours once we put it there again."""
        before = _before(props)
        if before.listed:
            before = look(client_of(props), before.network)
        outs = {"uid": before.uid, "listed": before.listed}
        return ReadResult(id_, {**given(props, INPUTS), **outs}, given(props, INPUTS))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Another way to the same cluster; what was before us is as it was."""
        return UpdateResult({**given(news, INPUTS), "uid": olds["uid"], "listed": olds["listed"]})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        before = _before(props)
        if not before.listed and not THIS_RUN.settled(NAME, before.network):
            take_off(client_of(props), before)


class DefaultBefore(Resource, module="calico-peering", name="DefaultBefore"):
    """One service network in `default` before us."""

    network: pulumi.Output[str]
    kubeconfig: pulumi.Output[str | None]
    context: pulumi.Output[str | None]
    uid: pulumi.Output[str]
    listed: pulumi.Output[bool]

    def __init__(
        self,
        name: str,
        network: pulumi.Input[str],
        kubeconfig: pulumi.Input[str] | None = None,
        context: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`network`: canonical; `kubeconfig` and `context` as ServiceNetworks takes them."""
        inputs = {"network": network, "kubeconfig": kubeconfig, "context": context}
        super().__init__(DefaultBeforeProvider(), name, {**inputs, "uid": None, "listed": None}, opts)


def _before(props: dict[str, Any]) -> Before:
    return Before(props["network"], props.get("uid") or "", bool(props.get("listed")))
