"""What RouteReflectors declares and in which order, seen by Pulumi's mocks; on the lab is what it does."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.calico.route_reflectors import RouteReflectors, RouteReflectorsArgs
from tests.mocks.recorder import Recorder, recorded

ARGS: RouteReflectorsArgs = {
    "nodes": ["node3", "node4"],
    "cluster_id": "244.0.0.1",
    "timeout": 120,
    "reach": {"kubeconfig": "~/site.kubeconfig", "context": None},
}
DYNAMIC = "pulumi-python:dynamic/calico-peering:"
PEER = "kubernetes:projectcalico.org/v3:BGPPeer"
MARK, BEFORE, SESSIONS = (f"{DYNAMIC}{kind}" for kind in ("NodeMark", "NodeBefore", "NodeSessions"))
PART = f"{DYNAMIC}BgpConfigurationPart"
LOOKED: dict[str, dict[str, Any]] = {
    BEFORE: {"uid": "1", "values": {}},
    MARK: {"written": 1},
    SESSIONS: {"nodes": 4},
}


def declared(preview: bool = False, **changes: Any) -> Recorder:
    args: RouteReflectorsArgs = {**ARGS, **changes}  # type: ignore[typeddict-item]  # as the test says
    return recorded(lambda: RouteReflectors("reflectors", args), preview=preview, outputs=LOOKED)


@pytest.mark.parametrize("preview", [False, True])
def test_each_step_comes_after_the_one_that_has_to_carry_the_routes(preview: bool) -> None:
    made = [one.name for one in declared(preview).made if one.custom]
    order = [name for name in made if "before" not in name]
    assert order == [
        "reflectors-peer",
        "reflectors-sessions",
        "reflectors-mark-node3",
        "reflectors-sessions-node3",
        "reflectors-mark-node4",
        "reflectors-sessions-node4",
        "reflectors-mesh",
    ]
    assert made.index("reflectors-mesh-before") > made.index("reflectors-sessions-node4")


def test_all_nodes_peer_with_those_that_bear_our_label() -> None:
    [peer] = declared().of(PEER).values()
    assert peer["metadata"]["name"] == "route-reflectors-244.0.0.1"
    assert peer["metadata"]["annotations"] == {"calico-peering/stack": "project/stack"}
    assert peer["spec"] == {
        "nodeSelector": "all()",
        "peerSelector": "calico-peering/route-reflector == '244.0.0.1'",
    }


def test_the_mesh_is_one_value_of_an_object_that_is_not_ours() -> None:
    [part] = declared().of(PART).values()
    assert (part["values"], part["lists"]) == ({"nodeToNodeMeshEnabled": False}, {})


def test_marks_know_what_was_there_before() -> None:
    marks = declared().of(MARK)
    assert {one["node"] for one in marks.values()} == {"node3", "node4"}
    assert all(one["before"] == {"uid": "1", "values": {}} for one in marks.values())


def test_a_mark_that_was_written_anew_is_waited_for_anew() -> None:
    waits = declared().of(SESSIONS)
    assert {name: one["after"] for name, one in waits.items()} == {
        "reflectors-sessions": "",
        "reflectors-sessions-node3": "1",
        "reflectors-sessions-node4": "1",
    }


def test_what_is_in_default_already_is_written_before() -> None:
    def program() -> None:
        other = pulumi.CustomResource("test:index:Other", "other")
        RouteReflectors("reflectors", {**ARGS, "after": [other]})

    made = [one.name for one in recorded(program, outputs=LOOKED).made]
    assert made.index("other") < made.index("reflectors-mesh-before")


def test_a_peer_that_a_killed_run_left_is_taken_in() -> None:
    [peer] = (one for one in declared(left_over=True).made if one.typ == PEER)
    assert peer.resource_id == "route-reflectors-244.0.0.1"
