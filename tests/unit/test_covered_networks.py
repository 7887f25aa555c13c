"""Lists in which an entry stands for every network inside it: what is only covered is not ours."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from components.shared.shared_list import Entry, Shape, covered, missing, plan, present

OWN, OTHER = "fa:16:3e:00:00:01", "fa:16:3e:00:00:02"


def text(entry: Entry) -> str | None:
    return None if entry.get("mac") == OTHER else str(entry["cidr"])


SHAPE = Shape(text, lambda network: {"cidr": network}, covers=True)
# Of both families, nested several times, so that lists meet.
NETWORKS = [
    "0.0.0.0/0",
    "192.168.0.0/16",
    "192.168.128.0/17",
    "192.168.192.0/18",
    "10.96.0.0/12",
    "::/0",
    "fd00:10::/48",
    "fd00:10:0:1::/64",
]
WANTED = st.lists(st.sampled_from(NETWORKS), unique=True, max_size=4)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    network = ipaddress.ip_network(draw(st.sampled_from(NETWORKS)))
    host = network.network_address + draw(st.integers(0, 1))
    mac = draw(st.sampled_from([None, OWN, OTHER]))
    return {"cidr": f"{host}/{network.prefixlen}", **({"mac": mac} if mac else {})}


LISTS: st.SearchStrategy[list[Entry]] = st.lists(entries(), max_size=4)


def passes(entries: list[Entry], network: str) -> bool:
    """Whether a packet from everywhere in a network passes, as Neutron has it, by one entry."""
    inner = ipaddress.ip_network(network)
    for entry in entries:
        outer = ipaddress.ip_network(entry["cidr"], strict=False)
        inside = inner.version == outer.version and inner.prefixlen >= outer.prefixlen
        if inside and inner.network_address in outer and entry.get("mac") != OTHER:
            return True
    return False


@given(LISTS, WANTED)
def test_what_passes_is_not_missing_and_what_does_not_is(current: list[Entry], wanted: list[str]) -> None:
    assert present(current, wanted, SHAPE) == [one for one in wanted if passes(current, one)]
    assert missing(current, wanted, SHAPE) == [one for one in wanted if not passes(current, one)]
    for network, cover in covered(current, wanted, SHAPE).items():
        assert network != cover and passes(current, network) and passes(current, cover)


@given(LISTS, WANTED)
def test_after_a_plan_everything_passes_and_a_second_one_changes_nothing(
    current: list[Entry], wanted: list[str]
) -> None:
    made = plan(current, wanted, wanted, SHAPE)
    assert all(passes(made.entries, one) for one in wanted)
    again = plan(made.entries, wanted, made.added, SHAPE)
    assert (again.changed, again.added) == (False, made.added)


@given(LISTS, WANTED)
def test_only_what_has_an_entry_of_its_own_is_ours(current: list[Entry], wanted: list[str]) -> None:
    """Whatever is claimed: with nothing in the state yet, and with all of it."""
    for ours in ([], wanted):
        made = plan(current, wanted, ours, SHAPE)
        own = {text(entry) for entry in made.entries}
        spelled = {str(ipaddress.ip_network(one, strict=False)) for one in own if one}
        assert {*made.added} <= spelled
        assert not {*made.added} & covered(made.entries, made.added, SHAPE).keys()


@given(LISTS, WANTED, WANTED, LISTS)
def test_others_entries_stay_whatever_covers_what_and_when(
    current: list[Entry], first: list[str], second: list[str], later: list[Entry]
) -> None:
    made = plan(current, first, [], SHAPE)
    # Somebody writes in between, in spellings of their own.
    theirs = [entry for entry in later if entry["cidr"] != str(ipaddress.ip_network(entry["cidr"], False))]
    updated = plan([*made.entries, *theirs], second, made.added, SHAPE)
    assert all(passes(updated.entries, one) for one in second)
    removed = plan(updated.entries, [], updated.added, SHAPE)
    assert sorted(map(repr, removed.entries)) == sorted(map(repr, [*current, *theirs]))


def test_a_cover_that_came_later_leaves_ours_ours() -> None:
    made = plan([], ["192.168.0.0/16"], [], SHAPE)
    cover = {"cidr": "0.0.0.0/0"}
    again = plan([*made.entries, cover], ["192.168.0.0/16"], made.added, SHAPE)
    assert (again.changed, again.added) == (False, ["192.168.0.0/16"])
    assert plan(again.entries, [], again.added, SHAPE).entries == [cover]


def test_a_cover_that_went_is_replaced_by_ours() -> None:
    cover = {"cidr": "0.0.0.0/0"}
    made = plan([cover], ["192.168.128.0/17"], [], SHAPE)
    assert (made.changed, made.added) == (False, [])
    gone = plan([], ["192.168.128.0/17"], made.added, SHAPE)
    assert gone.added == ["192.168.128.0/17"]


def test_what_one_of_ours_covered_gets_its_own_entry_when_that_goes() -> None:
    made = plan(
        [{"cidr": "192.168.0.0/16"}], ["192.168.0.0/16", "192.168.128.0/17"], ["192.168.0.0/16"], SHAPE
    )
    assert made.added == ["192.168.0.0/16"]
    narrower = plan(made.entries, ["192.168.128.0/17"], made.added, SHAPE)
    assert (narrower.entries, narrower.added) == ([{"cidr": "192.168.128.0/17"}], ["192.168.128.0/17"])


def test_a_list_in_which_nothing_covers_needs_each_network_itself() -> None:
    plain = Shape(text, lambda network: {"cidr": network})
    assert plan([{"cidr": "0.0.0.0/0"}], ["10.96.0.0/12"], [], plain).added == ["10.96.0.0/12"]
