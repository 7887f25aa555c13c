"""Dynamic resource: which of the ports carried a network before us; it is saved before the first write.

The engine saves a resource's state after its provider has written. Killed in between, the next run
would find our own pairs on the ports and take them for somebody else's. So one PortsBefore for each
network looks at all ports and writes nothing, PortPairs depends on it, and what it found absent is
ours. When it goes (with its network, or all at destroy, after every PortPairs), it takes off what a
killed run left behind. One for the security group, which is ours alone, has only that to do.

State: `ports` (looked at) and `before` (those that had it). docs/decisions, 7, tells what was weighed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from components.ports.neutron_ports import PortGoneError
from components.ports.openstack_api import clear_errors, connect
from components.ports.port_pairs import Wish, carried, fulfil, groups
from components.ports.ports_seen import SEEN
from components.shared.own_provider import given
from components.shared.shared_list_provider import SharedListProvider, known
from components.shared.this_run import THIS_RUN

INPUTS = ("ports", "networks", "security_group", "cloud")


class PortsBeforeProvider(SharedListProvider):
    """Create, read, update, delete. Errors: ProviderError, as port_pairs and openstack_api raise."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        before = self._look(props, props["ports"])
        return CreateResult(_what(props), {**given(props, INPUTS), "before": before})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What somebody took off since is ours once we put it there again."""
        before, cloud = props.get("before") or [], props.get("cloud")
        if before:
            with clear_errors(cloud):
                found = SEEN.those(connect(cloud), before)
            before = [one for one in before if one in found and carried(found[one], props["networks"])]
        return ReadResult(id_, {**given(props, INPUTS), "before": before}, given(props, INPUTS))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Look at ports that joined; what is ours on ports that left comes off."""
        had, before = olds["ports"], olds.get("before") or []
        self._take_off(olds, [one for one in had if one not in news["ports"]])
        found = self._look(news, [one for one in news["ports"] if one not in had])
        kept = [one for one in before if one in news["ports"]]
        return UpdateResult({**given(news, INPUTS), "before": [*kept, *found]})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        self._take_off(props, props["ports"])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """The order of ports is no difference, nor is another name of their cloud."""
        if _what(olds) != _what(news):
            return DiffResult(changes=True, replaces=["networks", "security_group"])
        differs = not known(news["ports"]) or set(olds["ports"]) != set(news["ports"])
        return DiffResult(changes=differs)

    def _look(self, props: dict[str, Any], ports: Sequence[str]) -> list[str]:
        """Those of `ports` that carry it; one that is gone is its PortPairs' to tell."""
        networks, cloud = props["networks"], props.get("cloud")
        with clear_errors(cloud):
            found = SEEN.those(connect(cloud), ports)
        before = [one for one in ports if one in found and carried(found[one], networks)]
        for one in ports:
            if one in found and one not in before:
                THIS_RUN.saw_absent(one, _what(props))
        return before

    def _take_off(self, props: dict[str, Any], ports: Iterable[str]) -> None:
        """Leave nothing of ours on `ports`, whatever a run that was killed has written."""
        what, cloud, before = _what(props), props.get("cloud"), props.get("before") or []
        doubtful = [one for one in ports if one not in before and not THIS_RUN.settled(one, what)]
        if not doubtful:
            return
        connection = connect(cloud)
        with clear_errors(cloud):
            found = SEEN.those(connection, doubtful)
        for one in found:
            try:
                fulfil(connection, one, Wish(ours=props["networks"], our_groups=groups(props)), cloud)
            except PortGoneError:
                pulumi.log.debug(f"port {one} is gone, and what was ours with it")
            THIS_RUN.settle(one, [what])


class PortsBefore(Resource, module="calico-peering", name="PortsBefore"):
    """What was on the ports before us: one network, or our security group."""

    ports: pulumi.Output[list[str]]
    networks: pulumi.Output[list[str]]
    security_group: pulumi.Output[str | None]
    cloud: pulumi.Output[str | None]
    before: pulumi.Output[list[str]]
    """Ids of the ports that carried it before us."""

    def __init__(
        self,
        name: str,
        ports: Sequence[pulumi.Input[str]],
        network: str | None = None,
        security_group: pulumi.Input[str] | None = None,
        cloud: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`network` (canonical) or `security_group` (id); `cloud`: entry of clouds.yaml."""
        networks = [] if network is None else [network]
        inputs = {"ports": ports, "networks": networks, "security_group": security_group, "cloud": cloud}
        super().__init__(PortsBeforeProvider(), name, {**inputs, "before": None}, opts)


def _what(props: dict[str, Any]) -> str:
    """The one thing that this is about, as ThisRun knows it."""
    return str([*(props.get("networks") or []), *groups(props)][0])
