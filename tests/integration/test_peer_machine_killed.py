"""`kill -9` of the engine while it makes or takes away the machine: the next run finishes the job."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.made_machine import ADDRESS, NAME, Site, assert_connected

# A floating IP leads nowhere in the lab, so ssh goes to the address.
SETTINGS: dict[str, Any] = {"machineFloatingNetwork": "public", "sshHost": ADDRESS}
Probe = Callable[[Site], Any]


def rules(site: Site) -> list[Any]:
    """Rules of the machine's group, beside Neutron's own."""
    network = site.cloud.network
    return [
        rule
        for group in network.security_groups(name=f"calico-peering-machine-{NAME}")
        for rule in group.security_group_rules
        if rule["remote_ip_prefix"]
    ]


MOMENTS: dict[str, Probe] = {
    "the key pair is there": lambda site: list(site.cloud.compute.keypairs()),
    "the group is there": lambda site: list(
        site.cloud.network.security_groups(name=f"calico-peering-machine-{NAME}")
    ),
    "a rule is there": rules,
    "the port is there": lambda site: list(site.cloud.network.ports(name=NAME)),
    "the floating IP is there": lambda site: list(site.cloud.network.ips()),
    "the instance is there": lambda site: list(site.cloud.compute.servers()),
}


def kill_when(site: Site, probe: Probe, command: str, **settings: Any) -> None:
    """Begin a run, and kill its engine as soon as the probe says yes."""
    engine = site.stack.start_to_kill(command, site.environment(**settings))
    deadline = time.monotonic() + 120
    while not probe(site):
        assert engine.poll() is None and time.monotonic() < deadline, "the moment never came"
        time.sleep(0.01)
    os.killpg(engine.pid, signal.SIGKILL)
    engine.wait()
    site.stack.unlock()


@pytest.mark.parametrize("moment", MOMENTS)
def test_up_finishes_what_a_killed_up_began(site: Site, moment: str) -> None:
    """Longer than a minute on a busy machine: a VM boots in each of two runs, one of which is killed."""
    site.stack.destroy()
    kill_when(site, MOMENTS[moment], "up", **SETTINGS)
    site.up(**SETTINGS)
    assert_connected(site)
    assert len(site.leftovers()) == 5, site.leftovers()
    site.run("preview", "--refresh", "--expect-no-changes", **SETTINGS)
    site.stack.destroy()
    assert site.leftovers() == []


def test_up_finishes_a_replacement_that_was_killed(site: Site) -> None:
    """Longer than a minute: three VMs boot one after the other."""
    site.up("--refresh", **SETTINGS)
    before = site.server().id
    other: dict[str, Any] = {**SETTINGS, "sshUser": "debian"}
    kill_when(site, lambda site: [s for s in site.cloud.compute.servers() if s.id != before], "up", **other)
    site.up(**other)
    assert_connected(site)
    assert len(site.leftovers()) == 5, site.leftovers()
    site.run("preview", "--refresh", "--expect-no-changes", **other)
    site.stack.destroy()
    assert site.leftovers() == []


def test_destroy_finishes_what_a_killed_destroy_began(site: Site) -> None:
    site.up("--refresh", **SETTINGS)
    kill_when(site, lambda site: not list(site.cloud.compute.servers()), "destroy", **SETTINGS)
    site.stack.destroy()
    assert site.leftovers() == []
