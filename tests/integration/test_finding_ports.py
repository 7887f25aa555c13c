"""The nodes' ports however they are found, nodes that join and leave, and what is said before a write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kubernetes import client
from openstack.connection import Connection

from components.ports.node_ports import by_names, by_server_metadata, by_tag
from components.shared.provider_errors import ProviderError
from tests.integration.conftest import Calico, Changed, Stack
from tests.integration.provided import Port

OURS = {"192.168.0.0/16", "10.96.0.0/12"}
NAMES = ["node1", "node2", "node3", "node4"]


def node_port(cloud: Connection, name: str) -> Port:
    """A node's port, as whoever made the cluster sees it."""
    return Port(cloud, cloud.network.find_port(name, ignore_missing=False).id)


@contextmanager
def joined(cloud: Connection, calico: Calico, address: str) -> Iterator[Port]:
    """A fifth node with its port."""
    nodes = client.CoreV1Api()
    subnet = cloud.network.find_subnet("nodes", ignore_missing=False)
    made = cloud.network.create_port(
        project_id=subnet.project_id,
        network_id=subnet.network_id,
        name="node5",
        fixed_ips=[{"subnet_id": subnet.id, "ip_address": address}],
    )
    # As calico-node leaves it once it has started there.
    annotations = {"projectcalico.org/IPv4Address": f"{address}/24"}
    nodes.create_node(client.V1Node(metadata=client.V1ObjectMeta(name="node5", annotations=annotations)))
    status = {"status": {"addresses": [{"type": "InternalIP", "address": address}]}}
    nodes.patch_node_status("node5", status)
    try:
        yield Port(cloud, made.id)
    finally:
        if nodes.list_node(field_selector="metadata.name=node5").items:
            nodes.delete_node("node5")
        cloud.network.delete_port(made.id)


def test_a_node_that_joins_is_one_new_resource_and_one_that_leaves_a_delete(
    stack: Stack, changed: Changed, cloud: Connection, calico: Calico
) -> None:
    environment = changed(nodesFromCluster=True, nodes=[])
    stack.run("preview", "--expect-no-changes", environment=environment)
    with joined(cloud, calico, "172.34.8.99") as port:
        text = stack.run("preview", environment=environment).stdout
        assert "+ 1 to create" in text
        assert f"peering-pairs-{port.id} create" in text
        # The new node cannot peer in the lab: only its port is brought up.
        targets = [word for kind in ("PortsBefore", "PortPairs") for word in ("--target", f"**{kind}**")]
        stack.run("up", "--yes", "--skip-preview", *targets, environment=environment)
        assert port.networks() == OURS

        client.CoreV1Api().delete_node("node5")
        text = stack.run("preview", environment=environment).stdout
        assert "- 1 to delete" in text
        assert f"peering-pairs-{port.id} delete" in text
        stack.run("up", "--yes", "--skip-preview", environment=environment)
        assert port.networks() == set()


def test_the_same_ports_found_in_another_way_are_no_change(
    stack: Stack, changed: Changed, cloud: Connection
) -> None:
    ports = [node_port(cloud, name) for name in NAMES]
    ways: list[dict[str, Any]] = [
        {"nodePortNetwork": "", "nodePortNames": NAMES},
        {"nodePortNames": NAMES},
        {"nodePortNetwork": "", "nodePortIds": [port.id for port in reversed(ports)]},
        {"nodePortNetwork": "", "nodePortTag": "peered"},
    ]
    for port in ports:
        cloud.network.set_tags(cloud.network.get_port(port.id), ["peered"])
    try:
        for way in ways:
            stack.run("preview", "--expect-no-changes", environment=changed(**way))
        stack.run("up", "--yes", "--skip-preview", environment=changed(**ways[2]))
        stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert all(port.networks() >= OURS for port in ports)
    finally:
        for port in ports:
            cloud.network.set_tags(cloud.network.get_port(port.id), [])


def test_a_node_without_an_address_is_named(bare_stack: Stack, changed: Changed, calico: Calico) -> None:
    nodes = client.CoreV1Api()
    annotations = {"projectcalico.org/IPv4Address": "autodetect"}
    nodes.create_node(client.V1Node(metadata=client.V1ObjectMeta(name="node5", annotations=annotations)))
    try:
        done = bare_stack.run("preview", check=False, environment=changed(nodesFromCluster=True, nodes=[]))
        assert done.returncode != 0
        said = " ".join((done.stdout + done.stderr).split())
        assert "has no InternalIP that is an address for node5" in said
        assert "IPv4Address is 'autodetect', which is no address" in said
    finally:
        nodes.delete_node("node5")


def test_ports_of_servers_with_some_metadata(port: Port) -> None:
    own = port.cloud
    with pytest.raises(ProviderError, match="no server .* has the metadata cluster=peered"):
        by_server_metadata(own, "cluster", "peered")
    image, flavor = next(own.image.images()), next(own.compute.flavors())
    server = own.compute.create_server(
        name="worker",
        image_id=image.id,
        flavor_id=flavor.id,
        networks=[{"port": port.id}],
        metadata={"cluster": "peered"},
    )
    try:
        own.compute.wait_for_server(server, wait=60)
        assert list(by_server_metadata(own, "cluster", "peered")) == [port.id]
        assert list(by_server_metadata(own, "cluster", "peered", "nodes")) == [port.id]
        with pytest.raises(ProviderError, match="cluster=other"):
            by_server_metadata(own, "cluster", "other")
    finally:
        own.compute.delete_server(server)
        own.compute.wait_for_delete(server, wait=60)


def test_every_name_without_a_port_and_with_several_is_told(port: Port) -> None:
    with pytest.raises(ProviderError) as caught:
        by_names(port.cloud, ["node1", "nobody", "fresh", "noone"])
    assert "no port for nobody, noone" in str(caught.value)
    second = port.cloud.network.create_port(network_id=port.read()["network_id"], name="fresh")
    try:
        with pytest.raises(ProviderError, match=rf"several ports for fresh \(.*{second.id}"):
            by_names(port.cloud, ["fresh"])
    finally:
        port.cloud.network.delete_port(second)
    with pytest.raises(ProviderError, match="has the tag 'nothing'"):
        by_tag(port.cloud, "nothing")


def test_a_node_that_none_of_the_ports_has_is_named(stack: Stack, changed: Changed, port: Port) -> None:
    names = ["node1", "node2", "node3", "fresh"]
    done = stack.run("preview", check=False, environment=changed(nodePortNetwork="", nodePortNames=names))
    assert done.returncode != 0
    assert "none of the 4 ports found has the node address 172.34.8.87" in done.stdout + done.stderr


def test_a_port_without_port_security_is_left_alone_until_it_is_on(
    bare_stack: Stack, cloud: Connection
) -> None:
    bare_stack.destroy()
    port = node_port(cloud, "node4")
    groups = port.read()["security_groups"]
    port.change(port_security_enabled=False, security_groups=[])
    try:
        done = bare_stack.preview()
        text = done.stdout + done.stderr
        assert f"port {port.id} (node4): port security is off" in " ".join(text.split())
        revision = port.read()["revision_number"]
        bare_stack.up()
        assert port.read()["revision_number"] == revision
        assert node_port(cloud, "node3").networks() >= OURS

        port.change(port_security_enabled=True, security_groups=groups)
        text = bare_stack.run("preview").stdout
        assert f"peering-pairs-{port.id} update" in text
        bare_stack.up()
        assert port.networks() == OURS
        bare_stack.destroy()
        assert port.networks() == set()
    finally:
        port.change(port_security_enabled=True, security_groups=groups)


def test_every_port_without_room_is_named_before_the_first_write(
    bare_stack: Stack, cloud: Connection, calico: Calico
) -> None:
    bare_stack.destroy()
    full = [node_port(cloud, name) for name in ("node1", "node3")]
    theirs = [f"10.{number}.0.0/16" for number in range(1, 10)]
    for port in full:
        port.add(*theirs)
    try:
        done = bare_stack.run("up", "--yes", "--skip-preview", check=False)
        text = " ".join((done.stdout + done.stderr).split())
        assert done.returncode != 0
        for port, name in zip(full, ("node1", "node3"), strict=True):
            assert f"{port.id} ({name}) has 9 and needs 2 more" in text
        assert node_port(cloud, "node4").networks() == set()
        assert calico.find("bgppeers", "bgppeer-external") is None
    finally:
        for port in full:
            port.take(*theirs)
