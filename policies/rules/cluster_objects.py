"""Rule: the stack owns nothing that belongs to the cluster or to whoever made it.

What a stack owns it overwrites as a whole and deletes with `destroy`. Of the cluster's objects this program
only claims a part (PortPairs, BgpConfigurationPart, NodeMark); a resource for the object itself takes all of
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from components.networks import network_or_none, overlap
from policies.declared import Declared
from policies.resource import UNKNOWN, Resource, items, mapping, shown_name

CALICO = ("projectcalico.org", "crd.projectcalico.org")
# A BGPPeer or BGPFilter is made for one machine; these are one for all.
CALICO_KINDS = frozenset(
    "BGPConfiguration BlockAffinity CalicoNodeStatus ClusterInformation FelixConfiguration HostEndpoint"
    " IPAMBlock IPAMConfig IPAMConfiguration IPAMHandle IPPool IPReservation"
    " KubeControllersConfiguration".split()
)
SYSTEM_NAMESPACES = frozenset(
    "calico-apiserver calico-system kube-node-lease kube-public kube-system tigera-operator".split()
)
# For the sessions' password, which calico-node reads in its own namespace.
PASSWORD_KINDS = frozenset({"Secret", "Role", "RoleBinding"})
MARK = "calico-peering/stack"
CURE = (
    "Take the resource out of the program and its record out of the state (pulumi state delete), which leaves"
    " the object as it is"
)
OWN_GROUP = "openstack:networking/secGroup:SecGroup"


@dataclass(frozen=True)
class Claimed:
    """What the stack's other resources say about the cluster."""

    node_ports: frozenset[str] = frozenset()
    """The ids of the nodes' Neutron ports."""
    declared: Declared = field(default_factory=Declared)


def cluster_objects(resource: Resource, claimed: Claimed) -> Iterator[str]:
    """A line for each reason why the resource is another owner's."""
    system = resource.type.partition(":")[0]
    if system == "kubernetes":
        yield from _kubernetes(resource)
    elif system == "openstack":
        yield from _openstack(resource, claimed)


def node_ports(resource: Resource) -> frozenset[str]:
    """The ids of the ports on which the resource claims address pairs."""
    port = resource.properties.get("port_id") if resource.kind == "PortPairs" else None
    return frozenset({port} if isinstance(port, str) else ())


def _kubernetes(resource: Resource) -> Iterator[str]:
    group = resource.type.split(":")[1].partition("/")[0]
    kind, patch = resource.kind.removesuffix("Patch"), resource.kind.endswith("Patch")
    metadata = mapping(resource.properties.get("metadata"))
    what = f"{kind} {shown_name(metadata.get('name'))}".rstrip()
    if patch:
        yield _owned(f"fields of {what}", "a claim of single fields that gives them back", f"a {kind}Patch")
    elif group == "operator.tigera.io" or (group in CALICO and kind in CALICO_KINDS):
        yield _owned(what, "BGPPeer and BGPFilter as the only objects of Calico", kind)
    elif group == "core" and kind == "Node":
        yield _owned(what, "no Node", kind)
    elif shown_name(metadata.get("namespace")) in SYSTEM_NAMESPACES and not _is_password(kind, metadata):
        namespace = shown_name(metadata.get("namespace"))
        yield _owned(
            f"{what} in namespace {namespace}", "nothing there but the sessions' password", f"a {kind}"
        )
    elif group == "core" and kind == "Namespace" and shown_name(metadata.get("name")) in SYSTEM_NAMESPACES:
        yield _owned(what, "no namespace of the cluster", kind)


def _is_password(kind: str, metadata: object) -> bool:
    annotations = mapping(mapping(metadata).get("annotations"))
    return kind in PASSWORD_KINDS and MARK in annotations


def _openstack(resource: Resource, claimed: Claimed) -> Iterator[str]:
    properties, declared = resource.properties, claimed.declared
    port = properties.get("portId")
    if isinstance(port, str) and port in claimed.node_ports:
        yield _owned("what is set on a node's port", "a PortPairs", f"a {resource.kind}")
    if resource.kind == "Port":
        fixed = [mapping(each).get("ipAddress") for each in items(properties.get("fixedIps"))]
        addresses = [
            network for each in fixed if isinstance(each, str) and (network := network_or_none(each))
        ]
        yield from (
            _owned("a node's port", "a port with a machine's address", f"{network.network_address}")
            for network in addresses
            if network.network_address in declared.node_addresses
        )
    if resource.kind == "SecGroupRule" and not _in_own_group(resource):
        yield _owned("a rule in a security group of others", "a group of this stack", "another group's id")
    if resource.kind == "SecGroup" and properties.get("name") == "default":
        yield _owned("the project's security group `default`", "a group of its own", "`default`")
    if resource.kind == "Subnet":
        cidr = properties.get("cidr")
        network = network_or_none(cidr) if isinstance(cidr, str) else None
        if network and any(overlap(network, each) for each in declared.nodes):
            yield _owned("the nodes' subnet", "a subnet apart from nodeNetwork", str(network))


def _in_own_group(resource: Resource) -> bool:
    """Whether the group is of this stack, or not known yet."""
    if resource.properties.get("securityGroupId", UNKNOWN) is UNKNOWN:
        return True
    return OWN_GROUP in resource.depends_on.get("securityGroupId", ())


def _owned(what: str, expected: str, found: str) -> str:
    return f"the stack owns {what}, which belongs to the cluster: expected {expected}, found {found}. {CURE}"
