"""Starts the hypervisor's processes, and waits until the ports' first state is in force.

Ports are enforced by two of them, since the API is reached from one namespace and the filters are in
another: the reporter (lab/hypervisor/reporter.py) in `mgmt`, the enforcer (lab/hypervisor/enforcer.py) in
`switch`, and a pipe. Machines are made by a third (lab/hypervisor/instances.py).
"""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Hosts, Service
from lab.hypervisor import wiring
from lab.layout import PROJECT, Layout
from lab.openstack.databases import NEUTRON
from lab.openstack.made import Made
from lab.openstack.serving import DIRECT
from lab.site import MGMT, SWITCH
from lab.waiting import wait_for

# What the switch's bridges pass on goes through iptables and ip6tables.
FILTERED = "for table in iptables ip6tables; do echo 1 > /proc/sys/net/bridge/bridge-nf-call-$table; done"
PYTHON = {"PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Enforcer:
    """The process that puts ports into the switch, and the file by which it says that it has."""

    service: Service
    reports: int
    """Where the reporter writes to: a pipe's end."""
    ready: Path


def start_enforcer(layout: Layout, hosts: Hosts, tools: Tools, venv: Path) -> Enforcer:
    """Start it, with OpenStack's Python in `venv`: it loads for seconds, and then waits for reports."""
    folder = layout.run / "hypervisor"
    folder.mkdir(exist_ok=True)
    ready = folder / "enforcing"
    read, write = os.pipe()
    try:
        service = hosts[SWITCH].start(
            "enforcer",
            str(venv / "bin" / "python"),
            *("-m", "lab.hypervisor.enforcer", str(ready)),
            env={**tools.environment(), **PYTHON, "PATH": f"{tools.netfilter}:{os.environ['PATH']}"},
            stdin=read,
        )
    finally:
        os.close(read)
    return Enforcer(service, write, ready)


def bring_up(
    layout: Layout,
    hosts: Hosts,
    enforcer: Enforcer,
    made: Made,
    step: Callable[[str], AbstractContextManager[None]],
) -> None:
    """Name the links of the machines with a port, enforce all ports and make instances from now on.

    After OpenStack has come up: `made` is what it has for the machines of the switch.

    Raises:
        LabError: when the first state is not in force within a minute, with the log's last lines.
    """
    with step("hypervisor: every port's filters"):
        wiring.adopt(made)
        hosts[SWITCH].run("sh", "-c", FILTERED)
        _enforce(layout, hosts, enforcer)
    _start_with_api(layout, hosts, "instances", str(layout.folder))


def _start_with_api(
    layout: Layout, hosts: Hosts, name: str, *words: str, output: int | None = None
) -> Service:
    """Start one of the modules here in the namespace from which the APIs are reached."""
    return hosts[MGMT].start(
        name,
        sys.executable,
        *("-m", f"lab.hypervisor.{name}", *words),
        env={**DIRECT, **PYTHON, "OS_CLIENT_CONFIG_FILE": str(layout.clouds)},
        output=output,
    )


def _enforce(layout: Layout, hosts: Hosts, enforcer: Enforcer) -> None:
    try:
        database = layout.folder / "openstack" / "neutron" / NEUTRON
        reporter = _start_with_api(layout, hosts, "reporter", str(database), output=enforcer.reports)
    finally:
        os.close(enforcer.reports)

    def enforcing() -> bool:
        for service in (reporter, enforcer.service):
            if not service.alive():
                raise LabError(f"the lab's {service.name} has ended; {service.tail()}")
        return enforcer.ready.exists()

    wait_for("the ports' filters to be in force", enforcing, 60, hint=enforcer.service.tail)
