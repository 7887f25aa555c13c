"""The policies import-all, session-password and ssh-host-keys: what they accept, what they report."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies.resource import UNKNOWN, Resource
from policies.rules.import_all import import_all
from policies.rules.session_password import session_password
from policies.rules.ssh_host_keys import ssh_host_keys
from tests import golden
from tests.unit.example import HOST_KEY
from tests.unit.policy_resources import CONNECTION, command, delivery, kubernetes, machine_state, only

NONE: Mapping[str, Any] = {}
GOLDEN = sorted(path.stem for path in (golden.FOLDER / "bird").glob("*.conf"))


# import-all


@pytest.mark.parametrize("name", GOLDEN)
def test_import_all_is_reported_of_every_bird_that_takes_everything_and_of_no_other(name: str) -> None:
    found = [*import_all(delivery(name), NONE)]
    assert bool(found) == ("import-all" in name)


def test_import_all_names_the_protocol_and_where_the_reason_goes() -> None:
    message = only(import_all(delivery("2-import-all"), NONE))
    assert "found `accept` in calico_172_34_8_0." in message
    assert '"import-all": {"reasons": {"peering-router-configuration/calico_172_34_8_0": "…"}}' in message


@pytest.mark.parametrize(
    ("reason", "accepted"),
    [
        ("NET-123: the edge router takes the default route of the cluster's gateway on purpose", True),
        ("because", False),
        ("                        ", False),
        (None, False),
        (7, False),
        (UNKNOWN, False),
    ],
)
def test_import_all_needs_a_reason_of_some_words(reason: object, accepted: bool) -> None:
    reasons = {"peering-router-configuration/calico_172_34_8_0": reason}
    assert [*import_all(delivery("2-import-all"), {"reasons": reasons})] == [] or not accepted
    assert bool([*import_all(delivery("2-import-all"), {"reasons": reasons})]) != accepted


def test_the_reason_of_another_protocol_does_not_count() -> None:
    reasons = {"peering-router-configuration/calico_10_0_0_0": "a reason that is long enough"}
    assert [*import_all(delivery("2-import-all"), {"reasons": reasons})]


# session-password


@pytest.mark.parametrize("name", GOLDEN)
def test_a_password_is_missing_in_every_bird_without_one(name: str) -> None:
    found = [*session_password(delivery(name), NONE)]
    with_one = "password PASSWORD;" in (golden.FOLDER / "bird" / f"{name}.conf").read_text()
    assert bool(found) != with_one
    for message in found:
        only([message])


def test_a_peer_with_a_machine_has_a_password() -> None:
    spec = {"peerIP": "172.34.8.45", "asNumber": 65112.0}
    peer = kubernetes("projectcalico.org/v3", "BGPPeer", spec)
    assert "at the nodes" in only(session_password(peer, NONE))
    for password in ({"secretKeyRef": {"name": "x", "key": "password"}}, UNKNOWN):
        given = kubernetes("projectcalico.org/v3", "BGPPeer", {**spec, "password": password})
        assert not [*session_password(given, NONE)]


def test_a_peer_of_nodes_among_themselves_needs_no_password() -> None:
    spec = {"nodeSelector": "all()", "peerSelector": "calico-peering/route-reflector == '244.0.0.1'"}
    assert not [*session_password(kubernetes("projectcalico.org/v3", "BGPPeer", spec), NONE)]


def test_what_is_only_in_a_comment_is_not_configured() -> None:
    resource = delivery("2-reference")
    text = resource.properties["stdin"].replace("  hold time 9;", "  # password PASSWORD;\n  hold time 9;")
    text = text.replace("import filter", "# import all;\n    import filter").replace(
        "reject", "# accept;\n  reject"
    )
    changed = replace(resource, properties={"stdin": text})
    assert len([*session_password(changed, NONE)]) == 1
    assert not [*import_all(changed, NONE)]
    open_filter = delivery("2-import-all")
    opened = open_filter.properties["stdin"].replace(
        "  accept;", "  # Everything.\n  accept; # without a reason"
    )
    assert len([*import_all(replace(open_filter, properties={"stdin": opened}), NONE)]) == 1
    text = text.replace("import filter", "# Everything.\n    import all; # import filter")
    assert len([*import_all(replace(resource, properties={"stdin": text}), NONE)]) == 1


# ssh-host-keys

RIGHT = [
    command(),
    command(connection={**CONNECTION, "proxy": CONNECTION}),
    command(connection=UNKNOWN),
    command(connection={**CONNECTION, "hostKey": UNKNOWN, "host": UNKNOWN}),
    machine_state(),
    machine_state(bastion={"host": "b", "host_key": HOST_KEY}),
    Resource("command:local:Command", "x", {"create": "ssh -o UserKnownHostsFile=known_hosts there true"}),
]


@pytest.mark.parametrize("resource", RIGHT)
def test_a_pinned_host_key_is_accepted(resource: Resource) -> None:
    assert not [*ssh_host_keys(resource, NONE)]


WITHOUT = {key: value for key, value in CONNECTION.items() if key != "hostKey"}
UNPINNED = [
    (command(connection=WITHOUT), "`connection.hostKey`, found nothing"),
    (command(connection={**CONNECTION, "hostKey": " "}), "`connection.hostKey`, found nothing"),
    (command(connection={**CONNECTION, "hostKey": "s3cret"}), "found a text that is none"),
    (command(connection={**CONNECTION, "proxy": WITHOUT}), "`connection.proxy.hostKey`, found nothing"),
    (machine_state(host_key=""), "`reach.host_key`, found nothing"),
    (machine_state(bastion={"host": "b"}), "`reach.bastion.host_key`, found nothing"),
    (command(create="ssh -o StrictHostKeyChecking=no root@there true"), "in `create`, found StrictHost"),
    (command(delete="scp -oUserKnownHostsFile=/dev/null x y:"), "in `delete`, found StrictHost"),
]


@pytest.mark.parametrize(("resource", "said"), UNPINNED)
def test_an_unpinned_host_key_is_reported_without_any_key(resource: Resource, said: str) -> None:
    message = only(ssh_host_keys(resource, NONE))
    assert said in message
    assert "s3cret" not in message
