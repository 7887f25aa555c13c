"""The nodes' own security group, as whoever made the cluster would have it: name and rules.

What kubespray's Terraform and Cluster API's provider for OpenStack open: everything between members, and
ssh. What goes out is open by Neutron's default rules. The rest lets the external machine reach nodes,
pods and services.
"""

from typing import Any

from openstack.connection import Connection

from lab.site import NODE_NETWORK, NODE_NETWORK6

NAME = "k8s-nodes"

Rule = dict[str, Any]


def _from_node_network(protocol: str, port: int | None = None) -> Rule:
    """The rule of IPv4; of IPv6 it is `second`'s."""
    return {
        "protocol": protocol,
        "port_range_min": port,
        "port_range_max": port,
        "remote_ip_prefix": str(NODE_NETWORK),
    }


SSH = _from_node_network("tcp", 22)
BGP = _from_node_network("tcp", 179)
# Of pods and services; by the sender's address, as these rules know no other.
TCP = _from_node_network("tcp")
UDP = _from_node_network("udp")


def second(rule: Rule) -> Rule:
    """The same rule for IPv6."""
    remote = {"remote_ip_prefix": str(NODE_NETWORK6)} if "remote_ip_prefix" in rule else {}
    return {**rule, "ethertype": "IPv6", **remote}


def make(cluster: Connection) -> str:
    """Make the group in the cluster's project and return its id."""
    group = str(cluster.network.create_security_group(name=NAME).id)
    members = {"remote_group_id": group}
    rules = [
        {"security_group_id": group, "direction": "ingress", **one}
        for rule in (members, SSH, BGP, TCP, UDP)
        for one in ({"ethertype": "IPv4", **rule}, second(rule))
    ]
    cluster.network.create_security_group_rules(rules)
    return group
