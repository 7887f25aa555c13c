"""Routes alone carry nothing: packets pass once the program has done its part on the nodes' ports.

The cluster's own group lets in its members and ssh here, as a cluster's does that nobody prepared, so that
what the machine reaches is what the program opened: address pairs and a security group of its own.
"""

from collections.abc import Iterator
from functools import partial

import pytest
from openstack.connection import Connection

from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_ADDRESS, SERVICE_URL
from lab.external import External
from lab.site import HOSTS, NODES, PEER
from tests.integration.conftest import Changed, Stack, bird_routes, poll
from tests.integration.packets import (
    answers,
    behind,
    closed_to_the_machine,
    opens,
    port,
    route,
    silent,
    throughout,
    within,
)
from tests.integration.test_connection import SCENARIO

POD = PODS[0]
BEHIND_NETWORK, BEHIND = "10.50.0.0/24", "10.50.0.1"
BGP = 179
GROUP = "calico-peering-external"
# What is asked for, and curl's options: as the machine itself, or as a host of the network behind it.
ASKED = {
    "the pod": (POD.url,),
    "the service": (SERVICE_URL,),
    "the pod, from behind the machine": (POD.url, "--interface", BEHIND),
    "the service, from behind the machine": (SERVICE_URL, "--interface", BEHIND),
}


@pytest.fixture
def unprepared(cloud: Connection) -> Iterator[None]:
    """The cluster's group without the rules that the lab has for the external machine."""
    with closed_to_the_machine(cloud):
        yield


@pytest.fixture
def network_behind(machine: External) -> Iterator[None]:
    """A network behind the machine."""
    with behind(machine, BEHIND, BEHIND_NETWORK, str(HOSTS[PEER])):
        yield


def prepared(cloud: Connection) -> bool:
    """Whether the program has written to the port of the pod's node."""
    ours = [group.id for group in cloud.network.security_groups(name=GROUP)]
    found = port(cloud, POD.node)
    pairs = {pair["ip_address"] for pair in found.allowed_address_pairs}
    return pairs >= {"10.96.0.0/12", "192.168.0.0/16"} and bool(set(ours) & set(found.security_group_ids))


def take_rule(cloud: Connection, remote: str, protocol: str | None = None) -> None:
    """Delete one of our group's rules by hand."""
    group = cloud.network.find_security_group(GROUP, ignore_missing=False)
    rules = cloud.network.security_group_rules(security_group_id=group.id, remote_ip_prefix=remote)
    [rule] = [rule for rule in rules if rule.protocol == protocol]
    cloud.network.delete_security_group_rule(rule)


def test_packets_pass_once_the_program_has_prepared_the_ports_and_by_its_rules_alone(
    bare_stack: Stack,
    changed: Changed,
    cloud: Connection,
    machine: External,
    unprepared: None,
    network_behind: None,
) -> None:
    bare_stack.destroy()
    bare_stack.run("up", "--yes", "--skip-preview", environment=changed(nodePortNetwork=""))
    poll("the scenario's routes", lambda: bird_routes(machine) == SCENARIO)
    node = str(NODES[POD.node])
    with route(machine, str(POD.address), POD.node), route(machine, str(SERVICE_ADDRESS), POD.node):
        for what, asked in ASKED.items():
            throughout(f"{what} is silent, though its route is there", partial(silent, machine, *asked))

        whole = changed(nodeSecurityGroup=True, machineNetworks=[BEHIND_NETWORK])
        with bare_stack.start("up", "--yes", "--skip-preview", environment=whole) as running:
            poll("the program to write to the port", partial(prepared, cloud))
            for what, asked in ASKED.items():
                within(f"{what} answers", partial(answers, machine, *asked))
            output, errors = running.communicate(timeout=120)
        assert running.returncode == 0, f"{output}\n{errors}"

        machines = f"{HOSTS[PEER]}/32"
        take_rule(cloud, machines)
        for what in ("the pod", "the service"):
            within(f"{what} is silent without the machine's rule", partial(silent, machine, *ASKED[what]))
        assert opens(machine.host, node, BGP), "TCP/179 has a rule of its own"
        take_rule(cloud, machines, "tcp")
        within("TCP/179 is closed", lambda: not opens(machine.host, node, BGP))
        assert answers(machine, *ASKED["the pod, from behind the machine"])
        take_rule(cloud, BEHIND_NETWORK)
        for what in ("the pod, from behind the machine", "the service, from behind the machine"):
            within(f"{what} is silent without its network's rule", partial(silent, machine, *ASKED[what]))

        bare_stack.run("up", "--yes", "--skip-preview", "--refresh", environment=whole)
        for what, asked in ASKED.items():
            within(f"{what} answers again", partial(answers, machine, *asked))
        assert opens(machine.host, node, BGP)
    bare_stack.run("destroy", "--yes", "--skip-preview", environment=whole)
    assert not list(cloud.network.security_groups(name=GROUP))
