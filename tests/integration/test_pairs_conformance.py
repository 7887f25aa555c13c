"""What people who keep address pairs by Terraform may expect of a port, restated for ports of others.

After the cases of terraform-provider-openstack's acceptance tests for ports (pairs with and without a MAC
address, fewer of them, port security on, off and not said, security groups, import). A case that is about
owning the port itself has no place here.
"""

import pytest
from openstack.connection import Connection

from components.ports.port_pairs_provider import PortPairsProvider
from components.preflight import check_limit
from components.shared.provider_errors import ProviderError
from tests.integration.provided import (
    PODS,
    SERVICES,
    NewRun,
    Port,
    create,
    delete,
    refresh,
    update,
)

OTHER_MAC = "00:00:5e:00:01:07"


def test_pairs_without_a_mac_address_are_for_the_ports_own(port: Port) -> None:
    create(port.inputs(PODS, SERVICES))
    own = port.read()["mac_address"]
    pairs = port.read()["allowed_address_pairs"]
    assert {(pair["ip_address"], pair["mac_address"]) for pair in pairs} == {(PODS, own), (SERVICES, own)}


def test_pairs_with_another_mac_address_are_others(port: Port) -> None:
    port.add(PODS, mac_address=OTHER_MAC)
    state = create(port.inputs(PODS))
    assert state["added"] == [PODS]
    macs = {pair["mac_address"] for pair in port.read()["allowed_address_pairs"]}
    assert macs == {port.read()["mac_address"], OTHER_MAC}
    delete(state)
    assert [pair["mac_address"] for pair in port.read()["allowed_address_pairs"]] == [OTHER_MAC]


def test_a_mac_address_in_capitals_is_the_ports_own(port: Port) -> None:
    port.add(PODS, mac_address=port.read()["mac_address"].upper())
    state = create(port.inputs(PODS, before=(PODS,)))
    assert state["added"] == []
    delete(state)
    assert port.networks() == {PODS}


def test_two_pairs_become_one_and_none(port: Port, new_run: NewRun) -> None:
    state = create(port.inputs(PODS, SERVICES))
    assert port.networks() == {PODS, SERVICES}
    new_run()
    state = update(state, port.inputs(PODS))
    assert port.networks() == {PODS}
    assert state["added"] == [PODS]
    new_run()
    update(state, port.inputs())
    assert port.networks() == set()


def test_what_others_change_on_the_port_stays_and_is_no_difference(port: Port, new_run: NewRun) -> None:
    inputs = port.inputs(PODS, SERVICES)
    state = create(inputs)
    port.change(description="changed by its owner", name="renamed")
    new_run()
    refreshed = refresh(state)
    assert PortPairsProvider().diff(port.id, refreshed, inputs).changes is False
    delete(refreshed)
    assert port.read()["description"] == "changed by its owner"


def test_the_same_again_is_no_write(port: Port, new_run: NewRun) -> None:
    inputs = port.inputs(PODS, SERVICES)
    state = create(inputs)
    revision = port.read()["revision_number"]
    new_run()
    update(refresh(state), inputs)
    assert port.read()["revision_number"] == revision


def test_port_security_not_said_or_on_takes_pairs(port: Port) -> None:
    assert port.read()["port_security_enabled"] is True
    assert create(port.inputs(PODS))["filtered"] is True


def test_port_security_off_leaves_the_port_alone_until_it_is_on(port: Port, new_run: NewRun) -> None:
    port.change(port_security_enabled=False, security_groups=[])
    revision = port.read()["revision_number"]
    state = create({**port.inputs(PODS), "filtered": False})
    assert (state["filtered"], state["added"]) == (False, [])
    new_run()
    state = refresh(state)
    assert port.read()["revision_number"] == revision

    port.change(port_security_enabled=True)
    new_run()
    # What the next preview sees: the search for ports says that it is filtered now.
    assert PortPairsProvider().diff(port.id, state, port.inputs(PODS)).changes is True
    state = update(state, port.inputs(PODS))
    assert port.networks() == {PODS}
    delete(state)
    assert port.networks() == set()


def test_port_security_switched_off_under_us_is_no_error(port: Port, new_run: NewRun) -> None:
    state = create(port.inputs(PODS))
    port.change(allowed_address_pairs=[], security_groups=[], port_security_enabled=False)
    new_run()
    state = refresh(state)
    assert state["filtered"] is False
    new_run()
    delete(state)
    assert port.read()["port_security_enabled"] is False


def test_a_security_group_is_one_more_and_leaves_the_others(port: Port, new_run: NewRun) -> None:
    group = port.cloud.network.create_security_group(name="ours")
    try:
        theirs = port.read()["security_groups"]
        state = create(port.inputs(PODS, security_group=group.id))
        assert set(port.read()["security_groups"]) == {*theirs, group.id}
        port.change(security_groups=theirs)
        new_run()
        refreshed = refresh(state)
        inputs = port.inputs(PODS, security_group=group.id)
        assert PortPairsProvider().diff(port.id, refreshed, inputs).changes is True
        state = update(refreshed, inputs)
        new_run()
        state = update(state, port.inputs(PODS))
        assert port.read()["security_groups"] == theirs
        assert port.networks() == {PODS}
    finally:
        port.change(security_groups=theirs)
        port.cloud.network.delete_security_group(group)


def test_pairs_and_group_are_one_write(port: Port) -> None:
    group = port.cloud.network.create_security_group(name="ours")
    try:
        revision = port.read()["revision_number"]
        state = create(port.inputs(PODS, SERVICES, security_group=group.id))
        # Neutron counts a change of pairs and one of groups each by itself, within one request.
        assert port.read()["revision_number"] - revision <= 3
        delete(state)
        assert group.id not in port.read()["security_groups"]
    finally:
        port.cloud.network.delete_security_group(group)


def test_pairs_that_exist_are_taken_as_they_are(port: Port) -> None:
    """Import: what is there already needs no write, and is not ours to take away."""
    port.add(PODS, SERVICES)
    revision = port.read()["revision_number"]
    state = create(port.inputs(PODS, SERVICES, before=(PODS, SERVICES)))
    assert state["added"] == []
    delete(state)
    assert port.read()["revision_number"] == revision


def test_a_network_with_host_bits_is_the_same_network(port: Port) -> None:
    port.add("192.168.5.5/16")
    state = create(port.inputs(PODS, before=(PODS,)))
    assert state["added"] == []
    assert port.networks() == {"192.168.5.5/16"}


def test_a_port_that_is_gone_is_no_error_when_leaving(port: Port, new_run: NewRun) -> None:
    state = create(port.inputs(PODS))
    port.cloud.network.delete_port(port.id)
    new_run()
    assert refresh(state) == {}
    delete(state)


def test_a_port_that_is_gone_is_named_when_coming(port: Port) -> None:
    port.cloud.network.delete_port(port.id)
    with pytest.raises(ProviderError, match=f"port {port.id}: Neutron does not know it"):
        create(port.inputs(PODS))


def test_every_port_beyond_the_limit_is_named_before_the_first_write(port: Port) -> None:
    port.add(*(f"10.{number}.0.0/16" for number in range(1, 10)))
    with pytest.raises(ProviderError, match=rf"{port.id} \(fresh\) has 9 and needs 2 more"):
        check_limit([port.read()], [PODS, SERVICES], 10)
    check_limit([port.read()], [PODS], 10)


def test_a_limit_that_is_lower_than_we_were_told_is_told_by_neutron(port: Port) -> None:
    port.add(*(f"10.{number}.0.0/16" for number in range(1, 10)))
    with pytest.raises(ProviderError, match=rf"port {port.id} \(fresh\): 11 address pairs .* max_allowed"):
        create(port.inputs(PODS, SERVICES))
    assert len(port.networks()) == 9


def test_without_the_right_the_port_and_the_role_are_named(cloud: Connection, new_run: NewRun) -> None:
    """A network shared with the program's project: it may have a port there, but give it no pairs."""
    network = cloud.network.create_network(name="theirs", shared=True)
    try:
        subnet = cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.98.0.0/24")
        program = cloud.network.find_network("nodes", ignore_missing=False).project_id
        made = cloud.network.create_port(network_id=network.id, project_id=program, name="guest")
        guest = Port(cloud, made.id)
        with pytest.raises(ProviderError) as caught:
            create(guest.inputs(PODS))
        text = str(caught.value)
        assert f"port {made.id} (guest)" in text and "role member" in text and "HTTP 403" in text
        assert guest.networks() == set()
    finally:
        for one in cloud.network.ports(network_id=network.id):
            cloud.network.delete_port(one)
        cloud.network.delete_subnet(subnet)
        cloud.network.delete_network(network)
