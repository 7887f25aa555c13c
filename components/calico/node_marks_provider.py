"""Dynamic resources: our mark on a node, and how the node was marked before us, saved before the first write.

The shape is that of the service networks (default_before_provider.py, docs/decisions, 7): `NodeBefore`
looks and writes nothing until it goes, and is saved before `NodeMark` writes, so that an engine killed in
between does not turn our mark into somebody else's. What a part had before us with the value that we want
is not ours.

State of NodeBefore: `uid` of the node ("": none) and `values`, what it had of node_marks.PARTS. State of
NodeMark: `ours`, the parts that destroy takes off, and `node_uid`, the object that this is true of: in a
node made anew since, nothing was before us.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult
from pulumi.runtime.rpc import UNKNOWN

from components.calico.calico_api import client_of, in_cluster
from components.calico.node_marks import PARTS, look, put, refuse_others, take_off
from components.shared.own_provider import OwnProvider, given
from components.shared.shared_list_provider import written
from components.shared.this_run import THIS_RUN

REACH = ("kubeconfig", "context", "calico_api")
BEFORE_INPUTS = ("node", "cluster_id", *REACH)
INPUTS = (*BEFORE_INPUTS, "before", "marked")


class NodeBeforeProvider(OwnProvider):
    """Create, read, update, delete. Errors: ProviderError."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        client, node = client_of(props), props["node"]
        found = look(client, node)
        refuse_others(node, found, props["cluster_id"], ())
        THIS_RUN.saw_absent(in_cluster(client, node), *(name for name in PARTS if name not in found.values))
        outs = {"uid": found.uid, "values": dict(found.values)}
        return CreateResult(node, {**given(props, BEFORE_INPUTS), **outs})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = [key for key in ("node",) if olds.get(key) != news.get(key)]
        return DiffResult(
            changes=any(olds.get(key) != news.get(key) for key in BEFORE_INPUTS), replaces=replaces
        )

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Another way there, or another id; what was before us is as it was."""
        return UpdateResult({**given(news, BEFORE_INPUTS), "uid": olds["uid"], "values": olds["values"]})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Take off what a run that was killed has written."""
        client, node = client_of(props), props["node"]
        left = in_cluster(client, node)
        if mine := [name for name in ours(props, props["uid"]) if not THIS_RUN.settled(left, name)]:
            take_off(client, node, props["cluster_id"], mine)


class NodeMarkProvider(OwnProvider):
    """Create, read, update, delete. Errors: ProviderError."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        client, node = client_of(props), props["node"]
        found = look(client, node)
        # We looked in this very run and wrote nothing since: what is there now came from somebody else.
        theirs = THIS_RUN.absent_before_us(in_cluster(client, node), PARTS) & found.values.keys()
        mine = [name for name in ours(props["before"], found.uid) if name not in theirs]
        return CreateResult(node, self._put(props, mine))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Whether it is there as we want it; another's labels and annotations are not looked at."""
        found = look(client_of(props), props["node"])
        marked = all(found.values.get(name) == props["cluster_id"] for name in PARTS)
        inputs = {**given(props, INPUTS), "marked": marked}
        outs = {"ours": props["ours"], "node_uid": props["node_uid"], "written": written(props)}
        return ReadResult(id_, {**inputs, **outs}, inputs)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """`before` is no difference: it only says whose a part is when it is first written."""
        keys = [key for key in INPUTS if key != "before"]
        changes = any(olds.get(key) != news.get(key) or news.get(key) == UNKNOWN for key in keys)
        return DiffResult(changes=changes, replaces=[key for key in ("node",) if olds[key] != news.get(key)])

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        found = look(client_of(news), news["node"])
        # A node that was made anew under its name has nothing of before us, and what its owner took off since
        # is ours once we put it there again.
        same = found.uid == olds["node_uid"]
        mine = [name for name in PARTS if not same or name in olds["ours"] or name not in found.values]
        return UpdateResult(self._put(news, mine, written(olds)))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        client, node = client_of(props), props["node"]
        take_off(client, node, props["cluster_id"], props["ours"])
        THIS_RUN.settle(in_cluster(client, node), PARTS)

    def _put(self, props: dict[str, Any], mine: list[str], times: int = 0) -> dict[str, Any]:
        now = put(client_of(props), props["node"], props["cluster_id"], mine)
        return {**given(props, INPUTS), "ours": mine, "node_uid": now.uid, "written": times + 1}


class NodeBefore(Resource, module="calico-peering", name="NodeBefore"):
    """How a node was marked before us."""

    uid: pulumi.Output[str]
    values: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        node: str,
        cluster_id: str,
        reach: Mapping[str, pulumi.Input[str] | None],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`reach`: how to get to the cluster, as calico_api.client_of takes it."""
        inputs = {"node": node, "cluster_id": cluster_id, **reach}
        super().__init__(NodeBeforeProvider(), name, {**inputs, "uid": None, "values": None}, opts)


class NodeMark(Resource, module="calico-peering", name="NodeMark"):
    """Our mark on a node."""

    node: pulumi.Output[str]
    cluster_id: pulumi.Output[str]
    ours: pulumi.Output[list[str]]
    node_uid: pulumi.Output[str]
    marked: pulumi.Output[bool]
    written: pulumi.Output[int]
    """How many times this was applied; a new number says that it just was."""

    def __init__(
        self,
        name: str,
        node: str,
        cluster_id: str,
        before: pulumi.Input[Mapping[str, Any]],
        reach: Mapping[str, pulumi.Input[str] | None],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`before`: `uid` and `values` of its NodeBefore; the others as there."""
        props = {
            "node": node,
            "cluster_id": cluster_id,
            "before": before,
            **reach,
            "marked": True,
            "ours": None,
            "node_uid": None,
            "written": None,
        }
        super().__init__(NodeMarkProvider(), name, props, opts)


def ours(before: Mapping[str, Any], uid: str) -> list[str]:
    """The parts that the node had not before us, or all of another node's."""
    return [name for name in PARTS if before["uid"] != uid or name not in (before.get("values") or {})]
