"""An ACTIVE instance of Nova is a machine: it boots with its user data, is reached, and goes again."""

import asyncio
import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import asyncssh
import pytest
import yaml
from openstack import connect
from openstack.connection import Connection
from openstack.network.v2.port import Port

from lab.external import External, KeyPair
from lab.hosts import NETNS
from lab.hypervisor.snapshot import tap
from lab.layout import PROJECT, Layout
from lab.machine import machines_folder
from lab.openstack.site import FLAVOR, IMAGE, NETWORK
from lab.site import NODE_NETWORK, SWITCH
from lab.waiting import wait_for

NAME = "instance-of-the-tests"
USER = "debian"
# Seconds: from ACTIVE to a login, from a change in Nova's answer to the machine's.
LOGIN = 10.0
FOLLOWED = 10.0
IN_FORCE = 2.0
PORT = 8000


@dataclass(frozen=True)
class Instance:
    """What the tests know of the instance that they made."""

    identity: str
    port: Port
    login: KeyPair
    host: KeyPair
    active: float

    @property
    def address(self) -> str:
        """Of IPv4, which Neutron tells first; it has one of IPv6 as well."""
        return str(self.port.fixed_ips[0]["ip_address"])

    def run(self, command: str) -> str:
        """Run a command over ssh, as OpenStack's users do, with the host key known beforehand."""

        async def session() -> str:
            async with asyncssh.connect(
                self.address,
                username=USER,
                client_keys=[asyncssh.import_private_key(self.login.private)],
                known_hosts=([asyncssh.import_public_key(self.host.public)], [], []),
                config=None,
                connect_timeout=1,
                login_timeout=2,
            ) as connection:
                return str((await connection.run(command, check=True)).stdout)

        return asyncio.run(session())

    def logged_in(self) -> bool:
        """Whether a login works."""
        try:
            return bool(self.run("true") is not None)
        except (OSError, asyncssh.Error, TimeoutError):
            return False


def user_data(host: KeyPair) -> str:
    """cloud-init's configuration: the host key, a file, and a package of the image's own repository."""
    content = {
        "ssh_keys": {"ed25519_private": host.private, "ed25519_public": host.public},
        "write_files": [{"path": "/etc/from-user-data", "content": "written\n"}],
        "packages": ["bird2"],
    }
    return base64.b64encode(b"#cloud-config\n" + yaml.safe_dump(content).encode()).decode()


@pytest.fixture(scope="module")
def member(layout: Layout) -> Connection:
    """OpenStack as the program's own user."""
    return connect(cloud="lab")


@pytest.fixture(scope="module")
def instance(member: Connection) -> Iterator[Instance]:
    """An instance on the nodes' network that lets nothing in but ssh."""
    login, host = KeyPair.new(), KeyPair.new()
    member.compute.create_keypair(name=NAME, public_key=login.public)
    group = member.network.create_security_group(name=NAME)
    member.network.create_security_group_rule(**rule(group.id, 22))
    network = member.network.find_network(NETWORK, ignore_missing=False)
    port = member.network.create_port(name=NAME, network_id=network.id, security_groups=[group.id])
    server = member.compute.create_server(
        name=NAME,
        image_id=member.image.find_image(IMAGE, ignore_missing=False).id,
        flavor_id=member.compute.find_flavor(FLAVOR, ignore_missing=False).id,
        networks=[{"port": port.id}],
        key_name=NAME,
        user_data=user_data(host),
    )
    try:
        member.compute.wait_for_server(server, interval=0.1, wait=60)
        yield Instance(server.id, port, login, host, time.monotonic())
    finally:
        member.compute.delete_server(server)
        member.compute.wait_for_delete(server, interval=0.1, wait=60)
        member.network.delete_port(port)
        member.network.delete_security_group(group)
        member.compute.delete_keypair(NAME)


def rule(group: str, port: int) -> dict[str, object]:
    """Lets TCP to a port in from the nodes' network."""
    return {
        "security_group_id": group,
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": port,
        "port_range_max": port,
        "remote_ip_prefix": str(NODE_NETWORK),
    }


def inside(layout: Layout, *words: str) -> str:
    """What a command prints on the machine, entered as `lab exec` does."""
    command = [sys.executable, "-m", "lab.enter", str(layout.folder), NAME, *words]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


def test_it_lets_its_user_in_with_the_host_key_of_its_user_data(instance: Instance) -> None:
    wait_for("a login", instance.logged_in, LOGIN, every=0.1)
    print(f"login after {time.monotonic() - instance.active:.1f} s")
    assert instance.run("hostname").strip() == NAME
    assert instance.run("sudo id -u").strip() == "0"
    assert instance.run("cat /etc/from-user-data") == "written\n"


def test_its_user_data_installs_a_package(instance: Instance) -> None:
    wait_for("a login", instance.logged_in, LOGIN)
    assert "status: done" in instance.run("cloud-init status --wait")
    assert "bird2" in instance.run("dpkg-query -W -f '${Package}' bird2")


def test_the_lab_knows_it_by_its_name(instance: Instance, layout: Layout) -> None:
    wait_for("a login", instance.logged_in, LOGIN)
    words = [sys.executable, "-m", "lab.status", str(layout.folder), "json"]
    status = json.loads(subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)
    addresses = [fixed["ip_address"] for fixed in instance.port.fixed_ips]
    assert status["machines"][NAME] == ", ".join(addresses)
    assert [ip_address(address).version for address in addresses] == [4, 6]
    assert inside(layout, "cat", "/etc/from-user-data") == "written\n"
    assert f"link/ether {instance.port.mac_address}" in inside(layout, "ip", "link", "show", "eth0")


def test_its_security_group_is_in_force(instance: Instance, machine: External, member: Connection) -> None:
    wait_for("a login", instance.logged_in, LOGIN)
    serve = f"systemd-run --unit=web python3 -m http.server --directory /etc/network {PORT}"
    instance.run(f"sudo mkdir -p /etc/network; sudo {serve}")
    url = f"http://{instance.address}:{PORT}/"
    wait_for("its server", lambda: instance.run(f"curl -s -o /dev/null {url} && echo yes || true"), 10)

    def answers() -> bool:
        return machine.run("curl", "-sS", "--max-time", "0.5", url, check=False).returncode == 0

    assert not answers()
    opened = member.network.create_security_group_rule(**rule(instance.port.security_group_ids[0], PORT))
    wait_for("the rule to be in force", answers, IN_FORCE, every=0.02)
    member.network.delete_security_group_rule(opened)
    wait_for("the rule to be out of force", lambda: not answers(), IN_FORCE, every=0.02)


def test_it_sends_with_no_address_but_those_of_its_port(
    instance: Instance, machine: External, member: Connection
) -> None:
    wait_for("a login", instance.logged_in, LOGIN)
    other = "198.51.100.7"

    def passes(*options: str) -> bool:
        words = " ".join(("ping -c 1 -W 1 172.34.8.45", *options))
        return "1 received" in instance.run(f"{words} || true")

    instance.run(f"sudo ip address add {other}/32 dev eth0")
    machine.run("ip", "route", "add", f"{other}/32", "via", instance.address)
    try:
        assert passes()
        assert not passes("-I", other)
        member.network.update_port(instance.port, allowed_address_pairs=[{"ip_address": other}])
        wait_for("the pair to be in force", lambda: passes("-I", other), IN_FORCE)
    finally:
        machine.run("ip", "route", "del", f"{other}/32")


def test_without_power_it_keeps_its_disk(instance: Instance, member: Connection) -> None:
    wait_for("a login", instance.logged_in, LOGIN)
    instance.run("sudo sh -c 'echo kept > /etc/kept'")
    member.compute.stop_server(instance.identity)
    wait_for("its namespace to go", lambda: not (NETNS / NAME).exists(), FOLLOWED)
    member.compute.start_server(instance.identity)
    wait_for("a login", instance.logged_in, FOLLOWED + LOGIN)
    assert instance.run("cat /etc/kept") == "kept\n"


def test_with_a_deleted_instance_everything_of_it_goes(
    instance: Instance, layout: Layout, member: Connection
) -> None:
    links = ["ip", "-netns", SWITCH, "-o", "link"]

    def plugged() -> bool:
        found = subprocess.run(links, capture_output=True, text=True, check=True).stdout
        return f"{tap(instance.port.id)}@" in found

    assert plugged()
    member.compute.delete_server(instance.identity)
    wait_for("its namespace to go", lambda: not (NETNS / NAME).exists(), FOLLOWED)
    wait_for("its files to go", lambda: not (machines_folder(layout) / NAME).exists(), FOLLOWED)
    assert not plugged()
