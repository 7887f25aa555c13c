"""A destroy leaves ports, Calico's objects and the machine as they were."""

from typing import Any

import pytest
from openstack.connection import Connection

from lab.external import External
from tests.integration.conftest import Calico, Changed, Stack, bird_routes

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
        "sysctls": "sysctl -a 2>/dev/null | grep -E '^net.ipv[46].(ip_forward|fib_multi|conf.[a-z0-9]+)'",
    }
    return {name: machine.run("sh", "-c", look).stdout for name, look in looks.items()}


@pytest.mark.parametrize("before", FOREIGN_DEFAULTS.values(), ids=FOREIGN_DEFAULTS.keys())
@pytest.mark.main_path("foreign entries in our list")
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
def test_a_machine_with_a_bird_and_parameters_of_its_own_is_given_back(
    bare_stack: Stack, changed: Changed, machine: External, active: bool
) -> None:
    bare_stack.destroy()
    own = "# the machine itself made this file\nrouter id 192.0.2.1;\nprotocol device { }\n"
    machine.run("sh", "-c", "apt-get update -qq && apt-get install -y -qq bird2")
    strict = "/proc/sys/net/ipv4/conf/eth0/rp_filter"
    file = "/etc/sysctl.d/90-calico-peering.conf"
    try:
        machine.run("sh", "-c", f"printf '%s' '{own}' > /etc/bird/bird.conf")
        machine.run("systemctl", "reload-or-restart" if active else "stop", "bird")
        machine.run("sh", "-c", f"echo 1 >{strict}; echo '# somebody' >{file}; chmod 0600 {file}")
        before = on_machine(machine)
        forwarding = changed(machineNetworks=["10.50.0.0/16"], advertise=True)
        bare_stack.run("up", "--yes", "--skip-preview", environment=forwarding)
        assert machine.run("cat", "/etc/bird/bird.conf").stdout != own
        assert "net.ipv4.ip_forward = 1\n" in machine.run("cat", file).stdout
        assert machine.run("cat", "/proc/sys/net/ipv4/ip_forward", strict).stdout == "1\n2\n"
        # Somebody needs another hash, which is theirs from now on.
        machine.run("sh", "-c", "echo 2 >/proc/sys/net/ipv4/fib_multipath_hash_policy")
        text = bare_stack.destroy()
        assert "net.ipv4.fib_multipath_hash_policy stays at 2: somebody set that" in text
        machine.run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/fib_multipath_hash_policy")
        assert machine.run("cat", "/etc/bird/bird.conf").stdout == own
        after = on_machine(machine)
        for name, was in before.items():
            assert after[name] == was, name
        assert bird_routes(machine) == {}
    finally:
        machine.run("sh", "-c", f"echo 0 >{strict}; rm -f {file}")
        machine.run("apt-get", "purge", "-y", "-qq", "--autoremove", "bird2")
