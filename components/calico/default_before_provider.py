"""Dynamic resource: whether a BGPConfiguration had something at a place before us; saved before we write.

To BgpConfigurationPart what PortsBefore is to PortPairs (ports_before_provider.py), and for the same reason:
an engine killed between a write and the saving of the state must not turn our entry, or the object that we
made, into somebody else's. It writes nothing until it goes; then it takes off what a killed run left.

State: `uid` of the object that was there ("": none) and `listed`. Older versions knew service networks of
`default` only, as `network`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from components.calico.bgp_configuration_fields import CLUSTER_IPS, DEFAULT, LISTS
from components.calico.bgp_configuration_part import OBJECT, Before
from components.calico.bgp_configuration_provider import REACH
from components.calico.bgp_configuration_writer import look, take_off
from components.calico.calico_api import client_of, in_cluster
from components.shared.own_provider import OwnProvider, given
from components.shared.this_run import THIS_RUN

INPUTS = ("object", "place", "stack", *REACH)


class DefaultBeforeProvider(OwnProvider):
    """Create, read, update, delete. Errors: ProviderError, as calico_api raises it."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        client, name = client_of(props), props["object"]
        found = look(client, name, props["place"])
        if not found.uid:
            THIS_RUN.saw_absent(in_cluster(client, name), OBJECT)
        if not found.listed:
            THIS_RUN.saw_absent(in_cluster(client, name), found.place)
        return CreateResult(found.place, {**given(props, INPUTS), "uid": found.uid, "listed": found.listed})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What somebody took off since is ours once we put it there again."""
        props = now_called(props)
        before = _before(props)
        if before.listed:
            before = look(client_of(props), props["object"], before.place)
        outs = {"uid": before.uid, "listed": before.listed}
        return ReadResult(id_, {**given(props, INPUTS), **outs}, given(props, INPUTS))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Another way to the same cluster; what was before us is as it was."""
        return UpdateResult({**given(news, INPUTS), "uid": olds["uid"], "listed": olds["listed"]})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        props = now_called(props)
        client, before, name = client_of(props), _before(props), props["object"]
        # A value that was there may have been taken over.
        theirs = before.listed and before.place.partition("/")[0] in LISTS
        if not theirs and not THIS_RUN.settled(in_cluster(client, name), before.place):
            take_off(client, name, before, props["stack"])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another place is another resource; a state of an older version is written anew."""
        older, olds = "network" in olds, now_called(olds)
        replaces = [key for key in ("object", "place") if olds.get(key) != news.get(key)]
        moved = any(olds.get(key) != news.get(key) for key in ("stack", *REACH))
        return DiffResult(changes=bool(replaces) or moved or older, replaces=replaces)


class DefaultBefore(Resource, module="calico-peering", name="DefaultBefore"):
    """One place of a BGPConfiguration before us."""

    object: pulumi.Output[str]
    place: pulumi.Output[str]
    uid: pulumi.Output[str]
    listed: pulumi.Output[bool]

    def __init__(
        self,
        name: str,
        place: str,
        stack: str,
        object_name: str = DEFAULT,
        reach: Mapping[str, pulumi.Input[str] | None] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`place`: canonical; the rest as BgpConfigurationPart takes it."""
        inputs = {"object": object_name, "place": place, "stack": stack}
        ways = {key: (reach or {}).get(key) for key in REACH}
        super().__init__(DefaultBeforeProvider(), name, {**inputs, **ways, "uid": None, "listed": None}, opts)


def now_called(props: dict[str, Any]) -> dict[str, Any]:
    """A state as it would be written today."""
    if "network" not in props:
        return props
    rest = {key: value for key, value in props.items() if key != "network"}
    return {**rest, "object": DEFAULT, "place": f"{CLUSTER_IPS}/{props['network']}", "stack": ""}


def _before(props: Mapping[str, Any]) -> Before:
    return Before(props["place"], props.get("uid") or "", bool(props.get("listed")))
