"""The policy cluster-objects: what the stack may own, and how what belongs to the cluster is reported."""

from dataclasses import replace

import pytest

from policies.resource import UNKNOWN, Resource
from policies.rules.cluster_objects import Claimed, cluster_objects, node_ports
from tests.unit.policy_resources import (
    DECLARED,
    GROUP,
    NODES,
    POD,
    PORT,
    command,
    kubernetes,
    only,
    own_port,
    port_pairs,
    rule,
)

CLAIMED = Claimed(node_ports(port_pairs(POD)), DECLARED)


@pytest.mark.parametrize(
    "resource",
    [
        kubernetes("projectcalico.org/v3", "BGPPeer"),
        kubernetes("crd.projectcalico.org/v1", "BGPFilter"),
        kubernetes("core/v1", "Secret", namespace="calico-system"),
        kubernetes("rbac.authorization.k8s.io/v1", "RoleBinding", namespace="kube-system"),
        kubernetes("core/v1", "Namespace", name="web"),
        kubernetes("apps/v1", "Deployment", namespace="web"),
        port_pairs(POD),
        own_port(),
        rule(),
        rule(securityGroupId=UNKNOWN),
        command(),
        Resource("pulumi:pulumi:Stack", "calico-peering-lab", {}),
    ],
)
def test_what_is_the_stacks_own_is_accepted(resource: Resource) -> None:
    assert [*cluster_objects(resource, CLAIMED)] == []


SUBNET = "openstack:networking/subnet:Subnet"
FOREIGN = [
    (kubernetes("projectcalico.org/v3", "BGPConfiguration", name="default"), "BGPConfiguration default"),
    (kubernetes("crd.projectcalico.org/v1", "IPPool", name="default-ipv4-ippool"), "IPPool default-ipv4"),
    (kubernetes("operator.tigera.io/v1", "Installation", name="default"), "Installation default"),
    (kubernetes("core/v1", "Node", name="node1"), "Node node1"),
    (kubernetes("core/v1", "NodePatch", name="node1"), "fields of Node node1"),
    (kubernetes("core/v1", "Namespace", name="kube-system"), "Namespace kube-system"),
    (kubernetes("apps/v1", "DaemonSet", namespace="calico-system"), "in namespace calico-system"),
    (kubernetes("core/v1", "Secret", namespace="kube-system", annotations={}), "in namespace kube-system"),
    (kubernetes("core/v1", "ConfigMap", namespace="kube-system"), "in namespace kube-system"),
    (own_port(fixedIps=[{"ipAddress": "172.34.8.10"}]), "a node's port"),
    (replace(rule(), depends_on={}), "a rule in a security group of others"),
    (Resource("openstack:networking/secGroup:SecGroup", "x", {"name": "default"}), "group `default`"),
    (
        Resource("openstack:networking/portSecGroupAssociate:PortSecGroupAssociate", "x", {"portId": PORT}),
        "port",
    ),
    (Resource("openstack:networking/floatingIp:FloatingIp", "x", {"portId": PORT}), "set on a node's port"),
    (Resource(SUBNET, "x", {"cidr": NODES}), "the nodes' subnet"),
]


@pytest.mark.parametrize(("resource", "owned"), FOREIGN)
def test_what_belongs_to_the_cluster_is_reported(resource: Resource, owned: str) -> None:
    message = only(cluster_objects(resource, CLAIMED))
    assert message.startswith("the stack owns ")
    assert owned in message.partition(":")[0]


def test_another_groups_id_is_enough_for_a_rule_of_others() -> None:
    assert GROUP
    assert [
        *cluster_objects(replace(rule(), depends_on={"remoteIpPrefix": GROUP["securityGroupId"]}), CLAIMED)
    ]
