"""OpenStack really drops packets here: what its API says of the nodes' ports is in force within 2 s."""

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_network
from typing import Any

import pytest
from openstack.connection import Connection
from openstack.network.v2.security_group_rule import SecurityGroupRule

from lab.cluster.pods import PODS, Pod
from lab.cluster.service import SERVICE_ADDRESS, SERVICE_URL
from lab.external import External
from lab.hosts import Host
from lab.openstack import node_group
from lab.site import NODES, POD_NETWORK, SERVICE_NETWORK
from tests.integration.conftest import Changed, Stack, bird_routes, poll
from tests.integration.packets import answers, change, port, route, silent, throughout, within
from tests.integration.test_connection import SCENARIO

FIELDS = ("allowed_address_pairs", "port_security_enabled", "security_groups")


def within_pairs(pairs: list[dict[str, str]], *networks: object) -> list[dict[str, str]]:
    """Those of the pairs that are of these networks."""
    return [pair for pair in pairs if ip_network(pair["ip_address"]) in networks]


@pytest.fixture
def ports(stack: Stack, cloud: Connection, machine: External) -> Iterator[dict[str, dict[str, Any]]]:
    """The nodes' ports with the stack applied; they are that again after the test."""
    poll("the scenario's routes", lambda: bird_routes(machine) == SCENARIO)
    had = {name: {key: port(cloud, name)[key] for key in FIELDS} for name in NODES}
    yield had
    for name, fields in had.items():
        change(cloud, name, **fields)


def take_pairs(cloud: Connection) -> None:
    """Take every pair from every node's port."""
    for name in NODES:
        change(cloud, name, allowed_address_pairs=[])


def give_pairs(cloud: Connection, had: dict[str, dict[str, Any]]) -> None:
    """Give every node's port its pairs back."""
    for name, fields in had.items():
        change(cloud, name, allowed_address_pairs=fields["allowed_address_pairs"])


@pytest.mark.parametrize("node", NODES)
@pytest.mark.main_path("node1")
def test_pods_answer_by_way_of_a_node_only_while_the_pairs_are_there(
    ports: dict[str, dict[str, Any]], cloud: Connection, machine: External, node: str
) -> None:
    for pod in PODS:
        with route(machine, str(pod.address), node):
            # The other nodes' ports have their pairs back a moment after the last pod's.
            within("the pod to answer before", partial(answers, machine, pod.url))
            take_pairs(cloud)
            within("the pod to fall silent", partial(silent, machine, pod.url))
            assert bird_routes(machine) == SCENARIO, "the routes are there all the same"
            assert not answers(machine, pod.url)
            give_pairs(cloud, ports)
            within("the pod to answer", partial(answers, machine, pod.url))


@pytest.mark.parametrize("node", NODES)
def test_the_service_answers_through_a_node_only_while_the_pairs_are_there(
    ports: dict[str, dict[str, Any]], cloud: Connection, machine: External, node: str
) -> None:
    with route(machine, str(SERVICE_ADDRESS), node):
        assert answers(machine, SERVICE_URL)
        take_pairs(cloud)
        within("the service to fall silent", partial(silent, machine, SERVICE_URL))
        assert bird_routes(machine) == SCENARIO, "the routes are there all the same"
        # The answer has the service's address, whatever the pods may do.
        pods_only = within_pairs(ports[node]["allowed_address_pairs"], POD_NETWORK)
        change(cloud, node, allowed_address_pairs=pods_only)
        throughout("the service keeps silent", partial(silent, machine, SERVICE_URL))
        both = within_pairs(ports[node]["allowed_address_pairs"], POD_NETWORK, SERVICE_NETWORK)
        change(cloud, node, allowed_address_pairs=both)
        within("the service to answer", partial(answers, machine, SERVICE_URL))


def test_a_port_without_port_security_lets_everything_pass(
    ports: dict[str, dict[str, Any]], cloud: Connection, machine: External
) -> None:
    pod = PODS[0]
    take_pairs(cloud)
    with route(machine, str(pod.address), pod.node):
        within("the pod to fall silent", partial(silent, machine, pod.url))
        change(cloud, pod.node, security_groups=[], port_security_enabled=False)
        within("the pod to answer", partial(answers, machine, pod.url))
        change(cloud, pod.node, port_security_enabled=True, security_groups=[])
        within("the pod to fall silent again", partial(silent, machine, pod.url))


def test_a_node_without_an_overlay_hands_on_only_with_the_machine_among_its_pairs(
    ports: dict[str, dict[str, Any]], stack: Stack, changed: Changed, machine: External
) -> None:
    pod, node = PODS[0], "node3"
    here = Host(node, machine.layout)
    words = ("ip", "route", "replace", f"{pod.address}/32", "via", str(NODES[pod.node]))
    with route(machine, str(pod.address), node):
        assert answers(machine, pod.url)
        here.run(*words)
        try:
            # What the node hands on has the machine's address, which is none of its port's.
            assert silent(machine, pod.url)
            stack.run("up", "--yes", "--skip-preview", environment=changed(machinePairs=True))
            within("the pod to answer", partial(answers, machine, pod.url))
            stack.up()
            within("the pod to fall silent again", partial(silent, machine, pod.url))
        finally:
            here.run("ip", "route", "del", f"{pod.address}/32")


@pytest.fixture
def rule(ports: dict[str, dict[str, Any]], cloud: Connection) -> Iterator[SecurityGroupRule]:
    """The rule that lets TCP to the pods in; there again after the test."""
    group = cloud.network.find_security_group(node_group.NAME, ignore_missing=False)

    def find() -> SecurityGroupRule | None:
        rules = cloud.network.security_group_rules(
            security_group_id=group.id, direction="ingress", protocol="tcp", ethertype="IPv4"
        )
        found: list[SecurityGroupRule] = [item for item in rules if item.port_range_min is None]
        return found[0] if found else None

    before = find()
    assert before is not None
    yield before
    if find() is None:
        restore(cloud, before)


def restore(cloud: Connection, taken: SecurityGroupRule) -> None:
    """Make a rule again that was taken away."""
    cloud.network.create_security_group_rule(
        security_group_id=taken.security_group_id,
        project_id=taken.project_id,
        direction="ingress",
        ethertype="IPv4",
        **node_group.TCP,
    )


def test_a_rule_taken_from_the_group_closes_what_it_opened(
    rule: SecurityGroupRule, cloud: Connection, machine: External
) -> None:
    pod = PODS[0]
    assert answers(machine, pod.url)
    cloud.network.delete_security_group_rule(rule)
    within("the pod to fall silent", partial(silent, machine, pod.url))
    restore(cloud, rule)
    within("the pod to answer", partial(answers, machine, pod.url))


# Connects, says so, and asks when it is told to: prints what comes within 2 s.
LATE_REQUEST = r"""
exec 3<>/dev/tcp/$0/$1
echo connected
read -r _
printf 'GET / HTTP/1.0\r\n\r\n' >&3
timeout 2 cat <&3
"""


def ask_late(machine: External, pod: Pod, meanwhile: Callable[[], None]) -> str:
    """What a pod answers on a connection on which it is asked only after something else was done."""
    command = machine.command(
        "bash", "-c", LATE_REQUEST, str(pod.address), pod.url.rsplit(":", 1)[1].strip("/")
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "connected\n"
        meanwhile()
        return process.communicate("now\n", timeout=10)[0]


def test_a_rule_taken_from_the_group_ends_connections_that_it_let_in(
    rule: SecurityGroupRule, cloud: Connection, machine: External
) -> None:
    pod = PODS[0]

    def close() -> None:
        cloud.network.delete_security_group_rule(rule)
        within("the pod to fall silent", partial(silent, machine, pod.url))

    assert pod.name in ask_late(machine, pod, lambda: None)
    assert ask_late(machine, pod, close) == ""
