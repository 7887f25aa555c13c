"""A destroy leaves ports, Calico's objects and the machine as they were."""

from typing import Any

import pytest
from openstack.connection import Connection

from lab.external import External
from tests.integration.conftest import Calico, Stack, bird_routes

FOREIGN_DEFAULTS: dict[str, dict[str, Any] | None] = {
    "no default": None,
    "foreign fields": {
        "asNumber": 64512,
        "logSeverityScreen": "Info",
        "nodeToNodeMeshEnabled": True,
        "serviceExternalIPs": [{"cidr": "203.0.113.0/24"}],
    },
    "foreign entries in our list": {
        "logSeverityScreen": "Debug",
        "serviceClusterIPs": [{"cidr": "10.200.0.0/16"}, {"cidr": "10.201.0.0/16"}],
    },
    "our entry was there before us": {"serviceClusterIPs": [{"cidr": "10.96.0.0/12"}]},
}


def ports(cloud: Connection) -> dict[str, list[dict[str, str]]]:
    """Every port's pairs."""
    return {port.name: port.allowed_address_pairs for port in cloud.network.ports()}


def on_machine(machine: External) -> dict[str, str]:
    """Everything on the machine that the program could have touched."""
    looks = {
        "packages": "dpkg-query -W -f '${Package} ${Version} ${Status}\\n'",
        "files": "find /etc /usr/local /var/lib/calico-peering -xdev"
        " ! -name '*.cache' ! -name '*-' -printf '%p %M %u %g %s\\n' 2>/dev/null | sort",
        "units": "systemctl list-unit-files --no-legend | sort",
        "services": "systemctl list-units --type=service --state=running --no-legend --plain",
        "routes": "ip route; ip -6 route",
        "users": "cut -d: -f1 /etc/passwd /etc/group",
        "sysctls": "sysctl -a 2>/dev/null | grep -E '^net.ipv4.(ip_forward|fib_multi|conf.(all|eth0))'",
    }
    return {name: machine.run("sh", "-c", look).stdout for name, look in looks.items()}


@pytest.mark.parametrize("before", FOREIGN_DEFAULTS.values(), ids=FOREIGN_DEFAULTS.keys())
def test_destroy_leaves_everything_as_it_was(
    bare_stack: Stack,
    machine: External,
    cloud: Connection,
    calico: Calico,
    before: dict[str, Any] | None,
) -> None:
    bare_stack.destroy()
    calico.delete("bgpconfigurations", "default")
    if before is not None:
        calico.put("bgpconfigurations", "BGPConfiguration", "default", before)
        # With what Calico's API server fills in.
        before = calico.spec("bgpconfigurations", "default")
    had = ports(cloud), on_machine(machine)

    bare_stack.up()
    during = calico.spec("bgpconfigurations", "default")
    assert {"cidr": "10.96.0.0/12"} in during["serviceClusterIPs"]
    for field, value in (before or {}).items():
        if field != "serviceClusterIPs":
            assert during[field] == value
    assert bird_routes(machine)

    bare_stack.destroy()
    assert bird_routes(machine) == {}
    found = calico.find("bgpconfigurations", "default")
    assert (found["spec"] if found else None) == before
    assert calico.find("bgppeers", "bgppeer-external") is None
    pairs, state = ports(cloud), on_machine(machine)
    assert pairs == had[0]
    for name, was in had[1].items():
        assert state[name] == was, name
    calico.delete("bgpconfigurations", "default")


def test_a_default_that_became_shared_is_kept(bare_stack: Stack, calico: Calico) -> None:
    bare_stack.destroy()
    calico.delete("bgpconfigurations", "default")
    bare_stack.up()
    spec = calico.spec("bgpconfigurations", "default")
    calico.put("bgpconfigurations", "BGPConfiguration", "default", {**spec, "asNumber": 64999})
    # The nodes' AS number is not ours to change back; the sessions it ends are not looked at here.
    bare_stack.destroy()
    assert calico.spec("bgpconfigurations", "default") == {
        key: value for key, value in {**spec, "asNumber": 64999}.items() if key != "serviceClusterIPs"
    }
    calico.delete("bgpconfigurations", "default")


@pytest.mark.parametrize("active", [True, False], ids=["running", "stopped"])
def test_a_bird_that_was_there_before_is_given_back(
    bare_stack: Stack, machine: External, active: bool
) -> None:
    bare_stack.destroy()
    own = "# the machine itself made this file\nrouter id 192.0.2.1;\nprotocol device { }\n"
    machine.run("sh", "-c", "apt-get update -qq && apt-get install -y -qq bird2")
    try:
        machine.run("sh", "-c", f"printf '%s' '{own}' > /etc/bird/bird.conf")
        machine.run("systemctl", "reload-or-restart" if active else "stop", "bird")
        before = on_machine(machine)
        bare_stack.up()
        assert machine.run("cat", "/etc/bird/bird.conf").stdout != own
        bare_stack.destroy()
        assert machine.run("cat", "/etc/bird/bird.conf").stdout == own
        after = on_machine(machine)
        for name, was in before.items():
            assert after[name] == was, name
    finally:
        machine.run("apt-get", "purge", "-y", "-qq", "--autoremove", "bird2")
