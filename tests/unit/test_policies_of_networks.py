"""The policies address-pairs and bgp-sources: networks against the settings, and how a break is reported."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from policies.declared import Declared, read_declared
from policies.resource import UNKNOWN, Resource
from policies.rules.address_pairs import address_pairs
from policies.rules.bgp_sources import bgp_sources
from tests.unit.example import made
from tests.unit.policy_resources import (
    DECLARED,
    NODES,
    POD,
    PORT,
    SERVICE,
    command,
    only,
    own_port,
    port_pairs,
    rule,
)

# address-pairs


def pairs(resource: Resource) -> list[str]:
    return [*address_pairs(resource, DECLARED.pairs)]


@pytest.mark.parametrize(
    "resource",
    [
        port_pairs(POD, SERVICE),
        port_pairs("192.168.204.0/26", "172.34.8.45/32", "10.30.0.0/16"),
        port_pairs(UNKNOWN, POD),
        replace(port_pairs(), properties={"port_id": PORT, "networks": UNKNOWN}),
        own_port("10.30.0.0/16"),
        own_port("172.34.8.45"),
        own_port(UNKNOWN),
        command(),
    ],
)
def test_pairs_within_the_declared_networks_are_accepted(resource: Resource) -> None:
    assert pairs(resource) == []


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (port_pairs(POD, "192.0.0.0/8"), "192.0.0.0/8"),
        (own_port("172.34.8.0/24"), "172.34.8.0/24"),
        (port_pairs("fd00::/8"), "fd00::/8"),
        (port_pairs("s3cret"), "a text of 6 characters"),
    ],
)
def test_a_wider_pair_is_reported(resource: Resource, found: str) -> None:
    message = only(pairs(resource))
    assert (
        f"expected a network within {POD}, {SERVICE}, 172.34.8.45/32, 10.30.0.0/16, found {found}." in message
    )


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (port_pairs(POD, "0.0.0.0/0"), "0.0.0.0/0"),
        (own_port("::/0"), "::/0"),
        (port_pairs("1.2.3.4/0"), "0.0.0.0/0"),
    ],
)
def test_every_address_is_reported_also_where_it_is_declared(resource: Resource, found: str) -> None:
    assert f"found {found}." in only(pairs(resource))
    everything = Declared(pods_and_services=(ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert f"found {found}." in only(address_pairs(resource, everything.pairs))


def test_every_address_in_two_halves_is_every_address() -> None:
    found = pairs(port_pairs("0.0.0.0/1", "128.0.0.0/1"))
    assert "every address" in found[0]
    assert len(found) == 3


def test_pairs_of_a_stack_without_known_settings_are_reported() -> None:
    assert '"address-pairs": {"networks": […]}' in only(address_pairs(port_pairs(POD), None))
    assert not [*address_pairs(command(), None)]


# bgp-sources


def sources(resource: Resource) -> list[str]:
    return [*bgp_sources(resource, DECLARED)]


@pytest.mark.parametrize(
    "resource",
    [
        rule(),
        rule(remoteIpPrefix="172.34.8.10/32"),
        rule(direction="egress", remoteIpPrefix="0.0.0.0/0"),
        rule(protocol="udp", remoteIpPrefix="0.0.0.0/0"),
        rule(portRangeMin=22.0, portRangeMax=22.0, remoteIpPrefix="198.51.100.0/24"),
        rule(remoteIpPrefix=UNKNOWN),
        rule(protocol=UNKNOWN, remoteIpPrefix="0.0.0.0/0"),
        rule(remoteIpPrefix="", remoteGroupId=UNKNOWN),
        rule("NodeSecurityGroup", remoteIpPrefix="172.34.8.45/32"),
        rule("NodeSecurityGroup", protocol="", remoteIpPrefix="10.30.0.0/16"),
    ],
)
def test_bgp_from_the_nodes_is_accepted(resource: Resource) -> None:
    assert sources(resource) == []


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (rule(remoteIpPrefix="0.0.0.0/0"), "0.0.0.0/0"),
        (rule(remoteIpPrefix="172.34.0.0/16"), "172.34.0.0/16"),
        (rule(remoteIpPrefix=""), "any address"),
        (rule(remoteIpPrefix=None, remoteGroupId="g"), "a security group"),
        (rule(protocol="", portRangeMin=0.0, portRangeMax=0.0, remoteIpPrefix="10.0.0.0/8"), "10.0.0.0/8"),
        (rule(portRangeMin=1.0, portRangeMax=1024.0, remoteIpPrefix="10.0.0.0/8"), "10.0.0.0/8"),
        (rule(protocol="6", remoteIpPrefix="10.0.0.0/8"), "10.0.0.0/8"),
        # What is behind the machine has no business at the machine's own BGP.
        (rule(remoteIpPrefix="10.30.0.0/16"), "10.30.0.0/16"),
        (rule("NodeSecurityGroup", remoteIpPrefix="10.0.0.0/8"), "10.0.0.0/8"),
        (rule(remoteIpPrefix="s3cret"), "a text of 6 characters"),
    ],
)
def test_bgp_from_elsewhere_is_reported(resource: Resource, found: str) -> None:
    message = only(sources(resource))
    assert f"expected a source within {NODES}" in message
    assert f"found {found}." in message


def test_sources_without_known_settings_are_reported() -> None:
    assert '"bgp-sources": {"networks": […]}' in only(bgp_sources(rule(), None))
    elsewhere = replace(
        rule(), urn="urn:pulumi:lab::other::openstack:networking/secGroupRule:SecGroupRule::x"
    )
    assert not [*bgp_sources(elsewhere, None)]


# The settings


def test_the_declared_networks_are_those_of_all_machines_and_clusters() -> None:
    settings = made(machineNetworks='["10.30.0.0/16"]') | {
        "clusters": '{"east": {"podNetworks": ["10.244.0.0/16"], "serviceNetworks": ["10.97.0.0/16"]}}'
    }
    found = read_declared({f"calico-peering:{key}": text for key, text in settings.items()})
    assert found is not None
    assert [str(each) for each in found.pairs] == [
        "10.244.0.0/16",
        "10.97.0.0/16",
        "172.34.8.45/32",
        "10.30.0.0/16",
    ]
    assert [str(each) for each in found.nodes] == [NODES]


@pytest.mark.parametrize("configuration", [{}, {"other:x": "1"}, {"calico-peering:podNetworks": "nonsense"}])
def test_settings_that_the_program_refuses_declare_nothing(configuration: dict[str, Any]) -> None:
    assert read_declared(configuration) is None
