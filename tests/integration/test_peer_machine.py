"""The external machine made on OpenStack: connected by `up`, made again when it is gone, and taken away."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from openstack.connection import Connection
from openstack.image.v2._proxy import Proxy

from lab.external import External, KeyPair
from lab.openstack.site import IMAGE
from tests.integration.conftest import bird_routes, poll
from tests.integration.made_machine import (
    ADDRESS,
    BEHIND,
    HOST,
    KEY,
    NAME,
    Site,
    assert_connected,
)
from tests.on_the_lab import encrypted

OTHER_HOST, OTHER_LOGIN = KeyPair.new(), KeyPair.new()
BOOT = 60.0


@pytest.fixture
def made(site: Site) -> Site:
    """The stack applied: what a test finds wrong is what it did itself."""
    site.up("--refresh")
    return site


@pytest.mark.main_path
def test_up_makes_the_machine_and_connects_it(made: Site) -> None:
    assert_connected(made)


@pytest.mark.main_path
def test_the_first_connection_was_verified_with_the_key_from_the_settings(made: Site) -> None:
    keys = made.machine().run("sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub").stdout.splitlines()
    assert [key.split()[:2] for key in keys] == [HOST.public.split()[:2]]


def test_a_second_up_and_a_refresh_have_nothing_to_do(made: Site) -> None:
    made.up("--expect-no-changes")
    made.run("preview", "--expect-no-changes")
    made.run("preview", "--refresh", "--expect-no-changes")


def test_no_secret_is_in_the_state_or_a_preview(made: Site, machine: External) -> None:
    state = made.run("stack", "export").replace("\\n", "")
    preview = made.run("preview", "--diff", machineImage="another").replace("\n", "")
    assert "replace" in preview
    for private in (HOST.private, machine.login_key.read_text()):
        key = "".join(private.splitlines()[1:-1])
        assert key[:40] not in state
        assert key[:40] not in preview


def test_a_host_key_that_stands_in_clear_is_refused(made: Site) -> None:
    text = made.run("preview", check=False, sshHostPrivateKey=HOST.private)
    assert f"calico-peering:{KEY} stands in clear" in text
    assert HOST.private.splitlines()[2] not in text


def test_its_port_lets_in_and_out_what_is_needed_and_nothing_else(made: Site) -> None:
    (port,) = made.cloud.network.ports(name=NAME)
    assert [fixed["ip_address"] for fixed in port.fixed_ips] == [ADDRESS]
    assert [pair["ip_address"] for pair in port.allowed_address_pairs] == [BEHIND]
    (group,) = port.security_group_ids
    rules = {
        (rule.direction, rule.ether_type, rule.protocol, rule.port_range_min, rule.remote_ip_prefix)
        for rule in made.cloud.network.security_group_rules(security_group_id=group)
    }
    assert rules == {
        ("ingress", "IPv4", "tcp", 179, "172.34.8.0/24"),
        ("ingress", "IPv4", "tcp", 22, "172.34.8.2/32"),
        ("egress", "IPv4", None, None, "0.0.0.0/0"),
    }


def test_another_image_under_its_name_makes_nothing_anew(made: Site, cloud: Connection) -> None:
    image = cast(Proxy, cloud.image)
    (old,) = image.images(name=IMAGE)
    new = image.create_image(
        name=IMAGE, container_format="bare", disk_format="raw", visibility="public", data=b"newer"
    )
    try:
        two = made.run("preview", "--refresh", "--expect-no-changes")
        assert f"2 images are called '{IMAGE}'" in two
        image.update_image(old, name=f"{IMAGE}-old")
        made.run("preview", "--refresh", "--expect-no-changes")
    finally:
        image.update_image(old, name=IMAGE)
        image.delete_image(new)


def test_a_machine_that_somebody_deleted_is_made_again(made: Site) -> None:
    before, (port,) = made.server().id, made.cloud.network.ports(name=NAME)
    made.cloud.compute.delete_server(before)
    made.cloud.compute.wait_for_delete(made.cloud.compute.get_server(before), interval=0.2, wait=60)
    made.up("--refresh")
    assert made.server().id != before
    assert [after.mac_address for after in made.cloud.network.ports(name=NAME)] == [port.mac_address]
    assert_connected(made)
    made.run("preview", "--refresh", "--expect-no-changes")


def test_a_machine_that_is_replaced_gets_bird_again_and_loses_nothing_of_it(made: Site) -> None:
    """Longer than a minute on a busy machine: a second VM boots, and BIRD is installed on it."""
    before = made.server().id
    # Another login: cloud-init makes it, and commands go through sudo.
    key = encrypted(made.folder, made.layout, "sshPrivateKey", OTHER_LOGIN.private)
    login: dict[str, Any] = {"sshUser": "debian", "sshPrivateKey": key}
    text = made.up(**login)
    assert made.server().id != before
    assert "deleting" in text and "peering-router-script deleting" not in text
    assert_connected(made)
    made.run("preview", "--refresh", "--expect-no-changes", **login)
    assert len(list(made.cloud.compute.keypairs())) == 1


def test_a_machine_that_was_shut_off_is_started(made: Site) -> None:
    made.cloud.compute.stop_server(made.server().id)
    made.cloud.compute.wait_for_server(made.server(), status="SHUTOFF", interval=0.2, wait=60)
    before = made.server().id
    made.up("--refresh")
    assert made.server().id == before

    def routed() -> bool:
        # The hypervisor follows Nova a little later.
        machine = made.machine()
        return machine.host.netns.exists() and machine.leader() is not None and len(bird_routes(machine)) == 3

    poll("the routes to be back", routed, BOOT)


def test_somebody_elses_host_key_is_refused(made: Site) -> None:
    machine = made.machine()
    machine.run("sh", "-c", f"printf '%s' '{OTHER_HOST.private}' > /etc/ssh/ssh_host_ed25519_key")
    machine.run("systemctl", "restart", "ssh")
    configuration = machine.run("cat", "/etc/bird/bird.conf").stdout
    text = made.up(check=False, importLimit=999)
    assert "host key mismatch" in text
    assert machine.run("cat", "/etc/bird/bird.conf").stdout == configuration
    machine.run("sh", "-c", f"printf '%s' '{HOST.private}' > /etc/ssh/ssh_host_ed25519_key")
    machine.run("systemctl", "restart", "ssh")
    made.up()


@pytest.mark.parametrize("how", ["shut off", "deleted", "deleted, and a refresh saw it"])
def test_a_machine_that_died_does_not_block_a_destroy(made: Site, how: str) -> None:
    server = made.server()
    if how == "shut off":
        made.cloud.compute.stop_server(server)
        made.cloud.compute.wait_for_server(server, status="SHUTOFF", interval=0.2, wait=60)
    else:
        made.cloud.compute.delete_server(server)
        made.cloud.compute.wait_for_delete(server, interval=0.2, wait=60)
    refresh = ["--refresh"] if "refresh" in how else []
    made.run("destroy", "--yes", "--skip-preview", *refresh)
    assert made.leftovers() == []


def test_what_is_missing_in_openstack_is_told_before_anything_is_made(site: Site) -> None:
    site.stack.destroy()
    wrong: Mapping[str, Any] = {
        "machineNetwork": "nowhere",
        "machineFloatingNetwork": "nothing",
        "machineNetworks": [f"10.{number}.0.0/16" for number in range(120, 131)],
    }
    text = site.up(check=False, **wrong)
    assert "'nowhere'" in text and "'nothing'" in text and "11 networks" in text
    assert "Traceback" not in text
    text = site.up(check=False, machineAddress="10.9.9.9", multihop=2)
    assert "10.9.9.9 is in no IPv4 subnet of the network 'nodes'; its subnets: 172.34.8.0/24" in text
    assert site.leftovers() == []
