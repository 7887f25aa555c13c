"""Whose a pair is, when runs are killed between a write and the saving of the state, and others write too.

A state that a test throws away is one that the engine never saved.
"""

from tests.integration.provided import (
    PODS,
    SERVICES,
    NewRun,
    Port,
    create,
    delete,
    look,
    look_again,
    look_no_more,
    update,
)


def test_our_own_pair_of_a_killed_run_stays_ours(port: Port, new_run: NewRun) -> None:
    before = look(PODS, port.id)
    create(port.inputs(PODS))
    new_run()
    state = create(port.inputs(PODS))
    assert state["added"] == [PODS]
    delete(state)
    look_no_more(before)
    assert port.networks() == set()


def test_what_was_there_before_us_stays_whatever_is_killed(port: Port, new_run: NewRun) -> None:
    port.add(PODS)
    pods, services = look(PODS, port.id), look(SERVICES, port.id)
    assert (pods["before"], services["before"]) == ([port.id], [])
    create(port.inputs(PODS, SERVICES, before=(PODS,)))
    new_run()
    create(port.inputs(PODS, SERVICES, before=(PODS,)))
    new_run()
    for one in (pods, services):
        look_no_more(one)
    assert port.networks() == {PODS}


def test_a_killed_up_and_then_a_destroy_leave_nothing_of_ours(port: Port, new_run: NewRun) -> None:
    before = look(PODS, port.id)
    create(port.inputs(PODS))
    new_run()
    # The engine knows of no PortPairs, only of what was there before.
    look_no_more(before)
    assert port.networks() == set()


def test_a_network_more_in_a_killed_up_and_then_a_destroy(port: Port, new_run: NewRun) -> None:
    pods = look(PODS, port.id)
    state = create(port.inputs(PODS))
    new_run()
    services = look(SERVICES, port.id)
    update(state, port.inputs(PODS, SERVICES))
    new_run()
    delete(state)
    for one in (pods, services):
        look_no_more(one)
    assert port.networks() == set()


def test_a_killed_destroy_takes_no_more_than_it_should(port: Port, new_run: NewRun) -> None:
    port.add("10.77.0.0/24")
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    new_run()
    delete(state)
    new_run()
    delete(state)
    look_no_more(before)
    assert port.networks() == {"10.77.0.0/24"}


def test_a_pair_that_came_between_our_look_and_our_write_is_not_ours(port: Port, new_run: NewRun) -> None:
    before = look(PODS, port.id)
    port.add(PODS)
    state = create(port.inputs(PODS))
    assert state["added"] == []
    new_run()
    delete(state)
    look_no_more(before)
    assert port.networks() == {PODS}


def test_a_network_taken_out_of_the_settings_and_put_back(port: Port, new_run: NewRun) -> None:
    pods, services = look(PODS, port.id), look(SERVICES, port.id)
    state = create(port.inputs(PODS, SERVICES))
    new_run()
    state = update(state, port.inputs(PODS))
    # The engine deletes what is declared no more at the end, after the update.
    look_no_more(services)
    assert port.networks() == {PODS}
    port.add(SERVICES)
    new_run()
    services = look(SERVICES, port.id)
    assert services["before"] == [port.id]
    state = update(state, port.inputs(PODS, SERVICES, before=(SERVICES,)))
    new_run()
    delete(state)
    for one in (pods, services):
        look_no_more(one)
    assert port.networks() == {SERVICES}


def test_a_network_taken_out_while_a_run_was_killed(port: Port, new_run: NewRun) -> None:
    look(PODS, port.id)
    services = look(SERVICES, port.id)
    create(port.inputs(PODS, SERVICES))
    new_run()
    # No state of the pairs was saved, and one network is wanted no more.
    create(port.inputs(PODS))
    look_no_more(services)
    assert port.networks() == {PODS}


def test_a_port_that_leaves_is_cleared_even_when_its_pairs_were_never_saved(
    port: Port, new_run: NewRun
) -> None:
    before = look(PODS, port.id)
    create(port.inputs(PODS))
    new_run()
    before = look_again(before)
    assert before["ports"] == []
    assert port.networks() == set()


def test_a_port_that_leaves_loses_only_ours_and_only_once(port: Port, new_run: NewRun) -> None:
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    new_run()
    look_again(before)
    port.add(PODS)
    delete(state)
    assert port.networks() == {PODS}


def test_a_port_that_joins_is_looked_at_then(port: Port, new_run: NewRun) -> None:
    before = look(PODS)
    port.add(PODS)
    new_run()
    assert look_again(before, port.id)["before"] == [port.id]


def test_a_pair_that_somebody_removed_and_we_put_back_is_still_ours(port: Port, new_run: NewRun) -> None:
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    port.take(PODS)
    new_run()
    state = update({**state, "networks": []}, port.inputs(PODS))
    assert state["added"] == [PODS]
    delete(state)
    look_no_more(before)
    assert port.networks() == set()
