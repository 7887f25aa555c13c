"""Pairs that let our networks through without being ours: enough on real Neutron, and never taken away.

A state that a test throws away is one that the engine never saved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from openstack.connection import Connection

from components.preflight import check_limit
from components.shared.provider_errors import ProviderError
from tests.integration.conftest import Stack, emptied
from tests.integration.provided import (
    PODS,
    SERVICES,
    NewRun,
    Port,
    create,
    delete,
    look,
    look_no_more,
    refresh,
    update,
)

ALL, WIDER, HALF = "0.0.0.0/0", "192.0.0.0/8", "192.168.128.0/17"
OTHERS = [f"10.20{number}.0.0/24" for number in range(9)]
OTHER_MAC = "fa:16:3e:00:00:99"


def leave(port: Port, state: dict[str, Any], *before: dict[str, Any]) -> set[str]:
    """`destroy`; what is left on the port."""
    delete(state)
    for one in before:
        look_no_more(one)
    return port.networks()


def test_a_full_list_that_lets_everything_through_is_enough_and_stays_as_it_is(port: Port) -> None:
    port.add(ALL, *OTHERS)
    whole = port.read()
    check_limit([whole], [PODS, SERVICES], 10)
    pods, services = look(PODS, port.id), look(SERVICES, port.id)
    state = create(port.inputs(PODS, SERVICES))
    assert state["added"] == []
    assert refresh(state)["networks"] == [PODS, SERVICES]
    assert leave(port, state, pods, services) == {ALL, *OTHERS}
    # Not even written once.
    assert port.read()["revision_number"] == whole["revision_number"]


def test_a_full_list_whose_pair_is_for_another_mac_address_is_not(port: Port) -> None:
    """Neutron lets the nodes' own packets through by a pair with their port's MAC address only."""
    port.add(ALL, mac_address=OTHER_MAC)
    port.add(*OTHERS)
    with pytest.raises(ProviderError, match="has 10 and needs 1 more"):
        check_limit([port.read()], [PODS], 10)
    port.take(*OTHERS[:1])
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    assert state["added"] == [PODS]
    assert leave(port, state, before) == {ALL, *OTHERS[1:]}


def test_one_that_covers_only_one_of_ours_leaves_the_other_to_us(port: Port) -> None:
    port.add(WIDER)
    pods, services = look(PODS, port.id), look(SERVICES, port.id)
    state = create(port.inputs(PODS, SERVICES))
    assert state["added"] == [SERVICES] and port.networks() == {WIDER, SERVICES}
    assert leave(port, state, pods, services) == {WIDER}


def test_when_the_covering_pair_goes_ours_is_missing_is_added_and_is_ours(
    port: Port, new_run: NewRun
) -> None:
    port.add(WIDER)
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    new_run()
    port.take(WIDER)
    seen = refresh(state)
    assert seen["networks"] == []
    new_run()
    state = update(seen, port.inputs(PODS))
    assert state["added"] == [PODS] and port.networks() == {PODS}
    new_run()
    assert leave(port, state, before) == set()


def test_a_run_that_is_killed_when_it_replaced_the_covering_pair_leaves_nothing(
    port: Port, new_run: NewRun
) -> None:
    port.add(WIDER)
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    port.take(WIDER)
    new_run()
    seen = refresh(state)
    update(seen, port.inputs(PODS))
    new_run()
    # The next one knows the state of the refresh, and finds ours there.
    state = update(seen, port.inputs(PODS))
    assert state["added"] == [PODS]
    # One that is destroyed at once does not know even that.
    new_run()
    delete(seen)
    look_no_more(before)
    assert port.networks() == set()


def test_one_that_comes_after_ours_takes_nothing_from_us(port: Port, new_run: NewRun) -> None:
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    port.add(ALL)
    new_run()
    state = update(refresh(state), port.inputs(PODS))
    assert state["added"] == [PODS]
    new_run()
    assert leave(port, state, before) == {ALL}


def test_ours_that_somebody_takes_off_below_a_covering_pair_is_ours_no_longer(
    port: Port, new_run: NewRun
) -> None:
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    port.add(ALL)
    port.take(PODS)
    new_run()
    seen = refresh(state)
    assert seen["networks"] == [PODS]
    state = update(seen, port.inputs(PODS))
    assert state["added"] == []
    # What others put there now is theirs.
    port.add(PODS)
    new_run()
    assert leave(port, state, before) == {ALL, PODS}


def test_a_narrower_network_of_ours_outlives_the_wider_one(port: Port, new_run: NewRun) -> None:
    pods = look(PODS, port.id)
    state = create(port.inputs(PODS))
    new_run()
    half = look(HALF, port.id)
    state = update(state, port.inputs(PODS, HALF))
    new_run()
    state = update(state, port.inputs(HALF))
    look_no_more(pods)
    assert port.networks() == {HALF}
    new_run()
    assert leave(port, state, half) == set()


@contextmanager
def _node_port_full_of(cloud: Connection, *networks: str) -> Iterator[Port]:
    """A node's port with these pairs and no other."""
    [found] = cloud.network.ports(name="node1")
    node = Port(cloud, found.id)
    pairs = node.read()["allowed_address_pairs"]
    try:
        node.change(allowed_address_pairs=[{"ip_address": network} for network in networks])
        yield node
    finally:
        node.change(allowed_address_pairs=pairs)


def test_up_says_which_pair_stands_for_ours_and_destroy_leaves_it(
    bare_stack: Stack, cloud: Connection
) -> None:
    bare_stack.destroy()
    with _node_port_full_of(cloud, ALL, *OTHERS) as node, emptied(bare_stack):
        done = bare_stack.preview()
        preview = done.stdout + done.stderr
        assert preview.count("let our networks through") == 1
        said = f"{ALL}, for {PODS}, {SERVICES}, on port {node.id} (node1)"
        assert said in preview
        output = bare_stack.up()
        assert said in output and node.networks() == {ALL, *OTHERS}
        bare_stack.preview("--refresh", "--expect-no-changes")
        node.change(allowed_address_pairs=[])
        seen = bare_stack.preview("--refresh")
        drift = seen.stdout + seen.stderr
        assert PODS in drift and "let our networks through" not in drift
        bare_stack.up("--refresh")
        assert node.networks() == {PODS, SERVICES}
        bare_stack.destroy()
        assert node.networks() == set()
