"""What BgpFilter declares, seen by Pulumi's mocks; what nodes make of it is tested on the lab."""

from __future__ import annotations

from components.calico.bgp_filter import BgpFilter, BgpFilterArgs, filter_spec
from components.calico.calico_bgp import CalicoBgp, PeeredMachine
from tests.mocks.recorder import Recorder, recorded

FILTER = "kubernetes:projectcalico.org/v3:BGPFilter"
PEER = "kubernetes:projectcalico.org/v3:BGPPeer"
OURS: BgpFilterArgs = {"name": "bgpfilter-external"}
MACHINE: PeeredMachine = {"name": "external", "addresses": ["172.34.8.45"], "as_number": 65112}


def calico(machine: PeeredMachine, left_over: frozenset[str] = frozenset()) -> Recorder:
    return recorded(
        lambda: CalicoBgp("calico", {"machines": [machine], "service_networks": [], "left_over": left_over})
    )


def test_nothing_is_taken_when_nothing_is_to_be_announced() -> None:
    assert filter_spec([], []) == {"importV4": [{"action": "Reject"}], "importV6": [{"action": "Reject"}]}


def test_what_is_announced_is_taken_as_it_is_and_the_rest_refused_after_it() -> None:
    spec = filter_spec(["10.50.0.0/16", "fd05::/64", "10.60.0.0/24"], [])
    assert spec == {
        "importV4": [
            {"cidr": "10.50.0.0/16", "matchOperator": "Equal", "action": "Accept"},
            {"cidr": "10.60.0.0/24", "matchOperator": "Equal", "action": "Accept"},
            {"action": "Reject"},
        ],
        "importV6": [
            {"cidr": "fd05::/64", "matchOperator": "Equal", "action": "Accept"},
            {"action": "Reject"},
        ],
    }


def test_what_is_withheld_is_withheld_with_all_inside_it_and_the_rest_told() -> None:
    spec = filter_spec([], ["192.168.9.0/24", "fd01:9::/48"])
    assert spec["exportV4"] == [{"cidr": "192.168.9.0/24", "matchOperator": "In", "action": "Reject"}]
    assert spec["exportV6"] == [{"cidr": "fd01:9::/48", "matchOperator": "In", "action": "Reject"}]


def test_of_services_a_node_tells_only_what_it_announces_itself() -> None:
    spec = filter_spec([], ["10.96.9.0/24"], ["10.96.0.0/12", "fd00:10:96::/112"])
    of_others = {"matchOperator": "In", "source": "RemotePeers", "action": "Reject"}
    assert spec["exportV4"] == [
        {"cidr": "10.96.9.0/24", "matchOperator": "In", "action": "Reject"},
        {"cidr": "10.96.0.0/12", **of_others},
    ]
    assert spec["exportV6"] == [{"cidr": "fd00:10:96::/112", **of_others}]


def test_it_carries_the_stacks_mark() -> None:
    [made] = recorded(lambda: BgpFilter("filter", OURS)).of(FILTER).values()
    assert made["metadata"] == {
        "name": "bgpfilter-external",
        "annotations": {"calico-peering/stack": "project/stack"},
    }


def test_the_peer_names_it_after_those_of_others() -> None:
    recorder = calico({**MACHINE, "filter": OURS, "filters": ["first", "second"]})
    assert list(recorder.of(FILTER)) == ["calico-filter"]
    [peer] = recorder.of(PEER).values()
    assert peer["spec"]["filters"] == ["first", "second", "bgpfilter-external"]


def test_without_one_only_those_of_others_are_named() -> None:
    recorder = calico({**MACHINE, "filters": ["first"]})
    assert recorder.of(FILTER) == {}
    [peer] = recorder.of(PEER).values()
    assert peer["spec"]["filters"] == ["first"]
    [peer] = calico(MACHINE).of(PEER).values()
    assert "filters" not in peer["spec"]


def test_what_a_killed_run_left_is_taken_in() -> None:
    made = calico({**MACHINE, "filter": OURS}, frozenset({"BGPFilter/bgpfilter-external"})).made
    assert [one.resource_id for one in made if one.typ == FILTER] == ["bgpfilter-external"]
