"""Rule: security groups of the program admit TCP/179 from the nodes' networks only.

On the machine these are the networks that nodes open sessions from. The group on the nodes' ports is for the
other direction: it admits the machine's address and the networks behind the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.networks import IPNetwork, network_or_none, within
from policies.declared import Declared
from policies.resource import UNKNOWN, Resource, listed, shown_network

BGP = 179
GROUPS = ("MachineGroup", "NodeSecurityGroup")


def bgp_sources(
    resource: Resource, declared: Declared | None, configured: Sequence[IPNetwork] | None = None
) -> Iterator[str]:
    """`configured`: the networks of the policy configuration, which count instead of the declared ones."""
    if resource.kind != "SecGroupRule" or not _admits_bgp(resource):
        return
    expected = configured if configured is not None else _sources(resource, declared)
    if expected is None:
        if any(map(resource.beneath, GROUPS)):
            yield (
                "the sources of TCP/179 cannot be compared: expected the settings of calico-peering in the"
                " stack's configuration, found none that can be read. Give the networks in the policy"
                " configuration:"
                ' "bgp-sources": {"networks": […]}'
            )
        return
    source, group = (resource.properties.get(name) for name in ("remoteIpPrefix", "remoteGroupId"))
    if source is UNKNOWN or (not source and group is UNKNOWN):
        return
    network = network_or_none(source) if isinstance(source, str) else None
    if network and any(within(network, each) for each in expected):
        return
    found = "a security group" if group and not source else shown_network(source) if source else "any address"
    yield (
        f"TCP/179 is open to more than the nodes: expected a source within {listed(expected)}, found {found}."
        " Narrow the rule, or correct nodeNetwork"
    )


def _admits_bgp(resource: Resource) -> bool:
    """Whether the rule lets TCP/179 in; a protocol or port that is not known yet lets nothing in."""
    direction, protocol = (resource.properties.get(name) for name in ("direction", "protocol"))
    first, last = (resource.properties.get(name) for name in ("portRangeMin", "portRangeMax"))
    if direction != "ingress" or UNKNOWN in (protocol, first, last):
        return False
    # Empty, 0 and `any` are every protocol, to Neutron and to Terraform's provider.
    if str(protocol or "any").lower() not in ("any", "0", "tcp", "6"):
        return False
    # Neither is every port. Numbers come as floats.
    return _number(first, 0) <= BGP <= _number(last, 65535)


def _number(value: object, default: int) -> float:
    """Without a value, and with Terraform's 0 for none, the default."""
    try:
        return float(str(value or default))
    except ValueError:
        return default


def _sources(resource: Resource, declared: Declared | None) -> Sequence[IPNetwork] | None:
    if declared is None:
        return None
    if resource.beneath("NodeSecurityGroup"):
        return (*declared.nodes, *declared.machines, *declared.behind)
    return declared.nodes
