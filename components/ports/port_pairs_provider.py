"""Dynamic resource: networks among the allowed address pairs of one foreign Neutron port.

pulumi-openstack can only own a whole port; this owns our pairs in it, and whether our security group
is attached. State: `networks` (wanted and, after a refresh, present), `added` (ours, the only ones
that destroy takes away), `filtered` (False: port security is off, the port is left alone). Secrets are
no inputs: `cloud` is the name of an entry of clouds.yaml.

What was there before us is ports_before_provider.py's to know, so that it survives a crash. A port under
two resources at once is not supported: the second finds the pairs there, and the first takes them along
when it goes; another name of the same port needs an alias (address_pairs.py gives them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from components.ports.neutron_ports import PortGoneError
from components.ports.openstack_api import clear_errors, connect
from components.ports.port_pairs import Done, Wish, filters, fulfil, groups, let_through
from components.ports.ports_seen import SEEN
from components.shared.own_provider import given
from components.shared.shared_list_provider import SharedListProvider, written
from components.shared.this_run import THIS_RUN

INPUTS = ("port_id", "networks", "before", "security_group", "filtered", "cloud")


class PortPairsProvider(SharedListProvider):
    """Create, read, update, delete. Errors: ProviderError, as port_pairs and openstack_api raise."""

    # A port's id is unique, so another name for its cloud is no other port. Were it replaced, the
    # new resource would find all pairs there, and the old one's delete would take them away.
    replaced_by = ("port_id",)
    reach = ("cloud", "security_group", "filtered")

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["port_id"], self._changed(props, {}))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is there of ours; a network or group that somebody removed shows as a difference."""
        cloud, added = props.get("cloud"), props.get("added") or []
        known = list(dict.fromkeys([*(props.get("networks") or []), *added]))
        try:
            with clear_errors(cloud):
                port = SEEN.port(connect(cloud), id_, props.get("network_id"))
        except PortGoneError:
            return ReadResult("", {})
        inputs = {**given(props, INPUTS), "filtered": filters(port)}
        if inputs["filtered"]:
            inputs["networks"] = let_through(port, known)
            if inputs.get("security_group") not in (port.get("security_groups") or []):
                inputs.pop("security_group", None)
        outs = {"added": added, "network_id": port["network_id"], "written": written(props)}
        return ReadResult(id_, {**inputs, **outs}, inputs)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._changed(news, olds))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        cloud, added = props.get("cloud"), props.get("added") or []
        # What a PortsBefore took off a port that left is settled: it may be somebody else's by now.
        ours = [one for one in added if not THIS_RUN.settled(_id, one)]
        wish = Wish(ours=ours, our_groups=groups(props))
        try:
            fulfil(connect(cloud), _id, wish, cloud, props.get("network_id"))
        except PortGoneError:
            pulumi.log.debug(f"port {_id} is gone, and our address pairs with it")
        THIS_RUN.settle(_id, [*(props.get("networks") or []), *added, *groups(props)])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """`before` is no difference: it only says whose a network is when it is first written."""
        return super().diff(_id, {"filtered": True, **olds}, {"filtered": True, **news})

    def _changed(self, props: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        port_id, cloud, networks = props["port_id"], props.get("cloud"), props["networks"]
        had, ours = olds.get("networks") or [], olds.get("added") or []
        # What this state does not know yet is ours unless it was there before us, be it that a run
        # that was killed has written it already.
        new = [one for one in networks if one not in had and one not in (props.get("before") or [])]
        wish = Wish(networks, [*ours, *new], groups(props), groups(olds))
        done = fulfil(connect(cloud), port_id, wish, cloud, olds.get("network_id"))
        dropped = [one for one in (*had, *ours) if one not in networks]
        THIS_RUN.settle(port_id, [*dropped, *(one for one in groups(olds) if one not in groups(props))])
        return {**given(props, INPUTS), **_kept(done), "written": written(olds) + 1}


class PortPairs(Resource, module="calico-peering", name="PortPairs"):
    """Our address pairs and our security group on one port."""

    port_id: pulumi.Output[str]
    networks: pulumi.Output[list[str]]
    before: pulumi.Output[list[str]]
    security_group: pulumi.Output[str | None]
    filtered: pulumi.Output[bool]
    """False: port security is off, nothing was written."""
    cloud: pulumi.Output[str | None]
    added: pulumi.Output[list[str]]
    """Canonical networks that were not there before us."""
    network_id: pulumi.Output[str]
    written: pulumi.Output[int]
    """How many times this was applied; a new number says that it just was."""

    def __init__(
        self,
        name: str,
        port_id: pulumi.Input[str],
        networks: pulumi.Input[Sequence[pulumi.Input[str]]],
        before: pulumi.Input[Sequence[pulumi.Input[str]]],
        security_group: pulumi.Input[str] | None = None,
        filtered: pulumi.Input[bool] = True,
        cloud: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`networks`: any spelling; `before`: canonical, those that are not ours; `cloud`: entry of
        clouds.yaml, None = the environment."""
        props = {
            "port_id": port_id,
            "networks": networks,
            "before": before,
            "security_group": security_group,
            "filtered": filtered,
            "cloud": cloud,
            "added": None,
            "network_id": None,
            "written": None,
        }
        super().__init__(PortPairsProvider(), name, props, opts)


def _kept(done: Done) -> dict[str, Any]:
    return {"filtered": done.filtered, "added": done.added, "network_id": done.port["network_id"]}
