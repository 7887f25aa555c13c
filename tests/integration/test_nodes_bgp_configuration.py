"""What our part of BGPConfiguration `default` makes of the nodes: by the files that the real confd renders,
by their BIRDs, and by the sessions with the machine; and that all of it is gone after `destroy`.

The values are others than Calico's own, which tests/integration/test_bgp_configuration.py has for the object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from kubernetes.client import CoreV1Api

from lab.external import External
from lab.layout import Layout
from lab.site import NODES, NODES6
from tests.integration.conftest import Calico, Changed, Stack, plain, poll
from tests.integration.node_side import NodeSide, annotated, sides

OTHERS, OURS = 64600, 64601
BOTH = (4, 6)
ANNOTATION = "projectcalico.org/ASNumber"


@pytest.fixture
def nodes(layout: Layout) -> list[NodeSide]:
    """Both BIRDs of every node."""
    return [side for version in BOTH for side in sides(layout, version).values()]


@pytest.fixture
def default(no_stack: Stack, calico: Calico, nodes: list[NodeSide]) -> Iterator[Calico]:
    """Calico without a BGPConfiguration, and nodes that run so; afterwards as well."""
    calico.delete("bgpconfigurations", "default")
    poll("the mesh", lambda: all(has_as_number(side, 64512) for side in nodes), 60)
    yield calico
    no_stack.destroy()
    calico.delete("bgpconfigurations", "default")
    poll("the mesh as it was", lambda: all(has_as_number(side, 64512) for side in nodes), 60)


def rendered(side: NodeSide) -> str:
    """What confd has written last, and BIRD was given."""
    return (side.daemon.folder / f"{side.daemon.name}.cfg").read_text()


def mesh(side: NodeSide) -> dict[str, str]:
    """What BIRD says of each session of the mesh, by its name."""
    text = side.daemon.birdc("show", "protocols", "all")
    return {match[1]: match[0] for match in re.finditer(r"^(Mesh_\S+) .*?(?=^\S|\Z)", text, re.M | re.S)}


def has_as_number(side: NodeSide, number: int) -> bool:
    """Whether a node runs with it: in its file, and its sessions of the mesh stand with others that do."""
    told = [text for text in mesh(side).values() if "Established" in text]
    return f"local as {number};" in rendered(side) and [
        re.findall(r"Neighbor AS: +(\d+)", text) for text in told
    ] == [[str(number)]] * (len(NODES) - 1)


def up(stack: Stack, environment: dict[str, str]) -> set[tuple[str, str]]:
    """Apply it; what its verification saw of sessions."""
    stack.run("up", "--yes", "--skip-preview", environment=environment)
    return {(session["neighbor"], session["state"]) for session in stack.output("sessions")}


EVERY = {(str(address), "Established") for address in NODES.values()}


def machines_view(machine: External) -> list[str]:
    """The AS numbers of the nodes whose sessions stand, as the machine's BIRD says."""
    text = machine.run("birdc", "show", "protocols", "all").stdout
    blocks = re.split(r"(?m)^(?=\S)", text)
    return [
        number for one in blocks if "Established" in one for number in re.findall(r"Neighbor AS: +(\d+)", one)
    ]


def test_the_nodes_run_with_the_as_number_that_we_write_and_with_the_old_one_after_us(
    bare_stack: Stack, default: Calico, nodes: list[NodeSide], machine: External, changed: Changed
) -> None:
    default.put("bgpconfigurations", "BGPConfiguration", "default", {"asNumber": OTHERS})
    poll("the nodes' first number", lambda: all(has_as_number(side, OTHERS) for side in nodes), 60)
    settings = changed(calicoAsNumber=OURS, writeCalicoAsNumber=True, bgpConfigurationTakeOver=["asNumber"])
    assert up(bare_stack, settings) == EVERY
    assert machines_view(machine) == [str(OURS)] * len(NODES)
    poll("the nodes' second number", lambda: all(has_as_number(side, OURS) for side in nodes), 60)
    bare_stack.run("destroy", "--yes", "--skip-preview", environment=settings)
    assert default.spec("bgpconfigurations", "default")["asNumber"] == OTHERS
    poll("the first again", lambda: all(has_as_number(side, OTHERS) for side in nodes), 60)


def test_without_the_mesh_nodes_have_only_the_machine_and_destroy_gives_it_back(
    bare_stack: Stack, default: Calico, nodes: list[NodeSide], changed: Changed
) -> None:
    assert up(bare_stack, changed(nodeToNodeMesh="Disabled")) == EVERY
    poll("no mesh", lambda: not any("Mesh_" in rendered(side) or mesh(side) for side in nodes), 30)
    peering = [side.peering() for side in nodes if side.version == 4]
    assert all(peering), "the session with the machine is still there"
    bare_stack.destroy()
    assert default.find("bgpconfigurations", "default") is None
    poll("the mesh again", lambda: all(has_as_number(side, 64512) for side in nodes), 60)


def listening(side: NodeSide) -> str:
    """On which address BIRD is told to listen."""
    return ", ".join(re.findall(r"^listen bgp (.*);$", rendered(side), re.M))


def test_nodes_listen_on_their_own_address_alone_while_we_say_so(
    bare_stack: Stack, default: Calico, nodes: list[NodeSide], changed: Changed
) -> None:
    assert {listening(side) for side in nodes} == {""}
    assert up(bare_stack, changed(bindMode="NodeIP")) == EVERY
    own: dict[int, Mapping[str, object]] = {4: NODES, 6: NODES6}
    wanted = [f"address {own[side.version][side.host.name]}" for side in nodes]
    poll("the nodes' addresses", lambda: [listening(side) for side in nodes] == wanted, 30)
    bare_stack.destroy()
    poll("no such line", lambda: {listening(side) for side in nodes} == {""}, 30)


def refused(stack: Stack, calico: Calico, environment: dict[str, str]) -> str:
    """What `preview` and `up` say, both of which end before anything is written."""
    told = []
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        done = stack.run(*command, check=False, environment=environment)
        assert done.returncode != 0
        told.append(plain(done.stdout + done.stderr))
        assert calico.find("bgppeers", "bgppeer-external") is None
    assert all("would expect AS number 64512 of each node" in text for text in told)
    return told[1]


def test_nodes_with_another_as_number_are_told_before_anything_is_written_and_a_mix_that_fits_is_not(
    bare_stack: Stack, default: Calico, nodes: list[NodeSide], changed: Changed
) -> None:
    settings: dict[str, str] = changed()
    default.put("bgpconfigurations", "BGPConfiguration", "default", {"asNumber": OTHERS})
    poll("the nodes' number", lambda: all(has_as_number(side, OTHERS) for side in nodes), 60)
    text = refused(bare_stack, default, settings)
    assert f"node1, node2, node3, node4: {OTHERS} (asNumber of BGPConfiguration default)" in text
    assert f"set calico-peering:calicoAsNumber to {OTHERS}" in text
    with (
        annotated({ANNOTATION: str(OURS)}, "node4"),
        annotated({ANNOTATION: "64512"}, "node1", "node2", "node3"),
    ):
        text = refused(bare_stack, default, settings)
        assert f"node4: {OURS} (annotation {ANNOTATION} of the Node)" in text
        assert "node1" not in text
        CoreV1Api().patch_node("node4", {"metadata": {"annotations": {ANNOTATION: "0.64512"}}})
        # Each has the number that is expected, and none by what holds for all.
        assert up(bare_stack, settings) == EVERY
        bare_stack.destroy()
