"""The least rights with which the program can do its work in Neutron: what docs/openstack.md says is so.

Each case is an application credential of the program's own user, with a role and access rules.
"""

from collections.abc import Callable, Iterator
from typing import cast

import openstack
import pytest
from openstack.connection import Connection
from openstack.identity.v3._proxy import Proxy
from openstack.identity.v3.application_credential import ApplicationCredential

from components.ports import openstack_api
from components.ports.node_ports import by_addresses
from components.shared.provider_errors import ProviderError
from lab.openstack.serving import KEYSTONE_URL, REGION
from tests.integration.provided import PODS, Port, create, delete, look, look_no_more, refresh

# As docs/openstack.md has them.
PORTS = ["GET /v2.0/networks", "GET /v2.0/ports", "GET /v2.0/ports/*"]
WRITE = "PUT /v2.0/ports/*"

Credential = Callable[..., Connection]


@pytest.fixture
def credential(monkeypatch: pytest.MonkeyPatch) -> Iterator[Credential]:
    """Makes an application credential and has the providers log in with it."""
    own = openstack.connect(cloud="lab")
    identity = cast(Proxy, own.identity)
    user = str(own.session.get_user_id())
    made: list[ApplicationCredential] = []

    def make(role: str = "member", rules: list[str] | None = None) -> Connection:
        allowed = [dict(zip(("method", "path"), rule.split(), strict=True)) for rule in rules or []]
        one = identity.create_application_credential(
            user,
            f"least-{len(made)}",
            roles=[{"name": role}],
            **({"access_rules": [{"service": "network", **rule} for rule in allowed]} if rules else {}),
        )
        made.append(one)
        connection = openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth_type="v3applicationcredential",
            auth_url=KEYSTONE_URL,
            application_credential_id=one.id,
            application_credential_secret=one.secret,
            region_name=REGION,
            identity_api_version="3",
        )
        monkeypatch.setitem(openstack_api._connections, None, connection)
        return connection

    yield make
    for one in made:
        identity.delete_application_credential(user, one)


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
