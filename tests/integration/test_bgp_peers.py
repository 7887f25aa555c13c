"""Which nodes peer and how: what Calico renders of it, what the machine routes, and what `up` waits for."""

import re
from collections.abc import Iterator
from functools import partial

import pytest

from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_URL
from lab.external import External
from lab.layout import Layout
from lab.routing import PREFIXES
from lab.site import HOSTS, NODES, PEER
from tests.integration.conftest import Calico, Changed, Json, Stack, poll
from tests.integration.node_side import NodeSide, annotated, from_nothing, hops, labelled, sides
from tests.integration.packets import answers, within

# It loads the kubeconfig.
pytestmark = pytest.mark.usefixtures("calico")
EDGE = "has(calico-peering-test/edge)"
OWNERS = {str(pod.block): {pod.node} for pod in PODS}
SERVICE, *BLOCKS = PREFIXES
# Nobody else has it, and no node has a route to it.
FAR = "172.35.9.45"


def up(stack: Stack, changed: Changed, **settings: Json) -> str:
    """Apply the stack with other settings; what it said."""
    done = stack.run("up", "--yes", "--skip-preview", environment=changed(**settings))
    return done.stdout + done.stderr


def states(stack: Stack) -> dict[str, str]:
    """The sessions that the verification saw: node → state."""
    names = {str(address): node for node, address in NODES.items()}
    return {names[session["neighbor"]]: session["state"] for session in stack.output("sessions")}


def through(*nodes: str) -> dict[str, set[str]]:
    """Every prefix by way of these nodes."""
    return {prefix: set(nodes) for prefix in PREFIXES}


def unknown(side: NodeSide) -> bool:
    """Whether a node has no route to the address elsewhere."""
    return FAR not in side.host.run("ip", "route").stdout


def reachable(machine: External) -> None:
    """See that pods, also those on nodes that do not peer, and the service answer."""
    for url in (*(pod.url for pod in PODS), SERVICE_URL):
        within(f"{url} answers", partial(answers, machine, url))


def test_only_nodes_with_a_label_peer_and_pods_on_the_others_answer(
    changing: Stack, changed: Changed, machine: External, layout: Layout
) -> None:
    chosen = {"node2", "node4"}
    with labelled({"calico-peering-test/edge": ""}, *chosen):
        # In one of them with the nodes listed, in the other with the cluster's.
        for nodes in ({}, {"nodes": [], "nodesFromCluster": True}):
            up(changing, changed, peerNodeSelector=EDGE, **nodes)
            assert states(changing) == dict.fromkeys(chosen, "Established")
        hops(machine, through(*chosen))
        from_nothing("nodes with a label", machine, through(*chosen))
        rendered = {node for node, side in sides(layout).items() if side.peering()}
        assert rendered == chosen
        assert {PODS[0].node, PODS[1].node} - chosen, "of a pod the node does not peer"
        reachable(machine)
        environment = changed(peerNodeSelector=EDGE)
        changing.run("preview", "--refresh", "--expect-no-changes", environment=environment)


def test_nodes_by_name_have_a_peer_of_their_own_each(
    changing: Stack, changed: Changed, machine: External, layout: Layout, calico: Calico
) -> None:
    chosen = {"node1", "node3"}
    up(changing, changed, peerNodes=sorted(chosen), nodeSourceAddress="None", nodeLocalAsNumber=64999)
    # What every node had goes when the run ends, and with it the sessions by which it was verified.
    hops(machine, through(*chosen))
    assert calico.find("bgppeers", "bgppeer-external") is None
    assert calico.spec("bgppeers", "bgppeer-external.node1")["node"] == "node1"
    told = {node: side.peering() for node, side in sides(layout).items() if side.peering()}
    assert set(told) == chosen
    for text in told.values():
        assert "local as 64999;" in text and "source address" not in text
    up(changing, changed, peerNodes=sorted(chosen), nodeSourceAddress="UseNodeIP")
    assert states(changing) == dict.fromkeys(chosen, "Established")
    assert "source address 172.34.8.10;" in sides(layout)["node1"].peering()
    from_nothing("nodes by name, with their source address", machine, through(*chosen))


def test_a_node_that_is_not_there_and_a_label_that_nobody_has_are_told_before_anything_is_done(
    changing: Stack, changed: Changed
) -> None:
    for settings, words in (
        (
            {"peerNodes": ["node1", "node9"]},
            "peerNodes: there is no node node9; the cluster has node1, node2",
        ),
        ({"peerNodeSelector": EDGE}, f"peerNodeSelector: {EDGE} matches no node's labels"),
    ):
        done = changing.run("preview", check=False, environment=changed(**settings))
        assert done.returncode != 0
        assert words in done.stdout + done.stderr


def test_with_the_next_hop_kept_each_block_has_its_own_node_as_the_only_one(
    changing: Stack, changed: Changed, machine: External
) -> None:
    up(changing, changed, neighbors="listed")
    hops(machine, through(*NODES))
    from_nothing("listed neighbors", machine, through(*NODES))
    up(changing, changed, neighbors="listed", nodeNextHopMode="Keep")
    assert states(changing) == dict.fromkeys(NODES, "Established")
    from_nothing("next hops kept", machine, {SERVICE: set(NODES), **OWNERS})
    reachable(machine)


def test_a_machine_that_speaks_from_an_address_elsewhere_is_reached_by_its_gateway(
    changing: Stack, changed: Changed, machine: External, layout: Layout
) -> None:
    machine.run("ip", "address", "add", f"{FAR}/32", "dev", "lo")
    try:
        up(
            changing,
            changed,
            machineAddress=FAR,
            sshHost=str(HOSTS[PEER]),
            multihop=2,
            reachableBy=str(HOSTS[PEER]),
            ttlSecurity=True,
            nodeSecurityGroup=True,
        )
        assert states(changing) == dict.fromkeys(NODES, "Established")
        hops(machine, through(*NODES))
        from_nothing("multihop, from another address", machine, through(*NODES))
        for side in sides(layout).values():
            assert "multihop 2;" in side.peering(FAR)
            assert f"{FAR} via {HOSTS[PEER]} dev eth0 proto bird" in side.host.run("ip", "route").stdout
        reachable(machine)
    finally:
        changing.up()
        machine.run("ip", "address", "del", f"{FAR}/32", "dev", "lo")
    hops(machine, through(*NODES))
    for side in sides(layout).values():
        poll(f"{FAR} to be forgotten", partial(unknown, side))


@pytest.fixture
def reflector(calico: Calico) -> Iterator[str]:
    """A node that reflects all others' routes, made so by hand."""
    node, label = "node2", "calico-peering-test/reflector"
    spec = {"nodeSelector": "all()", "peerSelector": f"has({label})"}
    with (
        annotated({"projectcalico.org/RouteReflectorClusterID": "244.0.0.1"}, node),
        labelled({label: ""}, node),
    ):
        calico.put("bgppeers", "BGPPeer", "to-the-reflector", spec)
        try:
            yield node
        finally:
            calico.delete("bgppeers", "to-the-reflector")


def test_a_route_reflector_alone_tells_the_machine_of_every_block(
    reflector: str, changing: Stack, changed: Changed, machine: External, layout: Layout
) -> None:
    only = "has(calico-peering-test/reflector)"
    up(changing, changed, peerNodeSelector=only, neighbors="listed")
    assert states(changing) == {reflector: "Established"}
    from_nothing("a route reflector", machine, through(reflector))
    reachable(machine)
    assert re.search(r"multihop;", sides(layout)[reflector].peering())
    # It reflects, and stands in nobody's way.
    up(changing, changed, peerNodeSelector=only, neighbors="listed", nodeNextHopMode="Keep")
    assert states(changing) == {reflector: "Established"}
    from_nothing("a route reflector, next hops kept", machine, {SERVICE: {reflector}, **OWNERS})
    reachable(machine)
