"""Dynamic resource: networks among the allowed address pairs of one foreign Neutron port.

pulumi-openstack can only own a whole port; this owns our pairs in it. State: `networks` (wanted
and, after a refresh, present) and `added` (ours, the only ones that destroy takes away). Secrets
are no inputs: `cloud` is the name of an entry of clouds.yaml.

A port under two resources at once, or renamed without an alias, is not supported: the second
finds the pairs there, and the first takes them along when it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from components.node_ports import connect
from components.port_pairs import PortGoneError, change_pairs, present_pairs
from components.shared_list_provider import SharedListProvider, written


class PortPairsProvider(SharedListProvider):
    """Create, read, update, delete. Errors: ProviderError, as port_pairs and node_ports raise."""

    # A port's id is unique, so another name for its cloud is no other port. Were it replaced, the
    # new resource would find all pairs there, and the old one's delete would take them away.
    replaced_by = ("port_id",)
    reach = ("cloud",)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["port_id"], self._changed(props, {}))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is there of ours; a network that somebody removed shows as a difference."""
        cloud, added = props.get("cloud"), props.get("added") or []
        known = list(dict.fromkeys([*(props.get("networks") or []), *added]))
        try:
            there = present_pairs(connect(cloud), id_, known, cloud)
        except PortGoneError:
            return ReadResult("", {})
        inputs = {**_inputs(props), "networks": there}
        return ReadResult(id_, {**inputs, "added": added, "written": written(props)}, inputs)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._changed(news, olds))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        ours = props.get("added") or []
        cloud = props.get("cloud")
        try:
            change_pairs(connect(cloud), _id, [], ours, cloud)
        except PortGoneError:
            pulumi.log.debug(f"port {_id} is gone, and our address pairs with it")

    def _changed(self, props: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        cloud, ours = props.get("cloud"), olds.get("added") or []
        added = change_pairs(connect(cloud), props["port_id"], props["networks"], ours, cloud)
        return {**_inputs(props), "added": added, "written": written(olds) + 1}


class PortPairs(Resource, module="calico-peering", name="PortPairs"):
    """Our address pairs on one port."""

    port_id: pulumi.Output[str]
    networks: pulumi.Output[list[str]]
    cloud: pulumi.Output[str | None]
    added: pulumi.Output[list[str]]
    """Canonical networks that were not there before us."""
    written: pulumi.Output[int]
    """How many times this was applied; a new number says that it just was."""

    def __init__(
        self,
        name: str,
        port_id: pulumi.Input[str],
        networks: pulumi.Input[Sequence[pulumi.Input[str]]],
        cloud: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`networks`: any spelling; `cloud`: entry of clouds.yaml, None = the environment."""
        inputs = {"port_id": port_id, "networks": networks, "cloud": cloud}
        props = {**inputs, "added": None, "written": None}
        super().__init__(PortPairsProvider(), name, props, opts)


def _inputs(props: dict[str, Any]) -> dict[str, Any]:
    names = ("port_id", "networks", "cloud")
    return {name: props[name] for name in names if props.get(name) is not None}
