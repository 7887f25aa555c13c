"""Another owner's BGPPeer that replaces this stack's is refused, with the command that helps."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from components.calico.confd_peerings import list_peerings
from lab.external import External
from lab.layout import Layout
from lab.site import HOSTS, NODES, PEER
from tests.integration.conftest import Calico, Json, Stack, bird_routes, poll
from tests.integration.node_side import NodeSide, sides

# It loads the kubeconfig.
pytestmark = pytest.mark.usefixtures("calico")
MACHINE = str(HOSTS[PEER])
BY_HAND = {"peerIP": f"::ffff:{MACHINE}", "asNumber": 65112}
HARMLESS = {"peerIP": "172.34.8.99", "asNumber": 65112, "nodeSelector": "has(nobody)"}


@contextmanager
def written(calico: Calico, **specs: dict[str, Json]) -> Iterator[None]:
    """BGPPeers by hand, while the block lasts; `_` in a name is a dash."""
    names = {name.replace("_", "-"): spec for name, spec in specs.items()}
    try:
        for name, spec in names.items():
            calico.put("bgppeers", "BGPPeer", name, spec)
        yield
    finally:
        for name in names:
            calico.delete("bgppeers", name)


def rendered(side: NodeSide) -> list[str]:
    """The AS numbers of a node's sessions with the machine, in the order of BIRD's configuration."""
    text = (side.daemon.folder / f"{side.daemon.name}.cfg").read_text()
    return re.findall(rf"neighbor {re.escape(MACHINE)} (?:port \d+ )?as (\d+);", text)


@pytest.mark.main_path
def test_a_first_try_by_hand_is_refused_and_the_command_in_the_error_is_the_way_out(
    no_stack: Stack, calico: Calico, machine: External, layout: Layout
) -> None:
    with written(calico, by_hand=BY_HAND, harmless=HARMLESS):
        for side in sides(layout).values():
            poll("the peering by hand", partial(lambda side: rendered(side) == ["65112"], side))
        refused = no_stack.run("preview", check=False)
        said = refused.stdout + refused.stderr
        assert refused.returncode != 0 and "Traceback" not in said
        line = next(line for line in said.splitlines() if "BGPPeer by-hand" in line)
        assert f"it peers with {MACHINE} from every node" in line
        assert "filters none instead of bgpfilter-external" in line
        assert "Nothing was written" in said and "harmless" not in said
        assert calico.find("bgppeers", "bgppeer-external") is None
        assert calico.find("bgpfilters", "bgpfilter-external") is None

        [command] = re.findall(r"`kubectl delete ([^`]*)`", line)
        kind, name = command.split()
        assert kind == "bgppeers.projectcalico.org"
        calico.delete("bgppeers", name)
        done = no_stack.run("up", "--yes", "--skip-preview")
        assert "harmless" not in done.stdout + done.stderr
        assert len(bird_routes(machine)) == 3
        for side in sides(layout).values():
            assert "bgpfilter-external" in side.peering()
        # A second one beside what is there, of one node: the stack's is preferred, and stays.
        with written(calico, of_a_node={"peerIP": MACHINE, "asNumber": 65200, "node": "node1"}):
            warned = no_stack.run("preview", "--expect-no-changes")
            assert "is ignored there while bgppeer-external exists" in warned.stdout + warned.stderr
            assert rendered(sides(layout)["node1"]) == ["65112"]
    no_stack.destroy()


CASES: dict[str, tuple[dict[str, Json], dict[str, Json]]] = {
    "every node and one": ({"peerIP": f"{MACHINE}:179"}, {"peerIP": MACHINE, "node": "node1"}),
    "every node and a selector of all": ({"peerIP": MACHINE}, {"peerIP": MACHINE, "nodeSelector": "all()"}),
    "another port": ({"peerIP": f"{MACHINE}:1790"}, {"peerIP": MACHINE, "node": "node1"}),
    "two nodes": ({"peerIP": MACHINE, "node": "node1"}, {"peerIP": MACHINE, "node": "node2"}),
}


@pytest.mark.parametrize("case", CASES)
def test_confd_makes_the_sessions_that_the_check_expects(
    no_stack: Stack, calico: Calico, layout: Layout, case: str
) -> None:
    first, second = (
        {**spec, "asNumber": number} for spec, number in zip(CASES[case], (65201, 65202), strict=True)
    )
    with written(calico, first=first, second=second):
        for node in NODES:
            expected: dict[int, str] = {}
            for spec in (first, second):
                [peering] = list_peerings(spec, None)
                if peering.scope.every or node in peering.scope.names:
                    expected.setdefault(peering.port, str(spec["asNumber"]))
            side = sides(layout)[node]
            poll(
                f"{case}: {expected} on {node}",
                partial(lambda side, wanted: rendered(side) == wanted, side, list(expected.values())),
            )


def test_of_two_for_every_node_confd_makes_one_session(
    no_stack: Stack, calico: Calico, layout: Layout
) -> None:
    twice = {"peerIP": f"{MACHINE}:179", "asNumber": 65201}, {"peerIP": BY_HAND["peerIP"], "asNumber": 65202}
    with written(calico, first=twice[0], second=twice[1]):
        for node, side in sides(layout).items():
            poll(f"a session on {node}", partial(lambda side: rendered(side) in (["65201"], ["65202"]), side))
