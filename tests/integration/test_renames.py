"""Other names for the machine, the cluster, a node's port and the stack, while packets pass: none is lost.

Nothing is made anew but what bears the name itself in the cluster, and nothing stays under the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from lab.external import External
from lab.layout import Layout
from lab.site import HOSTS, NODES, PEER
from lab.traffic import traffic
from tests.integration.conftest import Calico, Changed, Stack, bird_routes, poll
from tests.integration.made_machine import Site, assert_connected
from tests.integration.packets import port
from tests.integration.test_connection import SCENARIO
from tests.on_the_lab import encrypted

PAIRS = {"10.96.0.0/12", "192.168.0.0/16"}
ADDRESS = str(HOSTS[PEER])


def machines(name: str) -> dict[str, Any]:
    """The setting `machines` with the lab's own."""
    return {name: {"machineAddress": ADDRESS}}


def peer_names(calico: Calico) -> set[str]:
    """The names of all BGPPeers in the cluster."""
    found: Any = calico.api.list_cluster_custom_object("projectcalico.org", "v3", "bgppeers")
    return {one["metadata"]["name"] for one in found["items"]}


class Connected:
    """The connection as it has to be whatever it is called."""

    def __init__(self, stack: Stack, machine: External, calico: Calico, cloud: Connection) -> None:
        self.stack, self.machine, self.calico, self.cloud = stack, machine, calico, cloud
        self.environment: dict[str, str] = {}
        self.ports = [port(cloud, node).id for node in NODES]

    def run(self, *words: str, check: bool = True) -> str:
        """Run the engine with the present settings."""
        done = self.stack.run(*words, environment=self.environment, check=check)
        assert check or done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def kept(self) -> list[str]:
        """What must not be made anew: BIRD's process, and the object `default`."""
        default = self.calico.find("bgpconfigurations", "default")
        assert default is not None
        bird = self.machine.run("systemctl", "show", "--property=MainPID", "bird").stdout
        return [bird, default["metadata"]["uid"]]

    def assert_whole(self, peers: set[str]) -> None:
        """Pairs on every port, routes on the machine, and these BGPPeers and no other of ours."""
        for found in map(self.cloud.network.get_port, self.ports):
            assert {pair["ip_address"] for pair in found.allowed_address_pairs} >= PAIRS, found.name
        assert bird_routes(self.machine) == SCENARIO
        assert peer_names(self.calico) == peers
        services = self.calico.spec("bgpconfigurations", "default")["serviceClusterIPs"]
        assert services == [{"cidr": "10.96.0.0/12"}]

    @contextmanager
    def renamed(self, environment: dict[str, str], peers: set[str]) -> Iterator[None]:
        """The block renames; then `up`: no packet is lost, and there is nothing more to do."""
        before = self.kept()
        with traffic(self.machine) as sent:
            yield
            self.environment = environment
            self.run("up", "--yes", "--skip-preview")
        print(sent)
        assert sent.sent and not sent.lost, sent
        self.assert_whole(peers)
        assert self.kept() == before
        self.run("preview", "--refresh", "--expect-no-changes")


@pytest.fixture(scope="module")
def whole(module_stack: Stack, machine: External, calico: Calico, cloud: Connection) -> Iterator[Connected]:
    """The scenario's connection; nothing of it stays, whatever its last name is."""
    made = Connected(module_stack, machine, calico, cloud)
    yield made
    made.run("destroy", "--yes", "--skip-preview")
    for node in NODES:
        assert not {pair["ip_address"] for pair in port(cloud, node).allowed_address_pairs} & PAIRS
    assert calico.find("bgpconfigurations", "default") is None
    assert peer_names(calico) == set()
    assert bird_routes(machine) == {}


@pytest.fixture
def connection(whole: Connected) -> Iterator[Connected]:
    """The connection with the scenario's names, before and after."""
    yield whole
    if whole.stack.name != "lab":
        whole.stack.run("stack", "rename", "lab")
        whole.stack = Stack()
    whole.environment = {}
    whole.run("up", "--yes", "--skip-preview")


def test_machine_and_cluster_may_be_called_anything(
    connection: Connected, changed: Changed, layout: Layout, tmp_path: Path
) -> None:
    """Longer than a minute: four renames under traffic, with a password in all sessions."""
    password = {"bgpPassword": encrypted(tmp_path, layout, "bgpPassword", "correct horse battery")}
    connection.environment = changed(**password)
    connection.run("up", "--yes", "--skip-preview")
    poll("the sessions with a password", lambda: bird_routes(connection.machine) == SCENARIO)
    with connection.renamed(changed(**password, machineName="gateway"), {"bgppeer-gateway"}):
        pass
    named = changed(**password, machines=machines("gateway"), clusters={"production": {}})
    with connection.renamed(named, {"bgppeer-gateway"}):
        pass
    both = changed(**password, machines=machines("edge"), clusters={"live": {"kubeContext": "lab"}})
    with connection.renamed(both, {"bgppeer-edge"}):
        pass
    with connection.renamed(changed(**password), {"bgppeer-external"}):
        pass


def test_a_name_that_moves_on_is_refused_before_anything_is_written(
    connection: Connected, changed: Changed
) -> None:
    other = {"gateway": {"machineAddress": ADDRESS}, "edge": {"machineAddress": "172.34.8.46"}}
    connection.environment = changed(machines=machines("edge"))
    connection.run("up", "--yes", "--skip-preview")
    connection.environment = changed(machines=other)
    said = connection.run("preview", check=False)
    assert "machine gateway is what the state has as edge; and edge is now another machine" in said
    assert "Rename in two runs" in said


def test_a_port_may_be_called_anything(connection: Connected, changed: Changed, cloud: Connection) -> None:
    """Longer than a minute on a busy machine: two renames under traffic."""
    names = {node: node for node in NODES}
    found_by_name: dict[str, Any] = {"nodePortNetwork": ""}
    with connection.renamed(changed(**found_by_name, nodePortNames=[*names]), {"bgppeer-external"}):
        pass
    first = next(iter(NODES))
    made = port(cloud, first)
    try:
        with connection.renamed(
            changed(**found_by_name, nodePortNames=["renamed" if one == first else one for one in names]),
            {"bgppeer-external"},
        ):
            cloud.network.update_port(made, name="renamed")
    finally:
        cloud.network.update_port(made, name=first)


def test_the_stack_may_be_called_anything(connection: Connected, changed: Changed, calico: Calico) -> None:
    """Longer than a minute on a busy machine: two renames under traffic."""

    def mark() -> str:
        found = calico.find("bgppeers", "bgppeer-external")
        assert found is not None
        return str(found["metadata"]["annotations"]["calico-peering/stack"])

    for name in ("renamed", "lab"):
        former = mark()
        with connection.renamed(changed(bgpLogSeverity="Debug"), {"bgppeer-external"}):
            connection.stack.run("stack", "rename", name)
            connection.stack = Stack(name)
            # Before anything is marked anew, everything is still the stack's own.
            connection.run("preview")
            assert mark() == former
        assert mark() == f"calico-peering/{name}"
    annotation = (calico.find("bgpconfigurations", "default") or {})["metadata"]["annotations"]
    assert "renamed" not in str(annotation)


def test_a_machine_that_was_made_here_stays_the_same_vm(site: Site) -> None:
    """Longer than a minute on a busy machine: a VM boots, and is renamed there and back."""
    site.up()
    made = site.server().id
    site.up(machineName="edge")
    found = {one.id: one.name for one in site.cloud.compute.servers()}
    assert found == {made: "edge"}
    assert [one.name.startswith("calico-peering-edge-") for one in site.cloud.compute.keypairs()] == [True]
    assert {one.name for one in site.cloud.network.security_groups()} & {
        "calico-peering-machine-gateway",
        "calico-peering-machine-edge",
    } == {"calico-peering-machine-edge"}
    site.run("preview", "--refresh", "--expect-no-changes", machineName="edge")
    assert [one["state"] for one in site.stack.output("sessions")] == ["Established"] * len(NODES)
    site.up()
    assert site.server().id == made
    assert_connected(site)
