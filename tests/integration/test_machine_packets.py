"""What a machine made here may send and receive is its port's pairs and its own group's rules, and no more.

The routes are there throughout. What somebody takes away by hand is in force within 2 s for new
connections, and is put back by `up --refresh`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_ADDRESS, SERVICE_URL
from lab.hosts import Host
from lab.layout import Layout
from lab.machine import Machine
from lab.openstack.serving import KEYSTONE_PORT
from lab.site import HOSTS, MGMT, NODE_NETWORK, NODES, POD_NETWORK, SERVICE_NETWORK
from tests.integration.conftest import Stack, bird_routes, poll
from tests.integration.made_machine import ADDRESS, BEHIND, NAME, Site, made_here
from tests.integration.packets import answers, behind, opens, route, silent, throughout, within

POD = PODS[0]
HOST_BEHIND = "10.30.0.1"
FROM_BEHIND = ("--interface", HOST_BEHIND)
# The nodes' network alone beside pods and services, so that each has a rule of its own.
SETTINGS: dict[str, Any] = {"nodeSecurityGroup": True, "machineEgressNetworks": [str(NODE_NETWORK)]}
# By direction, port and remote network.
RULES: dict[str, tuple[str, int | None, str]] = {
    "BGP from the nodes": ("ingress", 179, str(NODE_NETWORK)),
    "ssh from where it is allowed": ("ingress", 22, f"{HOSTS[MGMT]}/32"),
    "the way to pods": ("egress", None, str(POD_NETWORK)),
    "the way to services": ("egress", None, str(SERVICE_NETWORK)),
    "the way to the nodes' network": ("egress", None, str(NODE_NETWORK)),
}


@pytest.fixture(scope="module")
def site(bare_stack: Stack, layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with the machine made and connected."""
    with made_here(bare_stack, layout, tmp_path_factory.mktemp("stack")) as site:
        site.up(**SETTINGS)
        yield site


@pytest.fixture(scope="module")
def machine(site: Site) -> Machine:
    """The machine."""
    return site.machine()


@pytest.fixture(scope="module")
def open_to(layout: Layout, machine: Machine) -> dict[str, Callable[[], bool]]:
    """Whether a new connection passes, by the rule that it needs."""
    node, here = Host("node1", layout), Host(MGMT, layout)
    return {
        "BGP from the nodes": partial(opens, node, ADDRESS, 179),
        "ssh from where it is allowed": partial(opens, here, ADDRESS, 22),
        "the way to pods": partial(answers, machine, POD.url),
        "the way to services": partial(answers, machine, SERVICE_URL),
        "the way to the nodes' network": partial(opens, machine.host, str(HOSTS[MGMT]), KEYSTONE_PORT),
    }


def test_a_network_behind_it_is_answered_only_while_its_port_has_the_pair(
    site: Site, machine: Machine
) -> None:
    (port,) = site.cloud.network.ports(name=NAME)
    routes = bird_routes(machine)
    with behind(machine, HOST_BEHIND, BEHIND, ADDRESS):
        for node in NODES:
            with route(machine, str(POD.address), node), route(machine, str(SERVICE_ADDRESS), node):
                within(f"the pod to answer through {node}", partial(answers, machine, POD.url, *FROM_BEHIND))
                within(
                    f"the service to answer through {node}",
                    partial(answers, machine, SERVICE_URL, *FROM_BEHIND),
                )
        site.cloud.network.update_port(port, allowed_address_pairs=[])
        for url in (POD.url, SERVICE_URL):
            within(f"{url} to fall silent", partial(silent, machine, url, *FROM_BEHIND))
            throughout(f"{url} keeps silent", partial(silent, machine, url, *FROM_BEHIND))
            assert answers(machine, url), "the machine itself needs no pair"
        assert bird_routes(machine) == routes

        with site.stack.start(
            "up", "--yes", "--skip-preview", "--refresh", environment=site.environment(**SETTINGS)
        ) as running:
            poll("the pair to be there again", lambda: bool(port_pairs(site)))
            for url in (POD.url, SERVICE_URL):
                within(f"{url} to answer", partial(answers, machine, url, *FROM_BEHIND))
            output, errors = running.communicate(timeout=120)
        assert running.returncode == 0, f"{output}\n{errors}"


def port_pairs(site: Site) -> list[dict[str, str]]:
    """The machine's port's pairs."""
    (port,) = site.cloud.network.ports(name=NAME)
    return list(port.allowed_address_pairs)


def take_rule(site: Site, what: str) -> None:
    """Delete one of the rules of the machine's group by hand."""
    direction, port, remote = RULES[what]
    network = site.cloud.network
    (group,) = network.security_groups(name=f"calico-peering-machine-{NAME}")
    rules = network.security_group_rules(
        security_group_id=group.id, direction=direction, remote_ip_prefix=remote
    )
    (rule,) = [rule for rule in rules if rule.port_range_min == port]
    network.delete_security_group_rule(rule)


@pytest.mark.parametrize("what", RULES)
def test_each_rule_of_its_group_opens_what_it_is_for_and_nothing_else(
    site: Site, open_to: dict[str, Callable[[], bool]], what: str
) -> None:
    for one, probe in open_to.items():
        within(f"{one} to be open", probe)
    take_rule(site, what)
    within(f"{what} to be closed", lambda: not open_to[what]())
    for one, probe in open_to.items():
        if one != what:
            within(f"{one} to be open all the same", probe)
    throughout(f"{what} stays closed", lambda: not open_to[what]())
    site.up("--refresh", **SETTINGS)
    within(f"{what} to be open again", open_to[what])
