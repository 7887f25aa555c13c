"""Nodes that stop, die, are cut off, come back, and announce what they should not: what the machine does.

How long each took in a quiet lab is in docs/routing.md, measured by bench/routing.py; here are the bounds
that hold on any machine. Packets are counted as the machine sends them, each as a flow of its own.
"""

import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Address, IPv4Network

import pytest
from kubernetes.client import CoreV1Api
from openstack import connect
from openstack.connection import Connection

from lab.cluster.added_node import added_node
from lab.layout import Layout
from lab.routing import Routing
from lab.site import HOSTS, NODE_NETWORK, NODES, POD_NETWORK
from lab.traffic import traffic
from tests.integration.conftest import Calico, Changed, Stack

# A dead node's next hop is gone within so many seconds.
GONE = 10
NODE = "node4"
ADDED, ADDED_ADDRESS = "node5", IPv4Address("172.34.8.99")
ADDRESS = str(NODES[NODE])
ROGUE_PREFIXES = [
    IPv4Network("0.0.0.0/0"),
    NODE_NETWORK,
    IPv4Network(f"{HOSTS['mgmt']}/32"),
    IPv4Network(f"{HOSTS['peer']}/32"),
]


def gone(routing: Routing) -> float:
    """The seconds until the node is no next hop any more, and the others still are; bounded."""
    return routing.within(GONE, f"{ADDRESS} to be gone", lambda: routing.full(NODE))


def logged(routing: Routing, since: float, reason: str) -> None:
    """Wait until BIRD has logged this."""
    routing.within(20, reason, lambda: reason in routing.log(since))


def throughout(seconds: float, what: str, probe: Callable[[], bool]) -> None:
    """See that something is so for as long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert probe(), what


def test_a_node_stopped_cleanly_is_gone_at_once_and_nothing_is_lost(routing: Routing) -> None:
    with traffic(routing.machine) as seen:
        routing.nodes[NODE].end()
        took = gone(routing)
    assert took < 2
    assert not seen.lost, seen


def test_a_node_whose_bird_was_killed_is_gone_after_its_restart_time_and_nothing_is_lost(
    routing: Routing,
) -> None:
    with traffic(routing.machine) as seen:
        routing.nodes[NODE].end(signal.SIGKILL)
        # It may come back for so long, and forwards meanwhile.
        assert gone(routing) > 3
    assert not seen.lost, seen


def test_a_node_whose_bird_comes_back_within_its_restart_time_stays_a_next_hop(routing: Routing) -> None:
    before = routing.since(NODE)
    with traffic(routing.machine) as seen:
        routing.nodes[NODE].end(signal.SIGKILL)
        time.sleep(1)
        routing.nodes[NODE].start()
        deadline = time.monotonic() + GONE
        while not (routing.settled() and routing.since(NODE) != before):
            assert routing.full(), "the next hop left for a moment"
            assert time.monotonic() < deadline
    assert not seen.lost, seen


def test_a_node_that_was_cut_off_is_gone_with_the_hold_time_and_comes_back(routing: Routing) -> None:
    with traffic(routing.machine) as seen:
        routing.nodes[NODE].cut()
        gone(routing)
        after = time.monotonic()
        throughout(2, "the node is gone", lambda: routing.full(NODE))
    assert seen.lost, "what went to the node that was cut off is lost"
    assert seen.lost[-1] < after + 0.5, f"nothing is lost once the next hop is gone: {seen}"
    routing.nodes[NODE].mend()
    # Not BIRD's own minute after an error.
    routing.within(30, "the node to come back", routing.settled)


def test_a_node_that_comes_back_is_a_next_hop_again_and_nothing_is_lost(routing: Routing) -> None:
    routing.nodes[NODE].end()
    gone(routing)
    with traffic(routing.machine) as seen:
        routing.nodes[NODE].start()
        routing.within(20, "the node to come back", routing.settled)
    assert not seen.lost, seen


def test_what_a_node_must_not_announce_changes_no_route_and_the_log_says_why(routing: Routing) -> None:
    before, since, start = routing.all_routes(), routing.since(NODE), time.time()
    with routing.nodes[NODE].announcing(ROGUE_PREFIXES), traffic(routing.machine) as seen:
        for prefix in ROGUE_PREFIXES:
            logged(routing, start, f"calico-peering: {prefix} from {ADDRESS} is not in the pod networks")
        assert routing.all_routes() == before
    assert not seen.lost, seen
    assert routing.since(NODE) == since, "the session stays"
    assert routing.all_routes() == before


def test_more_prefixes_than_the_limit_leave_the_machines_and_the_nodes_routes_as_they_were(
    routing: Routing,
) -> None:
    first = int(POD_NETWORK.network_address)
    many = [IPv4Network((first + 4 * place, 30)) for place in range(10_000)]
    had, others, since, start = routing.next_hops(), own(routing), routing.since(NODE), time.time()
    with routing.nodes[NODE].announcing(many):
        logged(routing, start, "hits route import limit (1000), action: block")
        assert own(routing) == others
        now = routing.next_hops()
        assert len(now) <= 1000 + len(had)
        assert {prefix: now.get(prefix) for prefix in had} == had
        assert routing.since(NODE) == since, "the session stays"
    routing.within(20, "the routes as they were", routing.full)
    assert routing.since(NODE) == since


def test_a_prefix_longer_than_allowed_is_not_taken(
    routing: Routing, module_stack: Stack, changed: Changed
) -> None:
    longer = IPv4Network("192.168.204.2/32")
    before, since, start = routing.all_routes(), routing.since(NODE), time.time()
    environment = changed(podPrefixLengths="26-26")
    module_stack.run("up", "--yes", "--skip-preview", environment=environment)
    try:
        with routing.nodes[NODE].announcing([longer]):
            logged(routing, start, f"calico-peering: {longer} from {ADDRESS} is not in the pod networks")
            assert routing.all_routes() == before
            assert routing.since(NODE) == since, (
                "a change of the filter keeps the session, as does the prefix"
            )
    finally:
        module_stack.up()


@pytest.fixture
def added_port(cloud: Connection) -> Iterator[None]:
    """A Neutron port for the node more, as the others have one."""
    network = cloud.network.find_network("nodes", ignore_missing=False)
    own = connect(cloud="lab")
    made = own.network.create_port(
        network_id=network.id, name=ADDED, fixed_ips=[{"ip_address": str(ADDED_ADDRESS)}]
    )
    yield
    own.network.delete_port(made.id)


def test_a_node_added_is_a_next_hop_without_an_up_and_with_one_and_gone_once_removed(
    routing: Routing, module_stack: Stack, changed: Changed, layout: Layout, calico: Calico, added_port: None
) -> None:
    since = routing.since(NODE)
    with added_node(layout, CoreV1Api(), ADDED, ADDED_ADDRESS):
        with_it = partial(routing.full, plus=(str(ADDED_ADDRESS),))
        routing.within(30, "the added node to be a next hop, without an up", with_it)
        nodes = [str(address) for address in (*NODES.values(), ADDED_ADDRESS)]
        module_stack.run("up", "--yes", "--skip-preview", environment=changed(nodes=nodes))
        states = {session["neighbor"]: session["state"] for session in module_stack.output("sessions")}
        assert states == dict.fromkeys(nodes, "Established"), "the verification has looked for it"
    routing.within(GONE, "the removed node to be gone, without an up", routing.full)
    module_stack.up()
    assert len(module_stack.output("sessions")) == len(NODES)
    assert routing.since(NODE) == since, "nobody else's session was touched"


def own(routing: Routing) -> list[str]:
    """The routes of the machine that BIRD did not make."""
    answer = routing.machine.run("ip", "route", "show", "table", "all").stdout.splitlines()
    return [line for line in answer if not line.startswith("\t") and "proto bird" not in line]
