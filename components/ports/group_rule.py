"""A rule of a security group that is ours alone: for one network, of one TCP port or of everything.

It relies on pulumi-openstack, which takes most of a second to import.
"""

from __future__ import annotations

import pulumi
from pulumi_openstack.networking import SecGroupRule

BGP_PORT = 179


def group_rule(
    name: str,
    group_id: pulumi.Input[str],
    direction: str,
    network: str,
    port: int | None,
    opts: pulumi.ResourceOptions,
) -> SecGroupRule:
    """The rule; `direction` is ingress or egress, `port` None is every protocol."""
    return SecGroupRule(
        name,
        security_group_id=group_id,
        direction=direction,
        ethertype="IPv6" if ":" in network else "IPv4",
        protocol="tcp" if port else None,
        port_range_min=port,
        port_range_max=port,
        remote_ip_prefix=network,
        opts=opts,
    )
