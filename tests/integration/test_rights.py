"""The least rights with which ports are found and their pairs written: what docs/openstack.md says is so.

Each case is an application credential of the program's own user, with a role and access rules.
"""

from collections.abc import Callable, Iterator

import pytest
from openstack.connection import Connection

from components.ports import openstack_api
from components.ports.node_ports import by_addresses, by_server_metadata
from components.shared.provider_errors import ProviderError
from tests.integration.application_credentials import connected, entries
from tests.integration.provided import PODS, Port, create, delete, look, look_no_more, refresh

# As docs/openstack.md has them.
PORTS = ["GET /v2.0/networks", "GET /v2.0/ports", "GET /v2.0/ports/*"]
WRITE = "PUT /v2.0/ports/*"
SERVERS = "compute GET /v2.1/servers/detail"

Credential = Callable[..., Connection]


@pytest.fixture
def credential(monkeypatch: pytest.MonkeyPatch) -> Iterator[Credential]:
    """Makes an application credential and has the providers log in with it."""
    with entries() as entry:

        def make(role: str = "member", rules: list[str] | None = None) -> Connection:
            connection = connected(entry(role, rules or []))
            monkeypatch.setitem(openstack_api._connections, None, connection)
            return connection

        yield make


def work(connection: Connection, port: Port) -> None:
    """Everything that a stack does with a port, from the search to the end."""
    address = port.read()["fixed_ips"][0]["ip_address"]
    assert by_addresses(connection, "nodes", [address])[address]["id"] == port.id
    before = look(PODS, port.id)
    state = create(port.inputs(PODS))
    assert refresh(state)["networks"] == [PODS]
    delete(state)
    look_no_more(before)
    assert port.networks() == set()


def test_a_member_with_these_access_rules_can_do_it_all(port: Port, credential: Credential) -> None:
    work(credential("member", [*PORTS, WRITE]), port)


@pytest.mark.parametrize("rule", [PORTS[0], PORTS[1], WRITE])
def test_each_of_these_access_rules_is_needed(port: Port, credential: Credential, rule: str) -> None:
    connection = credential("member", [one for one in [*PORTS, WRITE] if one != rule])
    with pytest.raises(ProviderError, match="application credential with access rules"):
        work(connection, port)
    assert port.networks() == set()


def test_the_last_one_is_needed_where_others_write_as_well(port: Port, credential: Credential) -> None:
    credential("member", [one for one in [*PORTS, WRITE] if one != PORTS[2]])
    look(PODS, port.id)
    port.add("10.1.0.0/16")
    with pytest.raises(ProviderError, match=f"do not allow GET /v2.0/ports/{port.id}"):
        create(port.inputs(PODS))
    assert port.networks() == {"10.1.0.0/16"}


def test_access_rules_allow_nothing_else(port: Port, credential: Credential) -> None:
    connection = credential("member", [*PORTS, WRITE])
    for method, path in (("DELETE", f"/ports/{port.id}"), ("GET", "/security-groups"), ("POST", "/ports")):
        answer = connection.network.request(path, method, json={}, raise_exc=False)
        assert answer.status_code == 401


def test_a_reader_can_preview_and_is_told_what_is_missing(port: Port, credential: Credential) -> None:
    connection = credential("reader")
    address = port.read()["fixed_ips"][0]["ip_address"]
    assert by_addresses(connection, "nodes", [address])
    with pytest.raises(ProviderError, match=f"port {port.id} .*role member in .*HTTP 403"):
        create(port.inputs(PODS))


@pytest.fixture
def worker(port: Port) -> Iterator[Port]:
    """The port of a server with metadata."""
    compute, image = port.cloud.compute, next(port.cloud.image.images())
    server = compute.create_server(
        name="worker",
        image_id=image.id,
        flavor_id=next(compute.flavors()).id,
        networks=[{"port": port.id}],
        metadata={"cluster": "peered"},
    )
    compute.wait_for_server(server, wait=60)
    yield port
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=60)


def test_one_access_rule_more_finds_ports_by_metadata(worker: Port, credential: Credential) -> None:
    connection = credential("reader", [*PORTS, SERVERS])
    assert list(by_server_metadata(connection, "cluster", "peered", "nodes")) == [worker.id]
    for path in (f"/servers/{worker.read()['device_id']}", "/flavors/detail", "/os-keypairs"):
        assert connection.compute.get(path, raise_exc=False).status_code == 401


def test_without_that_rule_it_is_named(worker: Port, credential: Credential) -> None:
    connection = credential("reader", PORTS)
    with pytest.raises(ProviderError) as caught:
        by_server_metadata(connection, "cluster", "peered", "nodes")
    assert "do not allow GET /v2.1/servers/detail (HTTP 401)" in str(caught.value)
    assert "application credential with access rules" in str(caught.value)
