"""What Nova and Neutron say of an instance becomes a name, interfaces and cloud-init's seed."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.hypervisor.instance import NO_USER_DATA, Interface, interfaces, machine_name, network_config, seed

Json = dict[str, Any]

IDENTITY = "0a1b2c3d-1111-4111-8111-111111111111"
MACS = ["fa:16:3e:00:00:01", "fa:16:3e:00:00:02"]
NETWORKS = {"inner": {"mtu": 1450}, "outer": {"mtu": 1500}}
SUBNETS: dict[str, Json] = {
    "inner4": {
        "cidr": "10.0.0.0/25",
        "ip_version": 4,
        "gateway_ip": None,
        "host_routes": [{"destination": "10.1.0.0/16", "nexthop": "10.0.0.9"}],
        "dns_nameservers": [],
    },
    "outer4": {
        "cidr": "172.34.8.0/24",
        "ip_version": 4,
        "gateway_ip": "172.34.8.1",
        "host_routes": [],
        "dns_nameservers": ["172.34.8.53"],
    },
    "outer6": {
        "cidr": "fd00::/64",
        "ip_version": 6,
        "gateway_ip": "fd00::1",
        "host_routes": [],
        "dns_nameservers": ["172.34.8.53"],
    },
}
PORTS = [
    {
        "id": "second",
        "network_id": "outer",
        "mac_address": MACS[1],
        "fixed_ips": [
            {"subnet_id": "outer4", "ip_address": "172.34.8.101"},
            {"subnet_id": "outer6", "ip_address": "fd00::65"},
        ],
    },
    {
        "id": "first",
        "network_id": "inner",
        "mac_address": MACS[0],
        "fixed_ips": [{"subnet_id": "inner4", "ip_address": "10.0.0.5"}],
    },
]


def server(**more: Any) -> Json:
    """An instance as Nova's API answers."""
    addresses = {
        "inner": [{"addr": "10.0.0.5", "OS-EXT-IPS-MAC:mac_addr": MACS[0]}],
        "outer": [{"addr": "172.34.8.101", "OS-EXT-IPS-MAC:mac_addr": MACS[1]}],
    }
    return {
        "id": IDENTITY,
        "name": "Web Server",
        "OS-EXT-SRV-ATTR:hostname": "web-server",
        "addresses": addresses,
        **more,
    }


def test_interfaces_are_in_the_order_in_which_the_instance_was_given_them() -> None:
    assert interfaces(server(), PORTS, SUBNETS, NETWORKS) == [
        Interface(
            port="first",
            network="inner",
            mac=MACS[0],
            mtu=1450,
            addresses=("10.0.0.5/25",),
            routes=(("10.1.0.0/16", "10.0.0.9"),),
            nameservers=(),
        ),
        Interface(
            port="second",
            network="outer",
            mac=MACS[1],
            mtu=1500,
            addresses=("172.34.8.101/24", "fd00::65/64"),
            routes=(("0.0.0.0/0", "172.34.8.1"), ("::/0", "fd00::1")),
            nameservers=("172.34.8.53",),
        ),
    ]


def test_a_port_that_nova_does_not_show_yet_comes_last() -> None:
    found = interfaces(server(addresses={"outer": server()["addresses"]["outer"]}), PORTS, SUBNETS, NETWORKS)
    assert [interface.port for interface in found] == ["second", "first"]


def test_the_network_configuration_is_cloud_inits_version_2() -> None:
    found = network_config(interfaces(server(), PORTS, SUBNETS, NETWORKS))
    assert found["version"] == 2
    assert list(found["ethernets"]) == ["eth0", "eth1"]
    assert found["ethernets"]["eth1"] == {
        "match": {"macaddress": MACS[1]},
        "set-name": "eth1",
        "mtu": 1500,
        "addresses": ["172.34.8.101/24", "fd00::65/64"],
        "routes": [{"to": "0.0.0.0/0", "via": "172.34.8.1"}, {"to": "::/0", "via": "fd00::1"}],
        "nameservers": {"addresses": ["172.34.8.53"]},
    }


@given(st.binary(min_size=1))
def test_user_data_arrives_as_it_was_given(data: bytes) -> None:
    given_data = {"OS-EXT-SRV-ATTR:user_data": base64.b64encode(data).decode()}
    assert seed(server(**given_data), [], [])["user-data"] == data


def test_without_user_data_the_seed_is_complete() -> None:
    found = seed(server(), [], ["ssh-ed25519 A"])
    assert found["user-data"] == NO_USER_DATA
    assert json.loads(found["meta-data"]) == {
        "instance-id": IDENTITY,
        "hostname": "web-server",
        "local-hostname": "web-server",
        "public-keys": ["ssh-ed25519 A"],
    }


@pytest.mark.parametrize(
    ("hostname", "taken", "name"),
    [
        ("web-server", [], "web-server"),
        ("web-server", ["web-server"], "web-server-0a1b2c3d"),
        ("peer", ["peer", "node1"], "peer-0a1b2c3d"),
        ("Große.Straße", [], "gro-e-stra-e"),
        ("...", [], "instance-0a1b2c3d"),
    ],
)
def test_a_machine_has_its_host_name_unless_somebody_has_it(
    hostname: str, taken: list[str], name: str
) -> None:
    assert machine_name(server(**{"OS-EXT-SRV-ATTR:hostname": hostname}), taken) == name


@given(st.text(), st.lists(st.text()))
def test_every_name_is_good_for_a_namespace_and_a_host(hostname: str, taken: list[str]) -> None:
    name = machine_name(server(**{"OS-EXT-SRV-ATTR:hostname": hostname, "name": "x"}), taken)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    assert name not in taken or name.endswith(IDENTITY[:8])
