"""The lab's OpenStack makes machines for the program's own user, and forgets them without a trace.

Through openstacksdk, in the shape in which the program makes them. That nothing boots is the fake
driver's nature; what Nova and Neutron say about a machine is theirs.
"""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from openstack import connect
from openstack.compute.v2.server import Server
from openstack.connection import Connection
from openstack.network.v2.network import Network

ADDRESS = "172.34.8.46"
MAC = "fa:16:3e:22:08:2e"
BEHIND = "10.9.0.0/16"
USER_DATA = base64.b64encode(b"#cloud-config\n").decode()
LOGIN_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl test"
SECONDS = 60


@pytest.fixture
def program() -> Connection:
    """OpenStack, with the rights of the program's user."""
    return connect(cloud="lab")


@pytest.fixture
def nodes(program: Connection) -> Network:
    """The nodes' network."""
    return program.network.find_network("nodes", ignore_missing=False)


@pytest.fixture
def later(program: Connection, cloud: Connection) -> Iterator[ExitStack]:
    """What to take away again; afterwards Nova and Neutron have what they had before."""

    def everything() -> set[str]:
        found = [*cloud.compute.servers(all_projects=True), *program.compute.keypairs()]
        found += [*cloud.network.ports(), *cloud.network.security_groups()]
        # A key pair has no id but its name.
        return {str(item.id or item.name) for item in found}

    # Neutron makes a project's default group when somebody first looks.
    list(program.network.security_groups())
    before = everything()
    with ExitStack() as stack:
        yield stack
    assert everything() == before


def start(program: Connection, later: ExitStack, **arguments: object) -> Server:
    """A machine that is ACTIVE; it is deleted when the test ends, if not before."""
    flavor = program.compute.find_flavor("small", ignore_missing=False)
    image = program.image.find_image("debian-12", ignore_missing=False)
    server = program.compute.create_server(name="test", flavor_id=flavor.id, image_id=image.id, **arguments)
    later.callback(delete, program, server)
    return program.compute.wait_for_server(server, interval=0.2, wait=SECONDS)


def delete(program: Connection, server: Server) -> None:
    """Delete a machine and wait until Nova has forgotten it."""
    program.compute.delete_server(server)
    program.compute.wait_for_delete(server, interval=0.2, wait=SECONDS)


def test_a_machine_becomes_active_on_a_port_made_before_it(
    program: Connection, cloud: Connection, nodes: Network, later: ExitStack
) -> None:
    group = program.network.create_security_group(name="test")
    later.callback(program.network.delete_security_group, group)
    program.network.create_security_group_rule(
        security_group_id=group.id,
        direction="ingress",
        protocol="tcp",
        port_range_min=179,
        port_range_max=179,
        remote_ip_prefix="172.34.8.0/24",
    )
    program.compute.create_keypair(name="test", public_key=LOGIN_KEY)
    later.callback(program.compute.delete_keypair, "test")
    port = program.network.create_port(
        network_id=nodes.id,
        name="test",
        mac_address=MAC,
        fixed_ips=[{"ip_address": ADDRESS}],
        security_group_ids=[group.id],
        allowed_address_pairs=[{"ip_address": BEHIND}],
    )
    later.callback(program.network.delete_port, port)

    server = start(program, later, networks=[{"port": port.id}], key_name="test", user_data=USER_DATA)

    assert server.status == "ACTIVE"
    addresses = [(item["addr"], item["OS-EXT-IPS-MAC:mac_addr"]) for item in server.addresses["nodes"]]
    assert addresses == [(ADDRESS, MAC)]
    seen = cloud.compute.get_server(server)
    assert (seen.user_data, seen.key_name, seen.hypervisor_hostname) == (USER_DATA, "test", "hypervisor")
    bound = cloud.network.get_port(port)
    assert (bound.status, bound.device_id, bound.device_owner) == ("ACTIVE", server.id, "compute:nova")
    assert (bound.binding_host_id, bound.binding_vif_type) == ("hypervisor", "tap")
    assert [pair["ip_address"] for pair in bound.allowed_address_pairs] == [BEHIND]

    delete(program, server)
    freed = cloud.network.get_port(port)
    assert (freed.status, freed.device_id, freed.binding_host_id) == ("DOWN", "", "")


def test_a_port_that_nova_made_goes_with_its_machine(
    program: Connection, cloud: Connection, nodes: Network, later: ExitStack
) -> None:
    server = start(program, later, networks=[{"uuid": nodes.id}])
    (port,) = cloud.network.ports(device_id=server.id)
    delete(program, server)
    assert cloud.network.find_port(port.id) is None


def test_machines_that_come_at_the_same_time(nodes: Network, later: ExitStack) -> None:
    def come(_: int) -> str:
        # A connection is not for several threads.
        return str(start(connect(cloud="lab"), later, networks=[{"uuid": nodes.id}]).status)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(come, range(8))) == ["ACTIVE"] * 8


def test_a_port_in_the_network_of_the_nodes_gets_a_floating_ip(
    program: Connection, nodes: Network, later: ExitStack
) -> None:
    port = program.network.create_port(network_id=nodes.id, name="test")
    later.callback(program.network.delete_port, port)
    external = program.network.find_network("public", ignore_missing=False)
    floating = program.network.create_ip(floating_network_id=external.id, port_id=port.id)
    later.callback(program.network.delete_ip, floating)
    assert floating.fixed_ip_address == port.fixed_ips[0]["ip_address"]
