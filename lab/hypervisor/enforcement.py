"""Starts what enforces the ports, and waits until the first state is in force.

Two processes, since the API is reached from one namespace and the filters are in another: the reporter
(lab/hypervisor/reporter.py) in `mgmt`, the enforcer (lab/hypervisor/enforcer.py) in `switch`, and a pipe.
"""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Hosts
from lab.hypervisor import wiring
from lab.layout import PROJECT, Layout
from lab.openstack.made import Made
from lab.openstack.serving import DIRECT
from lab.site import MGMT, SWITCH
from lab.waiting import wait_for


def bring_up(
    layout: Layout,
    hosts: Hosts,
    tools: Tools,
    venv: Path,
    made: Made,
    step: Callable[[str], AbstractContextManager[None]],
) -> None:
    """Name the links of the machines with a port, and enforce all ports from now on.

    After OpenStack has come up: `made` is what it has for the machines of the switch, `venv` where its
    Python is.

    Raises:
        LabError: when the first state is not in force within a minute, with the log's last lines.
    """
    with step("hypervisor: every port's filters"):
        wiring.adopt(made)
        hosts[SWITCH].run("sh", "-c", "echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables")
        _enforce(layout, hosts, tools, venv)


def _enforce(layout: Layout, hosts: Hosts, tools: Tools, venv: Path) -> None:
    folder = layout.run / "hypervisor"
    folder.mkdir(exist_ok=True)
    ready = folder / "enforcing"
    read, write = os.pipe()
    python = {"PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore"}
    try:
        reporter = hosts[MGMT].start(
            "reporter",
            sys.executable,
            *("-m", "lab.hypervisor.reporter", str(layout.folder / "openstack" / "neutron")),
            env={**DIRECT, **python, "OS_CLIENT_CONFIG_FILE": str(layout.clouds)},
            output=write,
        )
        enforcer = hosts[SWITCH].start(
            "enforcer",
            str(venv / "bin" / "python"),
            *("-m", "lab.hypervisor.enforcer", str(ready)),
            env={**tools.environment(), **python, "PATH": f"{tools.netfilter}:{os.environ['PATH']}"},
            stdin=read,
        )
    finally:
        os.close(read)
        os.close(write)

    def enforcing() -> bool:
        for service in (reporter, enforcer):
            if not service.alive():
                raise LabError(f"the lab's {service.name} has ended; {service.tail()}")
        return ready.exists()

    wait_for("the ports' filters to be in force", enforcing, 60, hint=enforcer.tail)
