"""Which sessions nodes should have at each step from mesh to reflectors, and what a report lacks of it."""

from typing import Any

import pytest

from components.calico.expected_sessions import MESH, PEER, Node, View, lacking, report

ID = "244.0.0.1"
ADDRESSES = {name: f"10.0.0.{number}" for number, name in enumerate("abcd", 1)}
BLOCK = {name: f"192.168.{number}.0/26" for number, name in enumerate("abcd", 1)}


def cluster(*reflectors: str, mesh: bool = True, **changed: Any) -> View:
    """Nodes a to d, of which some are our reflectors."""
    nodes = [
        Node(name, [address], ID if name in reflectors else "", name in reflectors)
        for name, address in ADDRESSES.items()
    ]
    return View([changed.get(node.name, node) for node in nodes], mesh)


def kinds(view: View, name: str) -> dict[str, str]:
    """The sessions that a node should have: by node, of which kind."""
    [node] = (one for one in view.nodes if one.name == name)
    return {session.node: session.kind for session in view.sessions(node)}


def status(sessions: dict[str, str], routes: dict[str, str], state: str = "Established") -> dict[str, Any]:
    """A CalicoNodeStatus' status, as Calico 3.31 writes it: sessions by node and kind, routes by source."""
    types = {MESH: "NodeMesh", PEER: "NodePeer"}
    return {
        "lastUpdated": "2026-11-26T20:00:00Z",
        "bgp": {
            "peersV4": [
                {"peerIP": ADDRESSES[node], "type": types[kind], "state": state, "since": "20:00:00"}
                for node, kind in sessions.items()
            ]
        },
        "routes": {
            "routesV4": [
                {"destination": destination, "type": "RIB", "learnedFrom": _source(source)}
                for source, destinations in routes.items()
                for destination in destinations.split()
            ]
        },
    }


def _source(text: str) -> dict[str, str]:
    kind, _, name = text.partition(" ")
    return {"sourceType": kind, "peerIP": ADDRESSES[name]} if name else {"sourceType": kind}


def lacks(view: View, name: str, found: dict[str, Any], own: frozenset[str] = frozenset()) -> list[str]:
    [node] = (one for one in view.nodes if one.name == name)
    return lacking(view, node, report(found), own)


def test_in_the_mesh_every_node_has_a_session_with_every_other_one() -> None:
    assert kinds(cluster(), "a") == {"b": MESH, "c": MESH, "d": MESH}


def test_a_reflector_is_in_no_mesh_and_the_others_stay_in_it() -> None:
    view = cluster("a")
    assert kinds(view, "a") == {"b": PEER, "c": PEER, "d": PEER}
    assert kinds(view, "b") == {"a": PEER, "c": MESH, "d": MESH}


def test_without_the_mesh_the_reflectors_are_left() -> None:
    view = cluster("a", "b", mesh=False)
    assert kinds(view, "c") == {"a": PEER, "b": PEER}
    assert kinds(view, "a") == {"b": PEER, "c": PEER, "d": PEER}


def test_without_mesh_and_reflectors_of_ours_nothing_is_expected() -> None:
    assert kinds(cluster(mesh=False), "a") == {}


def test_reflectors_of_somebody_else_are_in_no_mesh_and_not_waited_for() -> None:
    view = cluster(a=Node("a", ["10.0.0.1"], "1.1.1.1"))
    assert kinds(view, "a") == {}
    assert kinds(view, "b") == {"c": MESH, "d": MESH}


def test_nothing_is_expected_of_a_node_that_is_not_ready() -> None:
    view = cluster(b=Node("b", ["10.0.0.2"], ready=False))
    assert [node.name for node in view.ready] == ["a", "c", "d"]
    assert kinds(view, "a") == {"c": MESH, "d": MESH}


def test_a_session_of_a_family_needs_both_ends_to_have_an_address_of_it() -> None:
    both = View([Node("a", ["10.0.0.1", "fd00::1"]), Node("b", ["fd00::2"]), Node("c", ["10.0.0.3"])], True)
    assert [(one.node, one.address) for one in both.sessions(both.nodes[0])] == [
        ("b", "fd00::2"),
        ("c", "10.0.0.3"),
    ]
    assert both.sessions(both.nodes[1])[0].address == "fd00::1"


def test_a_node_that_reported_nothing_is_named() -> None:
    assert lacks(cluster(), "a", {}) == ["a has reported nothing: does calico-node run there?"]


@pytest.mark.parametrize("state", ["Active", "Connect", "OpenSent", "Idle"])
def test_a_session_that_does_not_stand_is_named_with_both_ends(state: str) -> None:
    found = status({"b": MESH, "c": MESH, "d": MESH}, {}, state)
    assert lacks(cluster(), "a", found)[0] == (
        f"a: its session with b (10.0.0.2) by the node-to-node mesh is {state}"
    )


def test_the_meshs_session_does_not_count_for_the_reflectors() -> None:
    """As between our mark and confd's answer to it."""
    found = status({"a": MESH, "c": MESH, "d": MESH}, {})
    assert lacks(cluster("a"), "b", found) == [
        "b: its session with a (10.0.0.1) by the route reflectors' BGPPeer is not there"
    ]


STANDING = {"a": PEER, "b": PEER, "d": MESH}


def test_both_ways_are_to_have_the_same_routes() -> None:
    routes = {
        "Static": BLOCK["c"],
        "NodeMesh d": BLOCK["d"],
        "BGPPeer a": f"{BLOCK['a']} {BLOCK['d']}",
        "BGPPeer b": f"{BLOCK['b']} {BLOCK['d']}",
    }
    own = frozenset({BLOCK["a"], BLOCK["b"]})
    assert lacks(cluster("a", "b"), "c", status(STANDING, routes), own) == []


def test_a_route_of_the_mesh_that_one_reflector_has_not_handed_on_is_named() -> None:
    routes = {"NodeMesh d": BLOCK["d"], "BGPPeer a": BLOCK["d"]}
    assert lacks(cluster("a", "b"), "c", status(STANDING, routes)) == [f"c has {BLOCK['d']} not yet by b"]


def test_on_the_way_back_a_route_of_the_reflectors_that_the_mesh_has_not_is_named() -> None:
    routes = {"BGPPeer a": f"{BLOCK['d']} {BLOCK['b']}", "BGPPeer b": BLOCK["d"], "NodeMesh d": ""}
    own = frozenset({BLOCK["a"], BLOCK["b"]})
    found = status(STANDING, routes)
    assert lacks(cluster("a", "b"), "c", found, own) == [
        f"c has {BLOCK['d']} not yet by the node-to-node mesh"
    ]


def test_with_the_mesh_off_routes_need_no_second_way() -> None:
    found = status({"a": PEER, "b": PEER}, {"BGPPeer a": BLOCK["d"]})
    assert lacks(cluster("a", "b", mesh=False), "c", found) == []


def test_another_port_in_a_sessions_name_is_no_part_of_the_address() -> None:
    found = status({}, {"BGPPeer a": BLOCK["d"]})
    found["routes"]["routesV4"][0]["learnedFrom"]["peerIP"] = "10.0.0.1.port.1790"
    read = report(found)
    assert read and read.learned == {(PEER, "10.0.0.1"): {BLOCK["d"]}}


def test_addresses_of_ipv6_are_compared_as_addresses() -> None:
    found = report(
        {
            "lastUpdated": "now",
            "bgp": {"peersV6": [{"peerIP": "FD00:0::2", "type": "NodeMesh", "state": "Established"}]},
        }
    )
    view = View([Node("a", ["fd00::1"]), Node("b", ["fd00::2"])], True)
    assert lacking(view, view.nodes[0], found, frozenset()) == []
