"""What somebody changes by hand shows in a refreshed preview and is repaired by the next up."""

import pytest
from openstack.connection import Connection

from lab.external import External
from tests.integration.conftest import Calico, Stack, bird_routes, poll

OURS = {"192.168.0.0/16", "10.96.0.0/12"}


def networks(cloud: Connection, name: str) -> set[str]:
    """The networks among a port's pairs."""
    port = cloud.network.find_port(name, ignore_missing=False)
    return {pair["ip_address"] for pair in port.allowed_address_pairs}


def drift(stack: Stack) -> str:
    """The refreshed preview, which has to show something."""
    done = stack.preview("--refresh", "--expect-no-changes", check=False)
    assert done.returncode != 0, "the refreshed preview shows no change"
    return done.stdout


@pytest.mark.main_path
def test_a_pair_taken_from_a_port(stack: Stack, cloud: Connection) -> None:
    port = cloud.network.find_port("node1", ignore_missing=False)
    kept = [pair for pair in port.allowed_address_pairs if pair["ip_address"] != "10.96.0.0/12"]
    cloud.network.update_port(port, allowed_address_pairs=kept)
    assert "10.96.0.0/12" in drift(stack)
    stack.up("--refresh")
    assert networks(cloud, "node1") == OURS


def test_pairs_of_others_are_no_drift_and_stay(stack: Stack, cloud: Connection) -> None:
    port = cloud.network.find_port("node3", ignore_missing=False)
    theirs = [{"ip_address": "10.77.0.0/24"}]
    cloud.network.update_port(port, allowed_address_pairs=port.allowed_address_pairs + theirs)
    try:
        stack.run("preview", "--refresh", "--expect-no-changes")
        stack.destroy()
        assert networks(cloud, "node3") == {"10.77.0.0/24"}
        assert networks(cloud, "node2") == {"10.200.0.0/16"}
    finally:
        port = cloud.network.find_port("node3", ignore_missing=False)
        kept = [p for p in port.allowed_address_pairs if p["ip_address"] != "10.77.0.0/24"]
        cloud.network.update_port(port, allowed_address_pairs=kept)


@pytest.mark.main_path
def test_the_service_network_taken_from_calico(stack: Stack, calico: Calico, machine: External) -> None:
    spec = calico.spec("bgpconfigurations", "default")
    theirs = {**spec, "serviceClusterIPs": [{"cidr": "10.200.0.0/16"}]}
    calico.put("bgpconfigurations", "BGPConfiguration", "default", theirs)
    try:
        poll("the service network to go", lambda: "10.96.0.0/12" not in bird_routes(machine))
        assert "10.96.0.0/12" in drift(stack)
        stack.up("--refresh")
        entries = calico.spec("bgpconfigurations", "default")["serviceClusterIPs"]
        assert {entry["cidr"] for entry in entries} == {"10.200.0.0/16", "10.96.0.0/12"}
        poll("the service network to come back", lambda: "10.96.0.0/12" in bird_routes(machine))
    finally:
        calico.put("bgpconfigurations", "BGPConfiguration", "default", spec)


def test_the_default_configuration_deleted(stack: Stack, calico: Calico, machine: External) -> None:
    calico.delete("bgpconfigurations", "default")
    assert "10.96.0.0/12" in drift(stack)
    stack.up("--refresh")
    poll("the service network to come back", lambda: "10.96.0.0/12" in bird_routes(machine))


def test_the_peer_changed_by_hand(stack: Stack, calico: Calico, machine: External) -> None:
    spec = calico.spec("bgppeers", "bgppeer-external")
    calico.put("bgppeers", "BGPPeer", "bgppeer-external", {**spec, "asNumber": 65113})
    assert "asNumber" in drift(stack)
    stack.up("--refresh")
    assert calico.spec("bgppeers", "bgppeer-external") == spec
    poll("the routes to come back", lambda: len(bird_routes(machine)) == 3, 60)


def test_the_peer_deleted_by_hand(stack: Stack, calico: Calico, machine: External) -> None:
    calico.delete("bgppeers", "bgppeer-external")
    assert "bgppeer-external" in drift(stack)
    stack.up("--refresh")
    poll("the routes to come back", lambda: len(bird_routes(machine)) == 3, 60)
