"""Whose an entry of Calico's `default` is, and `default` itself, when runs are killed and others write too.

A state that a test throws away is one that the engine never saved.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from components.calico.bgp_configuration_provider import BgpConfigurationPartProvider
from components.calico.default_before_provider import DefaultBeforeProvider
from tests.integration.conftest import Calico, Stack
from tests.integration.provided import SERVICES, NewRun, State

THEIRS = "10.200.0.0/16"
OURS = {"serviceClusterIPs": [SERVICES]}


@pytest.fixture
def default(bare_stack: Stack, calico: Calico, new_run: NewRun) -> Iterator[Calico]:
    """Calico without a `default`; none stays."""
    bare_stack.destroy()
    calico.delete("bgpconfigurations", "default")
    yield calico
    calico.delete("bgpconfigurations", "default")


def theirs(calico: Calico, *networks: str, **fields: Any) -> None:
    """What somebody else writes."""
    found = calico.find("bgpconfigurations", "default")
    spec = {**(found["spec"] if found else {}), **fields}
    entries = [*spec.get("serviceClusterIPs", []), *({"cidr": network} for network in networks)]
    calico.put("bgpconfigurations", "BGPConfiguration", "default", {**spec, "serviceClusterIPs": entries})


def listed(calico: Calico) -> list[str]:
    """The networks in `default`."""
    return [
        entry["cidr"] for entry in calico.spec("bgpconfigurations", "default").get("serviceClusterIPs", [])
    ]


def look() -> State:
    props = {"object": "default", "place": f"serviceClusterIPs/{SERVICES}", "stack": "project/stack"}
    return DefaultBeforeProvider().create(props).outs or {}


def look_no_more(state: State) -> None:
    DefaultBeforeProvider().delete("", state)


def create(before: State) -> State:
    known = {name: before[name] for name in ("place", "uid", "listed")}
    props = {
        "object": "default",
        "lists": {"serviceClusterIPs": [SERVICES]},
        "before": [known],
        "stack": "project/stack",
    }
    return BgpConfigurationPartProvider().create(props).outs or {}


def delete(state: State) -> None:
    BgpConfigurationPartProvider().delete("default", state)


def test_a_default_that_a_killed_run_made_is_ours_and_goes(default: Calico, new_run: NewRun) -> None:
    before = look()
    create(before)
    new_run()
    state = create(before)
    assert (state["added"], state["made"]) == (OURS, True)
    delete(state)
    look_no_more(before)
    assert default.find("bgpconfigurations", "default") is None


def test_a_default_that_a_killed_run_made_goes_with_a_destroy(default: Calico, new_run: NewRun) -> None:
    before = look()
    create(before)
    new_run()
    look_no_more(before)
    assert default.find("bgpconfigurations", "default") is None


def test_an_entry_that_a_killed_run_made_is_ours_and_the_rest_stays(default: Calico, new_run: NewRun) -> None:
    theirs(default, THEIRS, logSeverityScreen="Debug")
    was = default.spec("bgpconfigurations", "default")
    before = look()
    create(before)
    new_run()
    state = create(before)
    assert (state["added"], state["made"]) == (OURS, False)
    delete(state)
    look_no_more(before)
    assert default.spec("bgpconfigurations", "default") == was


def test_an_entry_that_a_killed_run_made_goes_with_a_destroy(default: Calico, new_run: NewRun) -> None:
    theirs(default, THEIRS)
    before = look()
    create(before)
    new_run()
    look_no_more(before)
    assert listed(default) == [THEIRS]


def test_an_entry_that_was_there_before_us_stays_whatever_is_killed(default: Calico, new_run: NewRun) -> None:
    theirs(default, SERVICES)
    before = look()
    create(before)
    new_run()
    state = create(before)
    assert state["added"] == {}
    delete(state)
    look_no_more(before)
    assert listed(default) == [SERVICES]


def test_a_default_that_came_between_our_look_and_our_write_is_not_ours(
    default: Calico, new_run: NewRun
) -> None:
    before = look()
    theirs(default, SERVICES)
    state = create(before)
    assert (state["added"], state["made"]) == ({}, False)
    new_run()
    delete(state)
    look_no_more(before)
    assert listed(default) == [SERVICES]


def test_a_default_of_a_killed_run_that_became_shared_is_kept(default: Calico, new_run: NewRun) -> None:
    before = look()
    create(before)
    theirs(default, THEIRS)
    new_run()
    look_no_more(before)
    assert listed(default) == [THEIRS]
