"""What BgpPeers declares, seen by Pulumi's mocks; behaviour on Calico is tested on the lab."""

from __future__ import annotations

from typing import Any

from components.calico.bgp_peers import BgpPeers, BgpPeersArgs
from components.calico.own_objects import peer_names
from tests.mocks.recorder import recorded

PEER = "kubernetes:projectcalico.org/v3:BGPPeer"
V4, V6 = "172.34.8.45", "2001:db8::45"
MACHINE: BgpPeersArgs = {"name": "bgppeer-external", "addresses": [V4], "as_number": 65112}


def specs(args: BgpPeersArgs) -> dict[str, dict[str, Any]]:
    """The BGPPeers' specs by their names in the cluster."""
    made = recorded(lambda: BgpPeers("peer", args)).of(PEER).values()
    return {one["metadata"]["name"]: one["spec"] for one in made}


def test_what_nobody_asked_for_is_left_to_calico() -> None:
    assert specs(MACHINE) == {"bgppeer-external": {"peerIP": V4, "asNumber": 65112}}


def test_a_selector_says_which_nodes_peer() -> None:
    chosen = specs({**MACHINE, "addresses": [V4, V6], "options": {"node_selector": "has(edge)"}})
    assert {name: (spec["peerIP"], spec["nodeSelector"]) for name, spec in chosen.items()} == {
        "bgppeer-external": (V4, "has(edge)"),
        "bgppeer-external-v6": (V6, "has(edge)"),
    }


def test_nodes_named_have_a_peer_of_their_own_each() -> None:
    recorder = recorded(
        lambda: BgpPeers("peer", {**MACHINE, "addresses": [V4, V6], "options": {"nodes": ["a", "b.example"]}})
    )
    made = recorder.of(PEER)
    assert sorted(made) == ["peer-a", "peer-b.example", "peer-v6-a", "peer-v6-b.example"]
    assert {
        one["metadata"]["name"]: (one["spec"]["peerIP"], one["spec"]["node"]) for one in made.values()
    } == {
        "bgppeer-external.a": (V4, "a"),
        "bgppeer-external.b.example": (V4, "b.example"),
        "bgppeer-external-v6.a": (V6, "a"),
        "bgppeer-external-v6.b.example": (V6, "b.example"),
    }
    assert sorted(peer_names("bgppeer-external", 2, ["a", "b.example"])) == sorted(
        one["metadata"]["name"] for one in made.values()
    )


def test_nodes_peer_with_nodes_that_a_selector_matches() -> None:
    reflected: BgpPeersArgs = {
        "name": "to-reflectors",
        "peer_selector": "has(reflector)",
        "options": {"node_selector": "!has(reflector)", "restart_time": 120},
    }
    assert specs(reflected) == {
        "to-reflectors": {
            "nodeSelector": "!has(reflector)",
            "peerSelector": "has(reflector)",
            "maxRestartTime": "120s",
        }
    }


def test_every_option_stands_in_the_peer() -> None:
    everything: BgpPeersArgs = {
        **MACHINE,
        "addresses": [V4, V6],
        "filters": ["theirs", "ours"],
        "options": {
            "ttl_hops": 2,
            "restart_time": 5,
            "source_address": "None",
            "next_hop_mode": "Keep",
            "reachable_by": ["172.34.8.1", None],
            "local_as_number": 64999,
            "allowed_local_as_numbers": 1,
        },
    }
    first, second = specs(everything).values()
    assert first == {
        "peerIP": V4,
        "asNumber": 65112,
        "reachableBy": "172.34.8.1",
        "filters": ["theirs", "ours"],
        "ttlSecurity": 2,
        "maxRestartTime": "5s",
        "sourceAddress": "None",
        "nextHopMode": "Keep",
        "localASNumber": 64999,
        "numAllowedLocalASNumbers": 1,
    }
    assert "reachableBy" not in second


def test_what_a_killed_run_left_is_taken_in_and_nothing_else() -> None:
    args: BgpPeersArgs = {
        **MACHINE,
        "options": {"nodes": ["a", "b"]},
        "left_over": {"BGPPeer/bgppeer-external.b"},
    }
    made = recorded(lambda: BgpPeers("peer", args)).made
    assert {one.name: one.resource_id for one in made if one.typ == PEER} == {
        "peer-a": "",
        "peer-b": "bgppeer-external.b",
    }


def test_the_names_are_known_when_the_peers_are_made() -> None:
    seen: list[list[str]] = []

    def program() -> None:
        BgpPeers("peer", {**MACHINE, "options": {"nodes": ["a", "b"]}}).names.apply(seen.append)

    recorded(program)
    assert seen == [["bgppeer-external.a", "bgppeer-external.b"]]
