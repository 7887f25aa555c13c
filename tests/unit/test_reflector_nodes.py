"""Which nodes may be made route reflectors, and whose mark is whose."""

from typing import Any

import pytest

from components.calico.cluster_nodes import EXCLUDED
from components.calico.node_marks import ANNOTATION, LABEL, PARTS, Mark, refuse_others
from components.calico.node_marks_provider import NodeMarkProvider, ours
from components.calico.node_sessions import node_of, status_name
from components.calico.reflector_nodes import judge
from components.settings.settings import SettingsError, read_settings
from components.shared.provider_errors import ProviderError
from tests.unit.example import values

ID = "244.0.0.1"


def node(
    labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, ready: str = "True"
) -> dict[str, Any]:
    own = {"projectcalico.org/IPv4Address": "10.0.0.1/24", **(annotations or {})}
    return {
        "metadata": {"name": "a", "uid": "1", "labels": labels or {}, "annotations": own},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def test_a_plain_node_is_fit() -> None:
    assert judge(node(), ID) == ([], [])
    found = node_of(node(), ID)
    assert (found.addresses, found.cluster_id, found.ours, found.ready) == (["10.0.0.1"], "", False, True)


def test_one_that_is_marked_is_ours_with_both_parts_only() -> None:
    assert node_of(node({LABEL: ID}, {ANNOTATION: ID}), ID).ours
    assert not node_of(node({}, {ANNOTATION: ID}), ID).ours
    assert not node_of(node({LABEL: ID}), ID).ours


def test_one_that_is_not_ready_cannot_become_one_but_may_stay_one() -> None:
    assert judge(node(ready="Unknown"), ID) == (["a is not Ready"], [])
    wrong, [warning] = judge(node({LABEL: ID}, {ANNOTATION: ID}, ready="False"), ID)
    assert not wrong and warning.startswith("a is not Ready, and is a route reflector")


def test_one_that_is_excluded_from_services_would_not_hand_them_on() -> None:
    [wrong], _ = judge(node({EXCLUDED: "true"}), ID)
    assert EXCLUDED in wrong and "service networks" in wrong


def test_one_without_an_address_of_calicos_is_in_no_bgp() -> None:
    [wrong], _ = judge(node(annotations={"projectcalico.org/IPv4Address": ""}), ID)
    assert "projectcalico.org/IPv4Address" in wrong


def test_anothers_cluster_id_is_refused_with_both_values_and_the_way_out() -> None:
    [wrong], _ = judge(node(annotations={ANNOTATION: "1.2.3.4"}), ID)
    assert "cluster id 244.0.0.1" in wrong and "'1.2.3.4'" in wrong
    assert f"kubectl annotate node a {ANNOTATION}-" in wrong
    with pytest.raises(ProviderError, match="kubectl label node a"):
        refuse_others("a", Mark("1", {LABEL: "x"}), ID, ())


def test_ours_of_another_cluster_id_is_changed_and_not_refused() -> None:
    assert judge(node({LABEL: "1.2.3.4"}, {ANNOTATION: "1.2.3.4"}), ID) == ([], [])
    refuse_others("a", Mark("1", {LABEL: "1.2.3.4", ANNOTATION: "1.2.3.4"}), ID, list(PARTS))


@pytest.mark.parametrize(
    ("label", "annotation"), [(ID, "1.2.3.4"), (ID, None), ("x", ID), (None, ID)], ids=str
)
def test_our_mark_that_somebody_changed_is_written_anew_and_not_refused(
    label: str | None, annotation: str | None
) -> None:
    labels, annotations = ({LABEL: label} if label else {}), ({ANNOTATION: annotation} if annotation else {})
    assert judge(node(labels, annotations), ID) == ([], [])


@pytest.mark.parametrize(("label", "annotation"), [(None, "1.2.3.4"), ("x", "1.2.3.4"), ("x", None)], ids=str)
def test_what_has_nothing_of_our_mark_any_more_is_anothers(label: str | None, annotation: str | None) -> None:
    labels, annotations = ({LABEL: label} if label else {}), ({ANNOTATION: annotation} if annotation else {})
    [wrong], _ = judge(node(labels, annotations), ID)
    assert "which somebody else has set" in wrong


def test_what_was_there_before_with_our_value_is_not_ours() -> None:
    assert ours({"uid": "1", "values": {}}, "1") == [LABEL, ANNOTATION]
    assert ours({"uid": "1", "values": {ANNOTATION: ID}}, "1") == [LABEL]
    assert ours({"uid": "1", "values": {ANNOTATION: ID}}, "2") == [LABEL, ANNOTATION], "made anew"


def test_drift_is_shown_for_our_part_only() -> None:
    state = {"node": "a", "cluster_id": ID, "marked": True, "before": {"uid": "1"}, "ours": [LABEL]}
    wanted = {"node": "a", "cluster_id": ID, "marked": True, "before": {"uid": "2"}}
    provider = NodeMarkProvider()
    assert not provider.diff("a", state, wanted).changes
    assert provider.diff("a", {**state, "marked": False}, wanted).changes


def test_the_name_of_a_status_is_a_name_for_the_longest_node_too() -> None:
    longest = ".".join(["n" * 62] * 4)[:253]
    assert len(status_name("project/stack", longest)) <= 253
    assert status_name("project/stack", "a") != status_name("project/other", "a")


def told(**changes: str) -> str:
    with pytest.raises(SettingsError) as error:
        read_settings(values(**changes))
    return str(error.value)


def test_the_settings() -> None:
    read = read_settings(values(reflectorNodes='["a.example.org", "b"]', reflectorClusterId="10.0.0.1"))
    assert (read.reflector_nodes, str(read.reflector_cluster_id)) == (["a.example.org", "b"], "10.0.0.1")
    assert (read_settings(values()).reflector_nodes, read_settings(values()).reflector_timeout) == ([], 120)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reflectorNodes": '["a", "a"]'}, "reflectorNodes: a occurs more than once"),
        ({"reflectorNodes": '["172.34.8.10/24"]'}, "wanted the name of a Kubernetes node"),
        ({"reflectorNodes": "a"}, "wanted a list"),
        ({"reflectorClusterId": "1"}, "wanted a number written as an IPv4 address"),
        ({"reflectorClusterId": "0.0.0.0"}, "RFC 4456"),
        ({"reflectorTimeout": "0"}, "wanted a whole number from 1 to 3600"),
    ],
)
def test_what_is_wrong_is_told_by_key(changes: dict[str, str], words: str) -> None:
    assert words in told(**changes)
