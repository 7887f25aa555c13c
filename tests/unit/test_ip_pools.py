"""Which of Calico's IP pools have no overlay."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from components.calico.ip_pools import bare

PODS = [IPv4Network("192.168.0.0/16"), IPv4Network("10.77.0.0/16")]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"ipipMode": "Never", "vxlanMode": "Never"}, True),
        ({"ipipMode": "CrossSubnet", "vxlanMode": "Never"}, True),
        ({"ipipMode": "Never", "vxlanMode": "CrossSubnet"}, True),
        # Calico's defaults.
        ({}, True),
        ({"ipipMode": "Always", "vxlanMode": "Never"}, False),
        ({"ipipMode": "Never", "vxlanMode": "Always"}, False),
        ({"allowedUses": ["Tunnel"]}, False),
        ({"allowedUses": ["Workload", "Tunnel"]}, True),
        ({"cidr": "10.77.3.0/24"}, True),
        ({"cidr": "192.0.0.0/8"}, True),
        ({"cidr": "172.16.0.0/16"}, False),
        ({"cidr": "fd00:10::/48"}, False),
        # Written past Calico's own checks.
        ({"cidr": "192.168.5.5/16"}, True),
        ({"cidr": "pods"}, False),
        ({"cidr": None}, False),
    ],
)
def test_a_pool_of_pods_in_one_of_the_networks_without_an_overlay(spec: dict[str, Any], wanted: bool) -> None:
    assert bare({"cidr": "192.168.0.0/16", **spec}, PODS) is wanted
