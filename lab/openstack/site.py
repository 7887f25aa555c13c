"""What exists on the lab's OpenStack before the program comes: run as a program on the management host.

`python -m lab.openstack.site`, with the users' passwords on standard input as a JSON object
{user: password}, after lab/openstack/identity.py. The project `cluster` stands for whoever made the
cluster and owns its network and the nodes' ports. The program is another user of that project, and the
ports are not its own. What the hypervisor has to know of it is printed as a JSON object
(lab/openstack/made.py).

node2's port carries a pair that neither of them put there for the peering.

For machines that are made here there are the flavor `small` and the image `debian-12`, of which Glance
only has placeholder bytes: what such a machine boots is the Debian that the lab has in its cache. The
external network `public` gives floating IPs, and the cluster's router leads there; Neutron keeps both,
and nothing carries packets between them.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from ipaddress import IPv4Network

from keystoneauth1.exceptions import ClientException
from openstack.connection import Connection
from openstack.exceptions import SDKException

from lab.openstack import node_group
from lab.openstack.accounts import (
    ADMIN,
    ADMIN_PROJECT,
    CLUSTER_PROJECT,
    CLUSTER_USER,
)
from lab.openstack.identity import connect
from lab.openstack.made import Made
from lab.openstack.neutron import EXTERNAL_PHYSICAL_NETWORK, PHYSICAL_NETWORK
from lab.site import NODE_NETWORK, NODE_NETWORK6, NODES, NODES6, mac

NETWORK = "nodes"
NETWORK6 = "nodes-v6"
# Where ports get an address that ask for none, one of each family: the machines without a port are elsewhere.
FREE = ("172.34.8.100", "172.34.8.199")
FREE6 = ("fd00:172:34:8:1::1", "fd00:172:34:8:1::ffff")
FOREIGN_PAIRS: dict[str, list[dict[str, str]]] = {"node2": [{"ip_address": "10.200.0.0/16"}]}

ROUTER = "cluster"
ROUTER_ADDRESS = str(NODE_NETWORK[1])
EXTERNAL_NETWORK = "public"
# TEST-NET-3: floating IPs that cannot be anybody's.
FLOATING_ADDRESSES = IPv4Network("203.0.113.0/24")

FLAVOR = "small"
IMAGE = "debian-12"
PLACEHOLDER = b"placeholder: the lab boots the Debian of its own cache\n"


def make_network(admin: Connection, cluster: Connection) -> Made:
    """The nodes' network (a provider network of the cluster's project), its subnets and ports."""
    network = admin.network.create_network(
        name=NETWORK,
        project_id=cluster.current_project_id,
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
    subnet6 = cluster.network.create_subnet(
        name=NETWORK6,
        network_id=network.id,
        ip_version=6,
        cidr=str(NODE_NETWORK6),
        gateway_ip=None,
        enable_dhcp=False,
        allocation_pools=[{"start": FREE6[0], "end": FREE6[1]}],
    )
    group = node_group.make(cluster)
    ports = {
        name: cluster.network.create_port(
            name=name,
            network_id=network.id,
            fixed_ips=[
                {"subnet_id": subnet.id, "ip_address": str(address)},
                {"subnet_id": subnet6.id, "ip_address": str(NODES6[name])},
            ],
            mac_address=mac(address),
            security_groups=[group],
            allowed_address_pairs=FOREIGN_PAIRS.get(name, []),
        ).id
        for name, address in NODES.items()
    }
    make_router(admin, cluster, network.id, subnet.id)
    return Made(network.id, ports)


def make_router(admin: Connection, cluster: Connection, network: str, subnet: str) -> None:
    """The external network, and the cluster's router between it and the nodes' network."""
    external = admin.network.create_network(
        name=EXTERNAL_NETWORK,
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network=EXTERNAL_PHYSICAL_NETWORK,
    )
    admin.network.create_subnet(
        name=EXTERNAL_NETWORK,
        network_id=external.id,
        ip_version=4,
        cidr=str(FLOATING_ADDRESSES),
        enable_dhcp=False,
    )
    router = cluster.network.create_router(name=ROUTER, external_gateway_info={"network_id": external.id})
    # The subnet names no gateway, so the router's address has to be given.
    port = cluster.network.create_port(
        name=ROUTER,
        network_id=network,
        fixed_ips=[{"subnet_id": subnet, "ip_address": ROUTER_ADDRESS}],
    )
    cluster.network.add_interface_to_router(router, port=port.id)


def make_machine_parts(admin: Connection) -> None:
    """Flavor and image, for everybody."""
    admin.compute.create_flavor(name=FLAVOR, vcpus=1, ram=512, disk=4, is_public=True)
    admin.image.create_image(
        name=IMAGE,
        container_format="bare",
        disk_format="raw",
        visibility="public",
        data=PLACEHOLDER,
    )


def make(passwords: Mapping[str, str]) -> Made:
    """Everything, as the administrator and as whoever made the cluster."""
    admin = connect(ADMIN, passwords[ADMIN], ADMIN_PROJECT)
    cluster = connect(CLUSTER_USER, passwords[CLUSTER_USER], CLUSTER_PROJECT)
    made = make_network(admin, cluster)
    make_machine_parts(admin)
    return made


def main() -> int:
    """Make everything; 1 and a message when the OpenStack refuses."""
    try:
        made = make(json.load(sys.stdin))
    except (SDKException, ClientException) as error:
        print(f"the lab's OpenStack refused: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(made)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
