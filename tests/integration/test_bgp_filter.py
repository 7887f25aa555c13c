"""What the nodes take from the machine, and what they keep from it, in both families."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from lab.cluster.pods import PODS
from lab.external import External
from lab.layout import Layout
from tests.integration.conftest import Calico, Changed, Json, Stack, bird_routes, poll
from tests.integration.delivered import Delivery
from tests.integration.node_side import NodeSide, sides
from tests.integration.test_dual_stack import BOTH, routes6

VERSIONS = (4, 6)
BEHIND = {4: "10.50.0.0/16", 6: "fd00:50::/48"}
# A part of what is behind the machine, the whole world, and a block of pods.
ROGUE = {
    4: ["10.50.7.0/24", "0.0.0.0/0", str(PODS[1].block)],
    6: ["fd00:50:0:7::/64", "::/0", str(PODS[1].block6)],
}
WITHHELD = {4: str(PODS[0].block), 6: str(PODS[0].block6)}
SETTINGS: dict[str, Json] = {
    **BOTH,
    "machineNetworks": list(BEHIND.values()),
    "advertise": True,
}


def up(stack: Stack, changed: Changed, **settings: Json) -> None:
    """Apply the stack with advertised networks and these settings."""
    stack.run("up", "--yes", "--skip-preview", environment=changed(**SETTINGS, **settings))


@contextmanager
def announcing(machine: External, prefixes: dict[int, list[str]]) -> Iterator[None]:
    """The machine tells the nodes of these as well, past all that the program's configuration says."""
    conf = "/etc/bird/bird.conf"
    had = machine.run("cat", conf).stdout
    text = re.sub(
        r"export filter to_\w+;", "export filter { if source = RTS_STATIC then accept; reject; };", had
    )
    assert text != had
    for version, some in prefixes.items():
        routes = "".join(f"route {prefix} unreachable;\n" for prefix in some)
        text += f"protocol static rogue{version} {{\nipv{version};\n{routes}}}\n"
    write = f"cat >{conf} && birdc configure"
    answer = Delivery(machine).sh(write, text).stdout
    assert "Reconfigur" in answer, answer
    try:
        yield
    finally:
        Delivery(machine).sh(write, had)


def taken(layout: Layout, wanted: Callable[[int], set[str]]) -> Callable[[], bool]:
    """Whether every node took these very prefixes from the machine, of each family."""
    every = [(side, wanted(version)) for version in VERSIONS for side in sides(layout, version).values()]
    return lambda: all(side.taken() == those for side, those in every)


def kept_from_the_machine(machine: External) -> bool:
    """Whether it has no route to what is withheld, and one to the other pods."""
    return not (set(WITHHELD.values()) & {*bird_routes(machine), *routes6(machine)}) and (
        str(PODS[1].block) in bird_routes(machine) and str(PODS[1].block6) in routes6(machine)
    )


def refused(side: NodeSide, count: int) -> bool:
    """Whether a node's filter refused as many of the machine's prefixes."""
    answer = side.daemon.birdc("show", "protocols", "all")
    [block] = re.findall(r"^Global_\S+.*?(?=^\S|\Z)", answer, re.M | re.S)
    updates = re.search(r"Import updates:\s+(.*)", block)
    # Received, rejected, filtered, ignored, accepted.
    return updates is not None and int(updates[1].split()[2]) >= count


def test_nodes_take_what_the_machine_is_to_announce_and_nothing_else(
    changing: Stack, changed: Changed, machine: External, layout: Layout
) -> None:
    up(changing, changed)
    ours = taken(layout, lambda version: {BEHIND[version]})
    poll("the networks behind the machine", ours)
    for version in VERSIONS:
        for side in sides(layout, version).values():
            assert f"'bgp_bgpfilter-external_importFilterV{version}'();" in side.peering()
            assert BEHIND[version] in side.kernel()
    with announcing(machine, ROGUE):
        # That it was told and refused, BIRD on the nodes counts.
        for version in VERSIONS:
            for side in sides(layout, version).values():
                poll("the nodes to refuse three prefixes", partial(refused, side, 3))
        assert ours()
        for version in VERSIONS:
            for side in sides(layout, version).values():
                assert not set(ROGUE[version]) & side.kernel()
                assert "default" not in side.kernel()


def test_without_the_filter_they_take_all_of_it_and_the_filter_ends_that(
    changing: Stack, changed: Changed, machine: External, layout: Layout, calico: Calico
) -> None:
    up(changing, changed, defaultBgpFilter=False)
    assert calico.find("bgpfilters", "bgpfilter-external") is None
    with announcing(machine, ROGUE):
        poll("every node to take it", taken(layout, lambda version: {BEHIND[version], *ROGUE[version]}))
        up(changing, changed)
        poll("every node to drop it", taken(layout, lambda version: {BEHIND[version]}))


@pytest.fixture
def theirs(calico: Calico) -> Iterator[str]:
    """A filter of somebody else's, who takes a part of what is behind the machine."""
    rule = {"cidr": ROGUE[4][0], "matchOperator": "Equal", "action": "Accept"}
    calico.put("bgpfilters", "BGPFilter", "theirs", {"importV4": [rule]})
    yield "theirs"
    calico.delete("bgpfilters", "theirs")


def test_filters_of_others_are_asked_first_and_networks_are_withheld(
    changing: Stack, changed: Changed, machine: External, layout: Layout, theirs: str
) -> None:
    up(changing, changed, bgpFilters=[theirs], withheldNetworks=list(WITHHELD.values()))
    poll("the machine to know nothing of what is withheld", lambda: kept_from_the_machine(machine))
    with announcing(machine, {version: some[:1] for version, some in ROGUE.items()}):
        poll(
            "the nodes to take it",
            taken(layout, lambda version: {BEHIND[version], *ROGUE[version][: version == 4]}),
        )
    environment = changed(**SETTINGS, bgpFilters=[theirs], withheldNetworks=list(WITHHELD.values()))
    changing.run("preview", "--refresh", "--expect-no-changes", environment=environment)
    changing.up()
    poll("the machine to know all again", lambda: len(bird_routes(machine)) == 3)


def test_a_filter_that_is_not_there_is_named_before_anything_is_done(
    bare_stack: Stack, changed: Changed
) -> None:
    done = bare_stack.run("preview", check=False, environment=changed(bgpFilters=["nobodys"]))
    assert done.returncode != 0
    assert "has no BGPFilter nobodys, which calico-peering:bgpFilters names" in done.stdout + done.stderr


def test_a_rule_taken_out_by_hand_shows_and_is_put_back(stack: Stack, calico: Calico) -> None:
    spec = calico.spec("bgpfilters", "bgpfilter-external")
    calico.put("bgpfilters", "BGPFilter", "bgpfilter-external", {"importV6": spec["importV6"]})
    done = stack.preview("--refresh", "--expect-no-changes", check=False)
    assert done.returncode != 0 and "importV4" in done.stdout
    stack.up("--refresh")
    assert calico.spec("bgpfilters", "bgpfilter-external") == spec
