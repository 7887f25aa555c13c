"""Whose an entry or a value of Calico's `default` is, and `default` itself, when runs are killed and others
write too.

A state that a test throws away is one that the engine never saved.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from components.calico import bgp_configuration_writer
from components.calico.service_networks_provider import ServiceNetworksProvider
from components.shared.provider_errors import ProviderError
from tests.integration.conftest import Calico, Stack
from tests.integration.provided import (
    SERVICES,
    NewRun,
    State,
    create_part,
    delete_part,
    look_at,
    look_at_no_more,
    update_part,
)

THEIRS = "10.200.0.0/16"
OURS = {"serviceClusterIPs": [SERVICES]}
SERVICE: State = {"lists": OURS}
VALUE: State = {"values": {"logSeverityScreen": "Debug"}}


@pytest.fixture
def default(no_stack: Stack, calico: Calico, new_run: NewRun) -> Iterator[Calico]:
    """Calico without a `default`; none stays."""
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


def test_a_default_that_a_killed_run_made_is_ours_and_goes(default: Calico, new_run: NewRun) -> None:
    before = look_at(SERVICE)
    create_part(SERVICE, before)
    new_run()
    state = create_part(SERVICE, before)
    assert (state["added"], state["made"]) == (OURS, True)
    delete_part(state)
    look_at_no_more(before)
    assert default.find("bgpconfigurations", "default") is None


def test_a_default_that_a_killed_run_made_goes_with_a_destroy(default: Calico, new_run: NewRun) -> None:
    before = look_at(SERVICE)
    create_part(SERVICE, before)
    new_run()
    look_at_no_more(before)
    assert default.find("bgpconfigurations", "default") is None


def test_an_entry_that_a_killed_run_made_is_ours_and_the_rest_stays(default: Calico, new_run: NewRun) -> None:
    theirs(default, THEIRS, logSeverityScreen="Debug")
    was = default.spec("bgpconfigurations", "default")
    before = look_at(SERVICE)
    create_part(SERVICE, before)
    new_run()
    state = create_part(SERVICE, before)
    assert (state["added"], state["made"]) == (OURS, False)
    delete_part(state)
    look_at_no_more(before)
    assert default.spec("bgpconfigurations", "default") == was


def test_an_entry_that_a_killed_run_made_goes_with_a_destroy(default: Calico, new_run: NewRun) -> None:
    theirs(default, THEIRS)
    before = look_at(SERVICE)
    create_part(SERVICE, before)
    new_run()
    look_at_no_more(before)
    assert listed(default) == [THEIRS]


def test_an_entry_that_was_there_before_us_stays_whatever_is_killed(default: Calico, new_run: NewRun) -> None:
    theirs(default, SERVICES)
    before = look_at(SERVICE)
    create_part(SERVICE, before)
    new_run()
    state = create_part(SERVICE, before)
    assert state["added"] == {}
    delete_part(state)
    look_at_no_more(before)
    assert listed(default) == [SERVICES]


def test_a_default_that_came_between_our_look_and_our_write_is_not_ours(
    default: Calico, new_run: NewRun
) -> None:
    before = look_at(SERVICE)
    theirs(default, SERVICES)
    state = create_part(SERVICE, before)
    assert (state["added"], state["made"]) == ({}, False)
    new_run()
    delete_part(state)
    look_at_no_more(before)
    assert listed(default) == [SERVICES]


def test_a_default_of_a_killed_run_that_became_shared_is_kept(default: Calico, new_run: NewRun) -> None:
    before = look_at(SERVICE)
    create_part(SERVICE, before)
    theirs(default, THEIRS)
    new_run()
    look_at_no_more(before)
    assert listed(default) == [THEIRS]


def test_a_value_that_a_killed_run_took_over_is_put_back_by_the_next_one(
    default: Calico, new_run: NewRun
) -> None:
    theirs(default, THEIRS, logSeverityScreen="Warning")
    was = default.find("bgpconfigurations", "default") or {}
    taking = {**VALUE, "take_over": ["logSeverityScreen"]}
    before = look_at(VALUE)
    create_part(taking, before)
    new_run()
    state = create_part(taking, before)
    new_run()
    killed = {**taking, "values": {"logSeverityScreen": "Info"}}
    update_part(state, killed, before)
    new_run()
    delete_part(state)
    look_at_no_more(before)
    now = default.find("bgpconfigurations", "default") or {}
    assert now["spec"] == was["spec"]
    assert now["metadata"].get("annotations") == was["metadata"].get("annotations")


def test_a_value_that_a_killed_run_wrote_goes_with_a_destroy(default: Calico, new_run: NewRun) -> None:
    theirs(default, THEIRS)
    was = default.spec("bgpconfigurations", "default")
    before = look_at(VALUE)
    create_part(VALUE, before)
    new_run()
    look_at_no_more(before)
    assert default.spec("bgpconfigurations", "default") == was


def test_a_value_that_came_between_our_look_and_our_write_is_not_written_over(default: Calico) -> None:
    before = look_at(VALUE)
    theirs(default, logSeverityScreen="Warning")
    with pytest.raises(ProviderError, match='wanted "Debug", found "Warning", written by a program'):
        create_part(VALUE, before)
    assert default.spec("bgpconfigurations", "default")["logSeverityScreen"] == "Warning"


def test_who_writes_in_between_loses_nothing(default: Calico, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs(default, THEIRS)
    read, others = bgp_configuration_writer.read_configuration, iter(range(1, 4))

    def and_somebody_writes(*which: Any) -> Any:
        found = read(*which)
        if (number := next(others, None)) is not None:
            theirs(default, f"10.{200 + number}.0.0/16")
        return found

    before = look_at(SERVICE)
    monkeypatch.setattr(bgp_configuration_writer, "read_configuration", and_somebody_writes)
    state = create_part(SERVICE, before)
    assert listed(default) == [THEIRS, *(f"10.{200 + number}.0.0/16" for number in (1, 2, 3)), SERVICES]
    assert state["added"] == OURS


def test_two_parts_share_a_default_and_the_last_takes_it_along(default: Calico, new_run: NewRun) -> None:
    lists, values = look_at(SERVICE), look_at(VALUE)
    first = create_part(SERVICE, lists)
    second = create_part(VALUE, values)
    new_run()
    delete_part(second)
    look_at_no_more(values)
    assert default.spec("bgpconfigurations", "default").get("logSeverityScreen") is None
    assert listed(default) == [SERVICES]
    delete_part(first)
    look_at_no_more(lists)
    assert default.find("bgpconfigurations", "default") is None


def test_a_state_of_the_version_before_is_refreshed_and_destroyed(default: Calico, new_run: NewRun) -> None:
    now = create_part(SERVICE, look_at(SERVICE))
    older = {
        "networks": [SERVICES],
        "before": [{"network": SERVICES, "uid": "", "listed": False}],
        "added": [SERVICES],
        "made_default": True,
        "default_uid": now["uid"],
        "filled_in": now["filled_in"],
        "written": 1.0,
    }
    new_run()
    assert (ServiceNetworksProvider().read("default", older).outs or {})["lists"] == OURS
    ServiceNetworksProvider().delete("default", older)
    look_at_no_more([{"network": SERVICES, "uid": "", "listed": False}])
    assert default.find("bgpconfigurations", "default") is None
