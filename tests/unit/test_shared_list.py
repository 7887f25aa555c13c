"""What the arithmetic of shared lists promises: others' entries survive, ours come and go."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.shared.shared_list import (
    Entry,
    Shape,
    canonical,
    canonical_list,
    merge,
    missing,
    plan,
    present,
    take_away,
)

SHAPE = Shape(lambda entry: str(entry["cidr"]), lambda network: {"cidr": network})

# Few networks, so that lists meet; host bits, so that spellings differ.
NETWORKS = st.sampled_from(["10.96.0.0/12", "192.168.0.0/16", "10.200.0.0/16", "fd00:10::/48"])
WANTED = st.lists(NETWORKS, unique=True)


@st.composite
def foreign_entries(draw: st.DrawFn) -> dict[str, Any]:
    network = ipaddress.ip_network(draw(NETWORKS))
    host = network.network_address + draw(st.integers(0, 3))
    return {"cidr": f"{host}/{network.prefixlen}", "note": draw(st.sampled_from(["", "theirs"]))}


LISTS: st.SearchStrategy[list[Entry]] = st.lists(foreign_entries(), max_size=6)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("192.168.5.5/16", "192.168.0.0/16"),
        ("10.96.0.0/12", "10.96.0.0/12"),
        ("172.34.8.45", "172.34.8.45/32"),
        ("172.34.8.0/255.255.255.0", "172.34.8.0/24"),
        ("FD00:0010::1/48", "fd00:10::/48"),
    ],
)
def test_a_network_has_one_spelling(written: str, expected: str) -> None:
    assert canonical(written) == expected


@pytest.mark.parametrize("written", ["", "pods", "10.96.0.0/33", "10.96.0/12"])
def test_what_is_no_network_is_named(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not a network; expected for example"):
        canonical(written)


def test_networks_are_listed_once_in_the_order_given() -> None:
    given_twice = ["192.168.5.5/16", "10.96.0.0/12", "192.168.0.0/16"]
    assert canonical_list(given_twice) == ["192.168.0.0/16", "10.96.0.0/12"]


@given(LISTS, WANTED)
def test_merge_only_appends_what_is_missing(current: list[Entry], wanted: list[str]) -> None:
    entries, added = merge(current, wanted, SHAPE)
    assert entries[: len(current)] == current
    assert entries[len(current) :] == [{"cidr": network} for network in added]
    assert added == missing(current, wanted, SHAPE)
    assert present(entries, wanted, SHAPE) == wanted


@given(LISTS, WANTED)
def test_merging_again_adds_nothing(current: list[Entry], wanted: list[str]) -> None:
    entries, _ = merge(current, wanted, SHAPE)
    assert merge(entries, wanted, SHAPE) == (entries, [])


@given(LISTS, WANTED)
def test_taking_away_what_was_added_restores_the_list(current: list[Entry], wanted: list[str]) -> None:
    entries, added = merge(current, wanted, SHAPE)
    assert take_away(entries, added, SHAPE) == current


@given(LISTS, WANTED, WANTED, LISTS)
def test_create_update_and_delete_leave_exactly_what_others_wrote(
    current: list[Entry], first: list[str], second: list[str], later: list[Entry]
) -> None:
    made = plan(current, first, [], SHAPE)
    # Somebody writes in between, in spellings of their own.
    theirs = [entry for entry in later if entry["cidr"] != canonical(entry["cidr"])]
    updated = plan([*made.entries, *theirs], second, made.added, SHAPE)
    assert present(updated.entries, second, SHAPE) == second
    assert set(updated.added) <= set(second)
    removed = plan(updated.entries, [], updated.added, SHAPE)
    assert sorted(map(repr, removed.entries)) == sorted(map(repr, [*current, *theirs]))


@given(LISTS, WANTED)
def test_nothing_is_written_when_nothing_is_missing(current: list[Entry], wanted: list[str]) -> None:
    made = plan(current, wanted, [], SHAPE)
    assert made.changed == bool(made.added)
    assert not plan(made.entries, wanted, made.added, SHAPE).changed


def test_what_was_there_before_us_is_not_ours() -> None:
    made = plan([{"cidr": "10.96.5.5/12"}], ["10.96.0.0/12"], [], SHAPE)
    assert (made.added, made.changed) == ([], False)


def test_what_we_added_and_somebody_removed_is_still_ours_when_added_again() -> None:
    again = plan([], ["10.96.0.0/12"], ["10.96.0.0/12"], SHAPE)
    assert again.added == ["10.96.0.0/12"]
    assert again.changed


def test_what_others_had_and_removed_is_ours_once_we_add_it() -> None:
    assert plan([], ["10.96.0.0/12"], [], SHAPE).added == ["10.96.0.0/12"]


def test_entries_that_can_not_be_ours_are_no_match() -> None:
    shape = Shape(lambda entry: entry.get("cidr"), lambda network: {"cidr": network})
    current: list[Entry] = [{"other": 1}, {"cidr": "rubbish"}]
    made = plan(current, ["10.96.0.0/12"], [], shape)
    assert made.entries == [*current, {"cidr": "10.96.0.0/12"}]
    assert plan(made.entries, [], made.added, shape).entries == current
