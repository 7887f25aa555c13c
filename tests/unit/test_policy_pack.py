"""The policy pack: unknown values stop no rule, no secret is in a message, stacks' levels name policies."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from components.networks import network_or_none, within
from lab.layout import PROJECT
from policies.inputs import plain
from policies.pack import POLICIES, of_cluster, of_pairs, of_sources
from policies.resource import UNKNOWN, Resource
from policies.rules.address_pairs import address_pairs
from policies.rules.import_all import import_all
from policies.rules.session_password import session_password
from policies.rules.ssh_host_keys import ssh_host_keys
from tests.unit.example import values
from tests.unit.policy_resources import (
    DECLARED,
    POD,
    command,
    delivery,
    kubernetes,
    machine_state,
    own_port,
    port_pairs,
    rule,
)
from tools.change_request import announcement

LEVELS = sorted((PROJECT / "policies" / "levels").glob("*.json"))
SECRET = "correct horse & battery staple"
SETTINGS = {f"calico-peering:{key}": text for key, text in values().items()}
RESOURCES = [
    command(create="true", delete="true"),
    delivery("2-import-all"),
    delivery("3-listed"),
    machine_state(bastion={"host": "b", "host_key": ""}),
    port_pairs(POD, "0.0.0.0/0"),
    own_port("10.0.0.0/8", portId="p"),
    rule(remoteGroupId="g"),
    kubernetes("projectcalico.org/v3", "BGPPeer", {"peerIP": "172.34.8.45", "password": {}}),
    kubernetes("core/v1", "Secret", namespace="kube-system"),
    Resource("openstack:networking/subnet:Subnet", "s", {"cidr": "172.34.8.0/24", "name": "default"}),
]
Replace = Callable[[Any], Any]


def messages(resource: Resource, settings: Mapping[str, Any]) -> list[str]:
    """What all rules say of a resource."""
    of_one = (import_all, session_password, ssh_host_keys)
    of_all = (of_pairs, of_sources, of_cluster)
    return [
        *(message for each in of_one for message in each(resource, {})),
        *(message for every in of_all for _, message in every([resource], settings, {})),
    ]


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """The ways to all values within a value."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*here, key)
        yield from paths(value[key], (*here, key))


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at the path."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = with_value(value[path[0]], path[1:], new)
    return changed


ANY = st.sampled_from([UNKNOWN, None, "", SECRET, 0.0, True, [], [UNKNOWN], [SECRET], {}, {"host": SECRET}])


@given(st.data())
def test_any_value_anywhere_stops_no_rule_and_is_in_no_message(data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(RESOURCES))
    properties = dict(resource.properties)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([*paths(properties)]))
        properties = with_value(properties, path, data.draw(ANY))
    changed = Resource(resource.type, resource.name, properties, resource.urn, resource.depends_on)
    for message in messages(changed, data.draw(st.sampled_from([SETTINGS, {}]))):
        assert SECRET not in message
        assert "UNKNOWN" not in message


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: str(resource.kind))
def test_nothing_is_said_of_what_is_wholly_unknown(resource: Resource) -> None:
    properties = dict.fromkeys(resource.properties, UNKNOWN)
    changed = Resource(resource.type, resource.name, properties, resource.urn, resource.depends_on)
    assert messages(changed, SETTINGS) == []


networks = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda drawn: f"{drawn[0]}/{drawn[1]}")


@given(st.one_of(networks, st.sampled_from(["192.168.5.0/24", POD, "10.96.0.1", "10.30.7.0/24"])))
def test_a_pair_is_reported_exactly_if_it_is_in_no_declared_network(text: str) -> None:
    network = network_or_none(text)
    assert network is not None
    inside = any(within(network, each) for each in DECLARED.pairs)
    assert bool([*address_pairs(port_pairs(text), DECLARED.pairs)]) != inside


def test_the_engines_properties_become_plain_data() -> None:
    given_ = {
        "a": [1.0, UNKNOWN_STRING_VALUE, {"b": UNKNOWN_STRING_VALUE}],
        "c": UNKNOWN_STRING_VALUE,
        "d": "x",
    }
    assert plain(unknown_checking_proxy(given_)) == {
        "a": [1.0, UNKNOWN, {"b": UNKNOWN}],
        "c": UNKNOWN,
        "d": "x",
    }


@pytest.mark.parametrize("path", LEVELS, ids=lambda path: str(path.stem))
def test_the_levels_of_a_stack_name_policies(path: Path) -> None:
    """The engine takes any name, and ignores what is no policy's."""
    document = json.loads(path.read_text())
    assert {*document} <= {"all", announcement.NAME, *(policy.name for policy in POLICIES)}
    levels = {each.value for each in EnforcementLevel}
    for own in document.values():
        assert (own["enforcementLevel"] if isinstance(own, dict) else own) in levels
    announcement.read_announcement([path])


def test_everything_is_mandatory_in_production() -> None:
    document = json.loads((PROJECT / "policies" / "levels" / "production.json").read_text())
    levels = {own["enforcementLevel"] if isinstance(own, dict) else own for own in document.values()}
    assert document["all"] == "mandatory"
    assert levels == {"mandatory"}
    assert announcement.NAME in document


def test_the_pack_is_described_in_the_documentation() -> None:
    text = (PROJECT / "docs" / "policies.md").read_text()
    for name in (announcement.NAME, *(policy.name for policy in POLICIES)):
        assert f"| `{name}` |" in text
