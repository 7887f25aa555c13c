"""What passes the ports, as an external machine sees it: requests by HTTP, by way of a chosen node.

Helpers of the tests about packets, no tests. OpenStack's side is the cluster's administrator, by hand.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from openstack.connection import Connection
from openstack.network.v2.port import Port

from lab.hosts import Host
from lab.machine import Machine
from lab.openstack import node_group
from lab.site import NODES, NODES6
from lab.waiting import wait_for

# Seconds within which a change of Neutron's has to be in force.
IN_FORCE = 2.0
# Shorter than the kernel's second SYN: a lost one is not waited for, but asked anew.
PATIENCE = "0.5"


def answers(machine: Machine, url: str, *options: str) -> bool:
    """Whether the external machine gets an answer; `options` are curl's."""
    command = ("curl", "-sS", "--max-time", PATIENCE, *options, url)
    return machine.run(*command, check=False).returncode == 0


def silent(machine: Machine, url: str, *options: str) -> bool:
    """Whether it gets none."""
    return not answers(machine, url, *options)


def within(what: str, probe: Callable[[], bool]) -> None:
    """Wait until a change is in force; a failure otherwise, after 2 s."""
    start = time.monotonic()
    wait_for(what, probe, IN_FORCE, every=0.02)
    print(f"{what}: {time.monotonic() - start:.2f} s")


def throughout(what: str, probe: Callable[[], bool]) -> None:
    """See that something is so for 2 s: no change that is still on its way ends it."""
    end = time.monotonic() + IN_FORCE
    while time.monotonic() < end:
        assert probe(), what


@contextmanager
def route(machine: Machine, destination: str, node: str) -> Iterator[None]:
    """Send what is for one address by way of one node, instead of any."""
    family, hop = ("-6", NODES6[node]) if ":" in destination else ("-4", NODES[node])
    words = (destination, "via", str(hop))
    machine.run("ip", family, "route", "add", *words)
    try:
        yield
    finally:
        machine.run("ip", family, "route", "del", *words)


@contextmanager
def closed_to_the_machine(cloud: Connection) -> Iterator[None]:
    """Take what the lab has for the external machine out of the cluster's group, of both families."""
    group = cloud.network.find_security_group(node_group.NAME, ignore_missing=False)
    opened = [
        rule
        for plain in (node_group.BGP, node_group.TCP, node_group.UDP)
        for rule in ({"ethertype": "IPv4", **plain}, node_group.second(plain))
    ]
    for rule in cloud.network.security_group_rules(security_group_id=group.id, direction="ingress"):
        if {key: rule[key] for key in opened[0]} in opened:
            cloud.network.delete_security_group_rule(rule)
    try:
        yield
    finally:
        for fields in opened:
            cloud.network.create_security_group_rule(
                security_group_id=group.id, project_id=group.project_id, direction="ingress", **fields
            )


@contextmanager
def behind(machine: Machine, address: str, network: str, way: str) -> Iterator[None]:
    """A network behind the machine with a host in it, and the nodes' way there: the machine's address."""
    machine.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    words = (network, "via", way)
    for node in NODES:
        Host(node, machine.layout).run("ip", "route", "add", *words)
    try:
        yield
    finally:
        for node in NODES:
            Host(node, machine.layout).run("ip", "route", "del", *words)
        machine.run("ip", "address", "del", f"{address}/32", "dev", "lo")


def opens(host: Host, address: str, port: int) -> bool:
    """Whether a host gets a new TCP connection to an address and port."""
    open_it = f"exec 3<>/dev/tcp/{address}/{port}"
    return host.run("timeout", PATIENCE, "bash", "-c", open_it, check=False).returncode == 0


def port(cloud: Connection, name: str) -> Port:
    """A node's port as it is now."""
    found: Port = cloud.network.find_port(name, ignore_missing=False)
    return found


def change(cloud: Connection, name: str, **fields: Any) -> None:
    """Change a node's port by hand."""
    cloud.network.update_port(port(cloud, name), **fields)
