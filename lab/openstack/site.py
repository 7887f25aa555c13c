"""What exists on the lab's OpenStack before the program comes: run as a program on the management host.

`python -m lab.openstack.site`, with the users' passwords on standard input as a JSON object
{user: password}. The project `cluster` stands for whoever made the cluster and owns its network and
the nodes' ports. The program is another user of that project, and the ports are not its own. What the
hypervisor has to know of it is printed as a JSON object (lab/openstack/made.py).

node2's port carries a pair that neither of them put there for the peering.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.connection import Connection
from openstack.exceptions import SDKException
from openstack.identity.v3._proxy import Proxy

from lab.openstack import node_group
from lab.openstack.accounts import (
    ADMIN,
    ADMIN_PROJECT,
    CLUSTER_PROJECT,
    CLUSTER_USER,
    MEMBERS,
)
from lab.openstack.made import Made
from lab.openstack.neutron import PHYSICAL_NETWORK
from lab.openstack.serving import KEYSTONE_URL, NEUTRON_URL, REGION
from lab.site import NODE_NETWORK, NODES, mac

NETWORK = "nodes"
# Where ports get an address that ask for none: the machines without a port are elsewhere.
FREE = ("172.34.8.100", "172.34.8.199")
FOREIGN_PAIRS: dict[str, list[dict[str, str]]] = {"node2": [{"ip_address": "10.200.0.0/16"}]}


def connect(user: str, password: str, project: str) -> Connection:
    """A connection that looks at nothing in the environment."""
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=KEYSTONE_URL,
        username=user,
        password=password,
        project_name=project,
        user_domain_id="default",
        project_domain_id="default",
        region_name=REGION,
    )


def make_identity(admin: Connection, passwords: Mapping[str, str]) -> str:
    """Neutron's catalog entry and service user, the cluster's project and users; the project's id."""
    # The lab's Keystone has no other version.
    identity = cast(Proxy, admin.identity)
    roles = {role.name: role.id for role in identity.roles()}
    network_service = identity.create_service(name="neutron", type="network")
    for interface in ("public", "internal"):
        identity.create_endpoint(
            service_id=network_service.id,
            interface=interface,
            region_id=REGION,
            url=NEUTRON_URL,
        )
    projects = {}
    for project_name, users in MEMBERS.items():
        project = identity.create_project(name=project_name, domain_id="default")
        projects[project_name] = project.id
        for name, role in users.items():
            user = identity.create_user(name=name, domain_id="default", password=passwords[name])
            identity.assign_project_role_to_user(project.id, user.id, roles[role])
    return str(projects[CLUSTER_PROJECT])


def make_network(admin: Connection, cluster: Connection, project: str) -> Made:
    """The nodes' network (a provider network of the cluster's project), its subnet and ports."""
    network = admin.network.create_network(
        name=NETWORK,
        project_id=project,
        provider_network_type="flat",
        provider_physical_network=PHYSICAL_NETWORK,
    )
    subnet = cluster.network.create_subnet(
        name=NETWORK,
        network_id=network.id,
        ip_version=4,
        cidr=str(NODE_NETWORK),
        gateway_ip=None,
        enable_dhcp=False,
        allocation_pools=[{"start": FREE[0], "end": FREE[1]}],
    )
    group = node_group.make(cluster)
    ports = {
        name: cluster.network.create_port(
            name=name,
            network_id=network.id,
            fixed_ips=[{"subnet_id": subnet.id, "ip_address": str(address)}],
            mac_address=mac(address),
            security_groups=[group],
            allowed_address_pairs=FOREIGN_PAIRS.get(name, []),
        ).id
        for name, address in NODES.items()
    }
    return Made(network.id, ports)


def main() -> int:
    """Make everything; 1 and a message when the OpenStack refuses."""
    passwords = json.load(sys.stdin)
    try:
        admin = connect(ADMIN, passwords[ADMIN], ADMIN_PROJECT)
        project = make_identity(admin, passwords)
        # The first token came with a catalog that does not have Neutron in it yet.
        admin = connect(ADMIN, passwords[ADMIN], ADMIN_PROJECT)
        cluster = connect(CLUSTER_USER, passwords[CLUSTER_USER], CLUSTER_PROJECT)
        made = make_network(admin, cluster, project)
    except (SDKException, ClientException) as error:
        print(f"the lab's OpenStack refused: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(made)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
