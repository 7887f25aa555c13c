"""What the hypervisor makes of Neutron's answers: ports as agents know them, members, and what changed."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lab.hypervisor.lines import newest
from lab.hypervisor.snapshot import Changes, Snapshot, changes, tap

Json = dict[str, Any]

NODE = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
MAC = "fa:16:3e:22:08:0a"


def port(identity: str, address: str, **more: Any) -> Json:
    """A port as the API answers, without what no firewall cares for."""
    return {
        "id": identity,
        "network_id": "net",
        "mac_address": MAC,
        "fixed_ips": [{"subnet_id": "s", "ip_address": address}],
        "allowed_address_pairs": [],
        "port_security_enabled": True,
        "security_groups": ["nodes"],
        "device_owner": "",
        "revision_number": 1,
        **more,
    }


def group(identity: str, *rules: Json, **more: Any) -> Json:
    """A security group as the API answers."""
    return {"id": identity, "stateful": True, "security_group_rules": list(rules), **more}


def rule(**more: Any) -> Json:
    """A rule of a group."""
    return {"direction": "ingress", "ethertype": "IPv4", "remote_group_id": None, **more}


def snapshot(*ports: Json, groups: list[Json] | None = None, networks: list[str] | None = None) -> Snapshot:
    """A state with these ports; one group `nodes` open to itself unless other groups are given."""
    own = [group("nodes", rule(remote_group_id="nodes"))]
    return Snapshot.of(
        {
            "ports": list(ports),
            "security_groups": own if groups is None else groups,
            "address_groups": [{"id": "offices", "addresses": networks or []}],
        }
    )


def test_a_device_is_a_port_with_its_tap_and_plain_addresses() -> None:
    pairs = [{"ip_address": "192.168.0.0/16", "mac_address": MAC}]
    device = snapshot(port(NODE, "172.34.8.10", allowed_address_pairs=pairs)).device(NODE)
    assert device["device"] == "tap11111111-11"
    assert device["fixed_ips"] == ["172.34.8.10"]
    assert device["allowed_address_pairs"] == pairs
    assert device["security_groups"] == ["nodes"]
    assert device["security_group_rules"] == device["security_group_source_groups"] == []


def test_only_links_with_a_port_behind_them_are_plugged() -> None:
    found = snapshot(port(NODE, "172.34.8.10"), port(OTHER, "172.34.8.30"))
    assert found.plugged(["tap11111111-11", "tap99999999-99", "peer"]) == {"tap11111111-11": NODE}


def test_members_are_addresses_and_pairs_of_the_groups_ports() -> None:
    pairs = [{"ip_address": "192.168.0.0/16", "mac_address": MAC}]
    found = snapshot(
        port(NODE, "172.34.8.10", allowed_address_pairs=pairs),
        port(OTHER, "172.34.8.30", security_groups=["others"]),
    )
    assert found.members("nodes") == {("172.34.8.10", None), ("192.168.0.0/16", MAC)}


def test_a_group_that_is_gone_has_no_rules_and_no_members() -> None:
    found = snapshot(port(NODE, "172.34.8.10"))
    assert found.rules("gone") == []
    assert found.members("gone") == set()
    assert found.addresses("gone") == set()


LINKS = [tap(NODE), tap(OTHER)]
BEFORE = snapshot(port(NODE, "172.34.8.10"), port(OTHER, "172.34.8.30"))


def test_ports_that_come_and_go() -> None:
    assert changes(Snapshot(), [], BEFORE, LINKS) == Changes(
        new=frozenset(LINKS), rules_of=frozenset({"nodes"}), members_of=frozenset({"nodes"})
    )
    assert changes(BEFORE, LINKS, BEFORE, [tap(NODE)]).removed == {tap(OTHER)}
    gone = changes(BEFORE, LINKS, snapshot(port(NODE, "172.34.8.10")), LINKS)
    assert gone.removed == {tap(OTHER)}
    assert gone.members_of == {"nodes"}


def test_a_pair_changes_the_port_and_the_members_of_its_group() -> None:
    pairs = [{"ip_address": "192.168.0.0/16", "mac_address": MAC}]
    after = snapshot(port(NODE, "172.34.8.10", allowed_address_pairs=pairs), port(OTHER, "172.34.8.30"))
    assert changes(BEFORE, LINKS, after, LINKS) == Changes(
        updated=frozenset({tap(NODE)}), members_of=frozenset({"nodes"})
    )


def test_what_no_firewall_cares_for_changes_nothing() -> None:
    after = snapshot(port(NODE, "172.34.8.10", revision_number=2, name="new"), port(OTHER, "172.34.8.30"))
    assert not changes(BEFORE, LINKS, after, LINKS)


def test_a_rule_taken_away_changes_the_group() -> None:
    after = snapshot(*BEFORE.ports.values(), groups=[group("nodes")])
    assert changes(BEFORE, LINKS, after, LINKS) == Changes(rules_of=frozenset({"nodes"}))


def test_a_network_added_to_an_address_group_changes_the_groups_that_use_it() -> None:
    groups = [group("nodes", rule(remote_address_group_id="offices")), group("unconcerned", rule())]
    before = snapshot(groups=groups)
    after = snapshot(groups=groups, networks=["10.0.0.0/8"])
    assert changes(before, [], after, []) == Changes(rules_of=frozenset({"nodes"}))


PORTS = st.lists(
    st.builds(
        port,
        st.sampled_from([NODE, OTHER]),
        st.sampled_from(["172.34.8.10", "172.34.8.30"]),
        security_groups=st.lists(st.sampled_from(["nodes", "others"]), unique=True),
        port_security_enabled=st.booleans(),
    ),
    unique_by=lambda item: item["id"],
)
GROUPS = st.lists(
    st.builds(
        group,
        st.sampled_from(["nodes", "others"]),
        st.builds(rule, remote_group_id=st.sampled_from(["nodes", "others", "gone", None])),
    ),
    unique_by=lambda item: item["id"],
)
SNAPSHOTS = st.builds(lambda ports, groups: snapshot(*ports, groups=groups), PORTS, GROUPS)
TAPS = st.sets(st.sampled_from(LINKS))


@given(SNAPSHOTS, TAPS)
def test_an_unchanged_state_is_no_change(state: Snapshot, links: set[str]) -> None:
    assert not changes(state, links, state, links)


@given(SNAPSHOTS, TAPS, SNAPSHOTS, TAPS)
def test_no_device_is_told_twice_and_every_plugged_one_is_known(
    before: Snapshot, had: set[str], after: Snapshot, links: set[str]
) -> None:
    found = changes(before, had, after, links)
    assert not found.new & found.updated and not found.removed & (found.new | found.updated)
    known = (before.plugged(had).keys() - found.removed) | found.new
    assert known == after.plugged(links).keys()
    assert found.updated <= known


@given(st.lists(st.dictionaries(st.text(), st.text()), min_size=1), st.data())
def test_of_whole_lines_the_last_one_counts_and_a_part_is_kept(
    states: list[dict[str, str]], data: st.DataObject
) -> None:
    text = b"".join(json.dumps(state).encode() + b"\n" for state in states)
    cut = data.draw(st.integers(0, len(text)))
    first, rest = newest(text[:cut])
    last, rest = newest(rest + text[cut:])
    assert (last if last is not None else first) == states[-1]
    assert rest == b""
