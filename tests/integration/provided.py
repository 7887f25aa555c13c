"""The providers called as the engine calls them, on the lab's Neutron and Calico.

What the engine does around them (when it saves, what it calls again after a crash) is played by the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from openstack.connection import Connection

from components.calico import (
    bgp_configuration_provider,
    bgp_configuration_writer,
    default_before_provider,
)
from components.calico.bgp_configuration_part import Part
from components.calico.bgp_configuration_provider import BgpConfigurationPartProvider
from components.calico.default_before_provider import DefaultBeforeProvider
from components.ports import port_pairs, port_pairs_provider, ports_before_provider
from components.ports.port_pairs_provider import PortPairsProvider
from components.ports.ports_before_provider import PortsBeforeProvider
from components.ports.ports_seen import PortsSeen
from components.shared.this_run import ThisRun

PODS, SERVICES = "192.168.0.0/16", "10.96.0.0/12"
State = dict[str, Any]
NewRun = Callable[[], None]


def begin_run(patch: pytest.MonkeyPatch) -> None:
    """Forget what a process knows, as the next one does."""
    seen, run = PortsSeen(), ThisRun()
    for module in (port_pairs, port_pairs_provider, ports_before_provider):
        patch.setattr(module, "SEEN", seen)
    for module in (
        port_pairs,
        port_pairs_provider,
        ports_before_provider,
        bgp_configuration_writer,
        bgp_configuration_provider,
        default_before_provider,
    ):
        patch.setattr(module, "THIS_RUN", run)


@dataclass
class Port:
    """A port of the nodes' network, and what others do to it."""

    cloud: Connection
    id: str
    cleanup: list[Callable[[], None]] = field(default_factory=list)

    def read(self) -> dict[str, Any]:
        """The port as Neutron has it."""
        found: dict[str, Any] = self.cloud.network.get(f"/ports/{self.id}").json()["port"]
        return found

    def networks(self) -> set[str]:
        """The networks among its pairs, whoever's."""
        return {pair["ip_address"] for pair in self.read()["allowed_address_pairs"]}

    def change(self, **attributes: Any) -> None:
        """What somebody else changes."""
        answer = self.cloud.network.put(f"/ports/{self.id}", json={"port": attributes})
        assert answer.status_code == 200, answer.text

    def add(self, *networks: str, **more: str) -> None:
        """Pairs that somebody else adds."""
        added = [{"ip_address": network, **more} for network in networks]
        self.change(allowed_address_pairs=[*self.read()["allowed_address_pairs"], *added])

    def take(self, *networks: str) -> None:
        """Pairs that somebody else takes away."""
        pairs = self.read()["allowed_address_pairs"]
        self.change(allowed_address_pairs=[pair for pair in pairs if pair["ip_address"] not in networks])

    def inputs(self, *networks: str, before: tuple[str, ...] = (), **more: Any) -> State:
        """The inputs of its PortPairs."""
        return {"port_id": self.id, "networks": [*networks], "before": [*before], "filtered": True, **more}


def create(inputs: State) -> State:
    """A PortPairs made; its state."""
    return PortPairsProvider().create(inputs).outs or {}


def update(state: State, inputs: State) -> State:
    """A PortPairs updated; its state."""
    return PortPairsProvider().update(inputs["port_id"], state, inputs).outs or {}


def refresh(state: State) -> State:
    """A PortPairs refreshed; its state, empty when the port is gone."""
    return PortPairsProvider().read(state["port_id"], state).outs or {}


def delete(state: State) -> None:
    """A PortPairs deleted."""
    PortPairsProvider().delete(state["port_id"], state)


def look(network: str, *ports: str) -> State:
    """A PortsBefore made; its state."""
    return PortsBeforeProvider().create({"ports": [*ports], "networks": [network]}).outs or {}


def look_again(state: State, *ports: str) -> State:
    """A PortsBefore updated for other ports; its state."""
    return PortsBeforeProvider().update("", state, {**state, "ports": [*ports]}).outs or {}


def look_no_more(state: State) -> None:
    """A PortsBefore deleted."""
    PortsBeforeProvider().delete("", state)


STACK = "project/stack"


def look_at(wanted: State) -> list[State]:
    """The DefaultBefores of a part, made; their states."""
    part = Part(wanted.get("lists", {}), wanted.get("values", {}))
    props = {"object": wanted.get("object", "default"), "stack": STACK}
    return [DefaultBeforeProvider().create({**props, "place": place}).outs or {} for place in part.places()]


def look_at_no_more(states: list[State]) -> None:
    """DefaultBefores deleted."""
    for state in states:
        DefaultBeforeProvider().delete("", state)


def part_inputs(wanted: State, before: list[State]) -> State:
    """The inputs of a BgpConfigurationPart."""
    known = [{name: one[name] for name in ("place", "uid", "listed")} for one in before]
    return {"object": "default", "lists": {}, "values": {}, "stack": STACK, **wanted, "before": known}


def create_part(wanted: State, before: list[State]) -> State:
    """A BgpConfigurationPart made; its state."""
    return BgpConfigurationPartProvider().create(part_inputs(wanted, before)).outs or {}


def update_part(state: State, wanted: State, before: list[State]) -> State:
    """A BgpConfigurationPart updated; its state."""
    return BgpConfigurationPartProvider().update("", state, part_inputs(wanted, before)).outs or {}


def refresh_part(state: State) -> State:
    """A BgpConfigurationPart refreshed; its state."""
    return BgpConfigurationPartProvider().read("", state).outs or {}


def delete_part(state: State) -> None:
    """A BgpConfigurationPart deleted."""
    BgpConfigurationPartProvider().delete("", state)
