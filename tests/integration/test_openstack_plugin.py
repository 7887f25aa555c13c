"""The lab's OpenStack plugin serves every token of pulumi-openstack that the program may use.

A small program of its own in a temporary folder, run by the real engine as the program's user, with a
state of its own.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openstack.connection import Connection

from tests.integration.small_program import SmallProgram

PROGRAM = """
import pulumi
from pulumi_openstack import Provider, compute, images, networking

cloud = Provider("cloud", cloud="lab")
made, read = pulumi.ResourceOptions(provider=cloud), pulumi.InvokeOptions(provider=cloud)

node = networking.get_port(name="node1", opts=read)
nodes = networking.get_network(name="nodes", opts=read)
subnet = networking.get_subnet(network_id=nodes.id, ip_version=4, opts=read)
default = networking.get_sec_group(name="default", opts=read)
flavor = compute.get_flavor(name="small", opts=read)
image = images.get_image(name="debian-12", most_recent=True, opts=read)

group = networking.SecGroup("machine", opts=made)
networking.SecGroupRule(
    "bgp",
    security_group_id=group.id,
    direction="ingress",
    ethertype="IPv4",
    protocol="tcp",
    port_range_min=179,
    port_range_max=179,
    remote_ip_prefix=subnet.cidr,
    opts=made,
)
key = compute.Keypair("machine", public_key="{key}", opts=made)
port = networking.Port(
    "machine",
    network_id=nodes.id,
    fixed_ips=[{"subnet_id": subnet.id, "ip_address": "172.34.8.46"}],
    security_group_ids=[group.id, default.id],
    allowed_address_pairs=[{"ip_address": "10.9.0.0/16"}],
    opts=made,
)
machine = compute.Instance(
    "machine",
    flavor_id=flavor.id,
    image_id=image.id,
    key_pair=key.name,
    networks=[{"port": port.id}],
    user_data="#cloud-config\\n",
    opts=made,
)
floating = networking.FloatingIp("machine", pool="public", opts=made)
networking.FloatingIpAssociate(
    "machine",
    floating_ip=floating.address,
    port_id=port.id,
    opts=pulumi.ResourceOptions(provider=cloud, depends_on=[machine]),
)
network = networking.Network("behind", opts=made)
networking.Subnet("behind", network_id=network.id, cidr="10.9.0.0/16", opts=made)
pulumi.export("machine", machine.id)
pulumi.export("port", port.id)
pulumi.export("node", node.all_fixed_ips)
"""
LOGIN_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl test"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SmallProgram]:
    """The engine on the small program; nothing that it made stays."""
    engine = SmallProgram(tmp_path, PROGRAM.replace("{key}", LOGIN_KEY))
    yield engine
    engine.run("destroy", "--yes", "--skip-preview")


def test_a_machine_with_all_its_parts_comes_and_goes(engine: SmallProgram, cloud: Connection) -> None:
    output = engine.run("up", "--yes", "--skip-preview")
    assert "warning" not in output.lower()
    made = json.loads(engine.run("stack", "output", "--json"))
    assert made["node"] == ["172.34.8.10", "fd00:172:34:8::10"]
    assert cloud.compute.get_server(made["machine"]).status == "ACTIVE"
    assert cloud.network.get_port(made["port"]).device_id == made["machine"]
    engine.run("preview", "--refresh", "--expect-no-changes")
    engine.run("destroy", "--yes", "--skip-preview")
    assert cloud.network.find_port(made["port"]) is None
    assert cloud.compute.find_server(made["machine"], all_projects=True) is None
