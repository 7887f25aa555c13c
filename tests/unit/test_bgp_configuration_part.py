"""What merging our part into a BGPConfiguration promises: nothing of others is lost, all of ours goes."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.calico.bgp_configuration_conflicts import conflicts
from components.calico.bgp_configuration_fields import canonical_keys, wrong_places
from components.calico.bgp_configuration_part import (
    MARK,
    NOTHING,
    OBJECT,
    Before,
    Ours,
    Part,
    Wish,
    made_anew,
    marks,
    merged,
    there,
)
from components.calico.stack_names import StackNames
from components.shared.shared_value import Kept, OthersValueError

STACK, OTHER_STACK = "project/stack", "project/other"
SERVICES, OTHERS = "10.96.0.0/12", "10.200.0.0/16"
PART = Part(
    {"serviceClusterIPs": [SERVICES], "prefixAdvertisements": [f"{SERVICES} external"]},
    {"asNumber": 64513, "communities/external": "65112:100"},
)


def found(annotations: dict[str, str] | None = None, uid: str = "u", **spec: Any) -> dict[str, Any]:
    metadata = {"name": "default", "uid": uid, "resourceVersion": "1"}
    return {"metadata": metadata | ({"annotations": annotations} if annotations else {}), "spec": spec}


def up(there_now: dict[str, Any], part: Part, ours: Ours = NOTHING, **known: Any) -> Any:
    return merged(there_now, Wish(part, STACK, ours, **known), {})


def down(there_now: dict[str, Any], ours: Ours, **known: Any) -> Any:
    return merged(there_now, Wish(Part(), STACK, ours, **known), {})


def test_every_kind_of_thing_is_added_and_told_in_the_annotation() -> None:
    step = up(found(logSeverityScreen="Info"), PART)
    assert step.found["spec"] == {
        "logSeverityScreen": "Info",
        "serviceClusterIPs": [{"cidr": SERVICES}],
        "prefixAdvertisements": [{"cidr": SERVICES, "communities": ["external"]}],
        "asNumber": 64513,
        "communities": [{"name": "external", "value": "65112:100"}],
    }
    assert marks(step.found) == {STACK: {"asNumber": Kept(64513), "communities/external": Kept("65112:100")}}
    assert step.ours.added == {
        "serviceClusterIPs": [SERVICES],
        "prefixAdvertisements": [f"{SERVICES} external"],
    }


def test_applying_it_again_writes_nothing() -> None:
    step = up(found(), PART)
    again = up(step.found, PART, step.ours)
    assert (again.changed, again.ours) == (False, step.ours)


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "asNumber": st.sampled_from([64512, 64513]),
        "nodeToNodeMeshEnabled": st.booleans(),
        "bindMode": st.sampled_from(["None", "NodeIP"]),
        "serviceLoadBalancerAggregation": st.sampled_from(["Enabled", "Disabled"]),
        "logSeverityScreen": st.just("Info"),
        "listenPort": st.just(1790),
    },
)
NETWORKS = st.lists(st.sampled_from([SERVICES, OTHERS, "10.200.3.4/16", "fd00:10::/48"]), max_size=3)
TELLS = st.lists(
    st.fixed_dictionaries(
        {
            "cidr": st.sampled_from([SERVICES, "10.96.1.2/12", OTHERS]),
            "communities": st.lists(st.sampled_from(["1:1", "external", "2:2"]), min_size=1, unique=True),
        }
    ),
    max_size=3,
)
NAMES = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["external", "theirs"]), "value": st.just("9:9")}),
    max_size=2,
    unique_by=lambda one: one["name"],
)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Specs that Calico takes: it wants the communities that are named to be there."""
    spec: dict[str, Any] = draw(VALUES)
    told, names = draw(TELLS), draw(NAMES)
    if any("external" in one["communities"] for one in told) and not any(
        one["name"] == "external" for one in names
    ):
        names = [*names, {"name": "external", "value": "9:9"}]
    for field, entries in (
        ("serviceClusterIPs", [{"cidr": one} for one in draw(NETWORKS)]),
        ("prefixAdvertisements", told),
        ("communities", names),
    ):
        if entries:
            spec[field] = entries
    return spec


@st.composite
def parts(draw: st.DrawFn) -> Part:
    networks = draw(st.lists(st.sampled_from([SERVICES, OTHERS]), unique=True))
    told = draw(st.lists(st.sampled_from([f"{SERVICES} 1:1", f"{SERVICES} external"]), unique=True))
    values = {name: value for name, value in draw(VALUES).items() if name != "listenPort"}
    if f"{SERVICES} external" in told:
        values["communities/external"] = "65112:100"
    return Part({"serviceClusterIPs": networks, "prefixAdvertisements": told}, values)


EVERYWHERE = ["asNumber", "nodeToNodeMeshEnabled", "bindMode", "serviceLoadBalancerAggregation"]


@given(specs(), parts())
def test_up_and_destroy_leave_what_was_there(spec: dict[str, Any], part: Part) -> None:
    was = found(**copy.deepcopy(spec))
    step = up(was, part, take_over=[*EVERYWHERE, "logSeverityScreen", "communities/external"])
    assert was["spec"] == spec, "the object that was read is not changed"
    assert there(step.found, part) == part
    after = down(step.found, step.ours)
    assert after.found == was


@given(specs(), parts(), parts())
def test_another_wish_drops_what_is_wanted_no_more(spec: dict[str, Any], first: Part, second: Part) -> None:
    take_over = [*EVERYWHERE, "logSeverityScreen", "communities/external"]
    step = up(found(**copy.deepcopy(spec)), first, take_over=take_over)
    changed = up(step.found, second, step.ours, take_over=take_over)
    assert there(changed.found, second) == second
    assert down(changed.found, changed.ours).found == found(**spec)


@given(specs(), parts())
def test_what_others_do_meanwhile_is_not_undone(spec: dict[str, Any], part: Part) -> None:
    step = up(found(**copy.deepcopy(spec)), part, take_over=[*EVERYWHERE, "communities/external"])
    meanwhile = copy.deepcopy(step.found)
    meanwhile["spec"]["ignoredInterfaces"] = ["eth9"]
    meanwhile["spec"].setdefault("serviceClusterIPs", []).append({"cidr": "10.77.0.0/16"})
    meanwhile["metadata"].setdefault("annotations", {})["theirs"] = "yes"
    after = down(meanwhile, step.ours).found
    assert after["spec"]["ignoredInterfaces"] == ["eth9"]
    theirs = [*spec.get("serviceClusterIPs", []), {"cidr": "10.77.0.0/16"}]
    assert after["spec"]["serviceClusterIPs"] == theirs
    assert after["metadata"]["annotations"] == {"theirs": "yes"}


def test_another_owners_value_is_in_the_way_until_somebody_takes_it_over() -> None:
    theirs = found(asNumber=64999)
    with pytest.raises(OthersValueError, match="wanted 64513, found 64999"):
        up(theirs, PART)
    step = up(theirs, PART, take_over=["asNumber"])
    assert step.ours.values["asNumber"] == Kept(64513, 64999)
    assert down(step.found, step.ours).found["spec"]["asNumber"] == 64999


def test_the_same_value_of_others_is_theirs_and_stays() -> None:
    step = up(found(asNumber=64513), Part({}, {"asNumber": 64513}))
    assert (step.changed, step.ours.values) == (False, {})
    assert down(step.found, step.ours).found["spec"] == {"asNumber": 64513}


@pytest.mark.parametrize(
    ("place", "filled_in", "wanted"),
    [("serviceLoadBalancerAggregation", "Enabled", "Disabled"), ("logSeverityScreen", "Info", "Debug")],
)
def test_what_the_api_server_filled_in_is_nobodys_wish(place: str, filled_in: str, wanted: str) -> None:
    made: dict[str, Any] = {place: filled_in}
    new = found(**made)
    assert conflicts(new, {place: wanted}, (), StackNames(STACK)) == []
    step = up(new, Part({}, {place: wanted}))
    assert step.found["spec"] == {place: wanted}
    assert down(step.found, step.ours).found["spec"] == {place: filled_in}


def test_a_value_that_somebody_has_written_over_ours_is_left_by_destroy() -> None:
    step = up(found(), Part({}, {"asNumber": 64513}))
    step.found["spec"]["asNumber"] = 65000
    after = down(step.found, step.ours)
    assert after.found == found(asNumber=65000)


def test_a_value_that_a_killed_run_wrote_is_known_by_the_annotation() -> None:
    step = up(found(asNumber=64999), Part({}, {"asNumber": 64513}), take_over=["asNumber"])
    before = [Before("asNumber", "u", True)]
    next_run = up(step.found, Part({}, {"asNumber": 64514}), before=before)
    assert next_run.ours.values == {"asNumber": Kept(64514, 64999)}
    without_next_run = down(step.found, NOTHING, before=before)
    assert without_next_run.found == found(asNumber=64999)


def test_a_value_that_a_killed_update_wrote_goes_although_the_state_has_the_older() -> None:
    first = up(found(), Part({}, {"asNumber": 64513}))
    killed = up(first.found, Part({}, {"asNumber": 64514}), first.ours)
    assert down(killed.found, first.ours).found == found()


def test_without_the_annotation_the_state_is_enough() -> None:
    step = up(found(asNumber=64999), Part({}, {"asNumber": 64513}), take_over=["asNumber"])
    del step.found["metadata"]["annotations"]
    assert down(step.found, step.ours).found == found(asNumber=64999)


def test_in_an_object_made_anew_nothing_is_ours() -> None:
    step = up(found(), PART)
    anew = found(uid="another", asNumber=64513, serviceClusterIPs=[{"cidr": SERVICES}])
    after = down(anew, step.ours)
    assert (after.changed, after.found) == (False, anew)


def test_what_was_not_in_an_object_before_us_says_nothing_of_one_made_anew() -> None:
    anew = found(uid="another", serviceClusterIPs=[{"cidr": SERVICES}])
    before = [Before(f"serviceClusterIPs/{SERVICES}", "u", False)]
    after = down(anew, NOTHING, before=before)
    assert (after.changed, after.found) == (False, anew)


def test_two_stacks_tell_their_values_apart() -> None:
    first = merged(found(), Wish(Part({}, {"asNumber": 64513}), OTHER_STACK), {})
    second = up(first.found, Part({}, {"bindMode": "NodeIP"}))
    assert set(marks(second.found)) == {STACK, OTHER_STACK}
    after = down(second.found, second.ours).found
    assert (after["spec"], set(marks(after))) == ({"asNumber": 64513}, {OTHER_STACK})
    with pytest.raises(OthersValueError):
        up(first.found, Part({}, {"asNumber": 64514}))


def test_two_parts_of_a_stack_come_and_go_for_themselves() -> None:
    first = up(found(), Part({}, {"asNumber": 64513}))
    second = up(first.found, Part({}, {"nodeToNodeMeshEnabled": False}))
    after = down(second.found, second.ours)
    assert after.found == first.found
    assert down(after.found, first.ours).found == found()


def test_several_entries_for_a_network_add_up_and_others_are_never_changed() -> None:
    theirs = {"cidr": "10.96.1.2/12", "communities": ["1:1", "2:2"]}
    wanted = Part({"prefixAdvertisements": [f"{SERVICES} 1:1", f"{SERVICES} 3:3"]})
    step = up(found(prefixAdvertisements=[theirs]), wanted)
    assert step.found["spec"]["prefixAdvertisements"] == [
        theirs,
        {"cidr": SERVICES, "communities": ["3:3"]},
    ]
    assert step.ours.added == {"prefixAdvertisements": [f"{SERVICES} 3:3"]}


def test_an_entry_of_ours_to_which_others_added_a_community_stays() -> None:
    step = up(found(), Part({"prefixAdvertisements": [f"{SERVICES} 1:1"]}))
    shared = {"cidr": SERVICES, "communities": ["1:1", "2:2"]}
    step.found["spec"]["prefixAdvertisements"] = [shared]
    assert down(step.found, step.ours).found == found(prefixAdvertisements=[shared])


def test_a_community_that_others_have_come_to_use_stays() -> None:
    step = up(found(), PART)
    step.found["spec"]["prefixAdvertisements"].append({"cidr": OTHERS, "communities": ["external"]})
    after = down(step.found, step.ours).found
    assert after == found(
        prefixAdvertisements=[{"cidr": OTHERS, "communities": ["external"]}],
        communities=[{"name": "external", "value": "65112:100"}],
    )


def test_an_object_that_a_killed_run_made_is_ours_and_goes() -> None:
    spec, annotations, _ = made_anew(Wish(PART, STACK))
    object_made = found(annotations, **spec)
    before = [Before(place, "", False) for place in PART.places()]
    assert down(object_made, NOTHING, before=before).gone
    assert not down(object_made, NOTHING, before=before, absent=[OBJECT]).gone


def test_an_object_of_ours_that_others_use_stays() -> None:
    spec, annotations, ours = made_anew(Wish(PART, STACK))
    shared = found(annotations, **spec, ignoredInterfaces=["eth9"])
    after = down(shared, replace(ours, uid="u"))
    assert (after.gone, after.found) == (False, found(ignoredInterfaces=["eth9"]))


def test_what_the_api_server_set_in_an_object_of_ours_keeps_nothing() -> None:
    spec, annotations, ours = made_anew(Wish(PART, STACK))
    ours = replace(ours, uid="u", filled_in={"serviceLoadBalancerAggregation": "Enabled"})
    assert down(found(annotations, **spec, serviceLoadBalancerAggregation="Enabled"), ours).gone
    assert not down(found(annotations, **spec, serviceLoadBalancerAggregation="Disabled"), ours).gone


@pytest.mark.parametrize("text", ["", "[]", "7", "{", '{"project/stack": 7}', '{"project/stack": {"a": {}}}'])
def test_an_annotation_that_cannot_be_read_is_none(text: str) -> None:
    assert marks(found({MARK: text})) == {}


def test_the_annotation_is_one_line_of_json_that_a_person_can_read() -> None:
    step = up(found(asNumber=64999), Part({}, {"asNumber": 64513}), take_over=["asNumber"])
    assert json.loads(step.found["metadata"]["annotations"][MARK]) == {
        STACK: {"asNumber": {"ours": 64513, "before": 64999}}
    }


def test_keys_are_canonical_and_of_their_list() -> None:
    assert canonical_keys("serviceClusterIPs", ["10.97.1.1/12", SERVICES]) == [SERVICES]
    assert canonical_keys("prefixAdvertisements", ["10.97.1.1/12 1:1"]) == [f"{SERVICES} 1:1"]
    for field, key in (("serviceClusterIPs", f"{SERVICES} 1:1"), ("prefixAdvertisements", SERVICES)):
        with pytest.raises(ValueError, match=f"is no entry of {field}"):
            canonical_keys(field, [key])


def test_a_nodes_object_has_only_what_calico_reads_of_it() -> None:
    assert wrong_places("node.node1", ["prefixAdvertisements"], ["communities/a", "logSeverityScreen"]) == []
    assert wrong_places("node.node1", [], ["asNumber"]) == ["asNumber of node.node1 is not read by Calico"]
    assert wrong_places("default", ["ignoredInterfaces"], []) == [
        "ignoredInterfaces is no field that is written here"
    ]
