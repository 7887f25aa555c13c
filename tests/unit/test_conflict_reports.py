"""What is said of a BGPPeer that replaces this stack's: its owner, what changes, and the way out."""

import re
from collections.abc import Sequence

import pytest

from components import preflight
from components.calico.stack_names import StackNames
from components.conflict_preflight import find_overriding
from components.settings.site import read_site
from components.shared.provider_errors import ProviderError
from tests.unit.answering_cluster import AnsweringCluster
from tests.unit.bird_cases import DUAL_STACK
from tests.unit.example import values
from tests.unit.peers_of_others import (
    AS,
    EDGE,
    NODES,
    PEERS,
    SAME,
    STACK,
    V4,
    V6,
    Spec,
    add,
    find,
    lines,
    marked,
    reset,
)


@pytest.fixture
def cluster(answering: AnsweringCluster) -> AnsweringCluster:
    reset(answering)
    return answering


def test_a_first_try_by_hand_is_reported_with_all_that_a_person_needs(cluster: AnsweringCluster) -> None:
    add(
        cluster,
        {"peerIP": V4, "asNumber": AS},
        creationTimestamp="2026-11-01T00:00:00Z",
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    )
    found = find(cluster)
    [text] = found.harmful.values()
    assert text.splitlines() == [
        f"objects of other owners in the cluster at {host(cluster)} override what this stack is to make"
        " there:",
        "  BGPPeer by-hand, applied with kubectl, made 2026-11-01T00:00:00Z: it peers with 172.34.8.45"
        " from every node, and Calico takes either this one or bgppeer-external, at random for each node."
        " What changes: filters none instead of bgpfilter-external; maxRestartTime 120s instead of 5s. If"
        " nobody needs it, delete it: `kubectl delete bgppeers.projectcalico.org by-hand`",
        "Nothing was written. Calico identifies a BGP session by the peer's address, not by the BGPPeer's"
        " name, so only one of them can be there for a node. A tool that made one, such as Argo CD or Flux,"
        " makes it again: take it out there. The sessions with the machine end with it, until `pulumi up` has"
        " made this stack's (docs/calico.md)",
    ]
    assert not found.warnings


def host(cluster: AnsweringCluster) -> str:
    """Where the cluster is."""
    found = re.search(r"http://127[^\"]*", cluster.kubeconfig.read_text())
    assert found
    return found[0]


def test_one_that_says_the_same_is_a_warning(cluster: AnsweringCluster) -> None:
    add(cluster, {"peerIP": V4, **SAME, "sourceAddress": "UseNodeIP", "nextHopMode": "Auto"})
    found = find(cluster)
    assert not found.harmful
    assert "Both say the same now, and need not after a change" in found.warnings[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"asNumber": 65000}, "asNumber 65000 instead of 65112"),
        ({"asNumber": None}, "asNumber that of the cluster instead of 65112"),
        ({"filters": ["theirs"]}, "filters theirs instead of bgpfilter-external"),
        ({"maxRestartTime": "1m30s"}, "maxRestartTime 90s instead of 5s"),
        ({"password": {"secretKeyRef": {"name": "s", "key": "k"}}}, "password of Secret s instead of none"),
        ({"ttlSecurity": 1}, "ttlSecurity 1 instead of off"),
        ({"sourceAddress": "None"}, "sourceAddress None instead of UseNodeIP"),
        ({"nextHopMode": "Keep"}, "nextHopMode Keep instead of Auto"),
        ({"keepOriginalNextHop": True}, "nextHopMode Keep instead of Auto"),
        ({"localASNumber": 64999}, "localASNumber 64999 instead of none"),
        ({"numAllowedLocalASNumbers": 1}, "numAllowedLocalASNumbers 1 instead of 0"),
        ({"reachableBy": "172.34.8.1"}, "reachableBy 172.34.8.1 instead of none"),
    ],
    ids=str,
)
def test_each_field_that_is_overridden_is_named(cluster: AnsweringCluster, change: Spec, words: str) -> None:
    add(cluster, {"peerIP": V4, **SAME, **change})
    [line] = lines(find(cluster))
    assert f"What changes: {words}. " in line


def test_a_password_of_this_stacks_that_is_lost_is_named(cluster: AnsweringCluster) -> None:
    add(cluster, {"peerIP": V4, **SAME})
    [line] = lines(find(cluster, bgpPassword="secret"))
    assert "password none instead of of Secret bgppeer-external-password" in line


def test_another_stack_of_this_program_is_named_with_its_own_way_out(cluster: AnsweringCluster) -> None:
    add(
        cluster,
        {"peerIP": V4, **SAME, "filters": ["bgpfilter-other"]},
        "bgppeer-other",
        annotations=marked("p/other"),
    )
    [line] = lines(find(cluster))
    assert "BGPPeer bgppeer-other, of this program's stack p/other" in line
    assert "Take the address out of stack p/other (`pulumi destroy` there, or another" in line


def test_this_stacks_own_is_no_conflict_and_one_of_former_settings_a_warning(
    cluster: AnsweringCluster,
) -> None:
    """Its state may hold it, so that Pulumi deletes it in this very run."""
    add(cluster, {"peerIP": V4, "asNumber": AS}, "bgppeer-former", annotations=marked(STACK))
    found = find(cluster)
    assert not found.harmful
    [warning] = found.warnings
    assert "BGPPeer bgppeer-former, which this stack has made for 172.34.8.45" in warning
    assert "Pulumi deletes it at the end of `pulumi up`" in warning


def test_all_of_them_and_those_of_the_names_are_reported_at_once(cluster: AnsweringCluster) -> None:
    cluster.answers[f"{PEERS}/bgppeer-external"]["metadata"]["annotations"] = {}
    add(cluster, {"peerIP": V4, "asNumber": 65000}, "one")
    add(cluster, {"peerIP": f"[{V6}]:179", "asNumber": 65000}, "two")
    site = read_site(values(kubeconfig=str(cluster.kubeconfig), **DUAL_STACK))
    with pytest.raises(ProviderError) as caught:
        preflight.left_over(site, StackNames(STACK), {}, find_overriding(site, StackNames(STACK)).harmful)
    said = str(caught.value)
    assert words_in(
        said, ["BGPPeer one", "BGPPeer two", "kubectl annotate bgppeers.projectcalico.org bgppeer-external"]
    )


def words_in(text: str, words: Sequence[str]) -> bool:
    """Whether all of them are there, in this order."""
    places = [text.find(word) for word in words]
    return -1 not in places and places == sorted(places)


def test_without_the_right_to_list_them_it_is_a_warning(cluster: AnsweringCluster) -> None:
    cluster.forbidden = {PEERS}
    add(cluster, {"peerIP": V4, "asNumber": 65000})
    found = find(cluster)
    assert not found.harmful
    [warning] = found.warnings
    assert "whether BGPPeers of other owners" in warning and "is not checked" in warning
    assert "calico-peering-hints (docs/rbac/preview.yaml)" in warning


def test_where_nodes_may_not_be_listed_only_what_needs_them_is_uncertain(cluster: AnsweringCluster) -> None:
    cluster.forbidden = {NODES}
    chosen = {**EDGE, "peeringNodes": '["172.34.8.10", "172.34.8.30"]'}
    add(cluster, {"peerIP": V4, "asNumber": 65000, "nodeSelector": "has(edge)"})
    found = find(cluster, **chosen)
    assert not found.harmful
    assert "which is not known, as Nodes may not be listed" in found.warnings[0]
    add(cluster, {"peerIP": V4, "asNumber": 65000}, "global")
    [line] = lines(find(cluster, **chosen))
    assert "BGPPeer global" in line and "every node peers instead of has(edge)" in line


def test_an_object_that_no_api_would_take_is_left_out_with_a_warning(cluster: AnsweringCluster) -> None:
    add(cluster, {"peerIP": V4, "asNumber": 65000, "password": "text"}, "odd")
    add(cluster, {"peerIP": V4, "asNumber": 65000})
    found = find(cluster)
    assert "BGPPeer odd is not as Calico's API has it" in found.warnings[0]
    assert "BGPPeer by-hand" in lines(found)[0]


def test_by_the_other_api_the_command_names_that_one(cluster: AnsweringCluster) -> None:
    add(cluster, {"peerIP": V4, "asNumber": 65000})
    other = PEERS.replace("projectcalico.org/v3", "crd.projectcalico.org/v1")
    cluster.answers[other] = cluster.answers.pop(PEERS)
    [line] = lines(find(cluster, calicoApi="crd-v1"))
    assert "`kubectl delete bgppeers.crd.projectcalico.org by-hand`" in line
