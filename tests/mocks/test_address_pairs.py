"""What AddressPairs declares, seen by Pulumi's mocks; behaviour on Neutron is tested on the lab."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.ports.address_pairs import AddressPairs
from components.ports.port_pairs_provider import PortPairsProvider
from components.ports.ports_before_provider import PortsBeforeProvider
from tests.mocks.recorder import recorded

PORTS = {"172.34.8.10": "port-1", "172.34.8.30": "port-2"}
NETWORKS = ["192.168.0.0/16", "10.96.0.0/12"]
BEFORE = "pulumi-python:dynamic/calico-peering:PortsBefore"
TYPE = "pulumi-python:dynamic/calico-peering:PortPairs"


@pytest.mark.parametrize("preview", [False, True])
def test_each_port_gets_one_resource_with_all_networks(preview: bool) -> None:
    def program() -> None:
        AddressPairs("pairs", {"ports": PORTS, "networks": NETWORKS, "cloud": "lab"})

    made = recorded(program, preview=preview).of(TYPE)
    assert {name: inputs["port_id"] for name, inputs in made.items()} == {
        "pairs-port-1": "port-1",
        "pairs-port-2": "port-2",
    }
    for inputs in made.values():
        assert inputs["networks"] == NETWORKS
        assert inputs["cloud"] == "lab"


def test_without_a_cloud_the_environment_decides() -> None:
    def program() -> None:
        AddressPairs("pairs", {"ports": PORTS, "networks": NETWORKS})

    assert all(inputs.get("cloud") is None for inputs in recorded(program).of(TYPE).values())


def test_the_output_says_which_networks_are_ours() -> None:
    seen: list[dict[str, list[str]]] = []

    def program() -> None:
        pairs = AddressPairs("pairs", {"ports": PORTS, "networks": NETWORKS})
        pairs.added.apply(seen.append)

    recorded(program, outputs={TYPE: {"added": NETWORKS[:1]}})
    assert seen == [{"172.34.8.10": NETWORKS[:1], "172.34.8.30": NETWORKS[:1]}]


def test_resources_are_children_of_the_component() -> None:
    def program() -> None:
        AddressPairs("pairs", {"ports": PORTS, "networks": NETWORKS})

    urns = recorded(program).urns(TYPE)
    assert len(urns) == len(PORTS)
    assert all(f"calico-peering:index:AddressPairs${TYPE}::" in urn for urn in urns)


def test_what_was_there_before_us_is_looked_up_first_and_is_not_ours() -> None:
    def program() -> None:
        AddressPairs("pairs", {"ports": PORTS, "networks": ["192.168.5.5/16", "10.96.0.0/12"]})

    recorder = recorded(program, outputs={BEFORE: {"before": ["port-2"]}})
    # The two do not wait for each other.
    assert sorted([made.name for made in recorder.made if made.custom][:2]) == [
        "pairs-before-10.96.0.0/12",
        "pairs-before-192.168.0.0/16",
    ]
    for inputs in recorder.of(BEFORE).values():
        assert inputs["ports"] == ["port-1", "port-2"]
    made = recorder.of(TYPE)
    assert made["pairs-port-1"]["before"] == []
    assert made["pairs-port-2"]["before"] == NETWORKS


def test_a_port_without_port_security_is_named_and_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, resource=None: warned.append(text))

    def program() -> None:
        unfiltered = {"172.34.8.30": "port port-2 (node2)"}
        AddressPairs("pairs", {"ports": PORTS, "networks": NETWORKS, "unfiltered": unfiltered})

    recorder = recorded(program)
    assert ["port port-2 (node2)" in text for text in warned] == [True]
    assert all(inputs["ports"] == ["port-1"] for inputs in recorder.of(BEFORE).values())
    made = recorder.of(TYPE)
    # Which of two is declared first is left to chance.
    assert {each["port_id"]: each["filtered"] for each in made.values()} == {"port-1": True, "port-2": False}


def test_a_group_is_attached_to_every_port_and_taken_off_before_it_goes() -> None:
    def program() -> None:
        AddressPairs("pairs", {"ports": PORTS, "networks": NETWORKS, "security_group": "group-1"})

    recorder = recorded(program)
    assert recorder.of(BEFORE)["pairs-before-security-group"]["security_group"] == "group-1"
    assert {inputs["security_group"] for inputs in recorder.of(TYPE).values()} == {"group-1"}


def test_without_ports_nothing_is_asked_of_openstack() -> None:
    assert (
        recorded(lambda: AddressPairs("pairs", {"ports": {}, "networks": NETWORKS})).made[0].custom is False
    )
    assert not recorded(lambda: AddressPairs("pairs", {"ports": {}, "networks": NETWORKS})).of(BEFORE)


class TestComparing:
    """The provider's check and diff, which need no Neutron."""

    provider = PortPairsProvider()
    state: dict[str, Any] = {"port_id": "p", "networks": NETWORKS, "added": NETWORKS}  # noqa: RUF012

    def differs(self, **news: Any) -> tuple[bool | None, list[str] | None]:
        found = self.provider.diff("p", self.state, {"port_id": "p", "networks": NETWORKS, **news})
        return found.changes, found.replaces

    def test_the_same_networks_in_another_order_are_no_difference(self) -> None:
        assert self.differs(networks=NETWORKS[::-1]) == (False, [])

    def test_other_networks_are_an_update(self) -> None:
        assert self.differs(networks=NETWORKS[:1]) == (True, [])

    def test_another_port_is_a_replacement(self) -> None:
        assert self.differs(port_id="q") == (True, ["port_id"])

    def test_another_name_of_the_cloud_is_no_replacement(self) -> None:
        assert self.differs(cloud="other") == (True, [])

    def test_another_group_and_port_security_switched_on_are_updates(self) -> None:
        assert self.differs(security_group="group") == (True, [])
        assert self.differs(filtered=False) == (True, [])
        assert self.differs(filtered=True) == (False, [])

    def test_what_was_there_before_is_no_difference(self) -> None:
        assert self.differs(before=NETWORKS) == (False, [])
        assert self.differs(before=pulumi.runtime.rpc.UNKNOWN) == (False, [])

    def test_ports_in_another_order_are_not_looked_at_again(self) -> None:
        state = {"networks": NETWORKS[:1], "ports": ["p", "q"]}
        provider = PortsBeforeProvider()
        assert provider.diff("x", state, {**state, "ports": ["q", "p"]}).changes is False
        assert provider.diff("x", state, {**state, "ports": ["p"]}).changes is True
        unknown = {**state, "ports": [pulumi.runtime.rpc.UNKNOWN, "q"]}
        assert provider.diff("x", state, unknown).changes is True

    @pytest.mark.parametrize("networks", [pulumi.runtime.rpc.UNKNOWN, [pulumi.runtime.rpc.UNKNOWN]])
    def test_unknown_networks_are_an_update(self, networks: Any) -> None:
        assert self.differs(networks=networks) == (True, [])
        assert not self.provider.check({}, {"port_id": "p", "networks": networks}).failures

    def test_networks_are_stored_canonically(self) -> None:
        checked = self.provider.check({}, {"port_id": "p", "networks": ["192.168.5.5/16"]})
        assert checked.inputs["networks"] == ["192.168.0.0/16"]

    def test_a_bad_network_is_a_failure_of_that_input(self) -> None:
        checked = self.provider.check({}, {"port_id": "p", "networks": ["pods"]})
        assert [(each.property, "'pods'" in each.reason) for each in checked.failures] == [("networks", True)]
