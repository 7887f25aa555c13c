"""Whatever a cluster answers, a preview ends in a sentence, never in a traceback."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import cluster_facts, cluster_preflight, preflight
from components.calico.stack_names import StackNames
from components.conflict_preflight import find_overriding
from components.ports.node_ports import NodePorts
from components.settings.settings import SettingsError
from components.settings.site import Site, read_site
from components.shared.provider_errors import ProviderError
from tests.unit.answering_cluster import RECORDED, AnsweringCluster, answering_cluster
from tests.unit.example import values

STACK = StackNames("calico-peering/lab")
CALICO = "/apis/projectcalico.org/v3"
# Beside what was recorded, objects of other owners that are looked at, and replace nothing.
OTHERS: dict[str, list[dict[str, Any]]] = {
    "bgppeers": [
        {
            "metadata": {"name": "by-hand", "annotations": {"calico-peering/stack": "p/other"}},
            "spec": {
                "peerIP": "172.34.8.45",
                "asNumber": 65112,
                "filters": ["theirs"],
                "password": {"secretKeyRef": {"name": "theirs", "key": "password"}},
                "maxRestartTime": "1m0s",
                "reachableBy": "172.34.8.1",
                "nodeSelector": "has(nobody)",
            },
        },
        {"metadata": {"name": "to-reflectors"}, "spec": {"nodeSelector": "all()", "peerSelector": "all()"}},
    ],
    "bgpconfigurations": [
        {
            "metadata": {"name": "node.node1"},
            "spec": {
                "listenPort": 179,
                "communities": [{"name": "external", "value": "65112:100"}],
                "prefixAdvertisements": [{"cidr": "10.96.0.0/12", "communities": ["external"]}],
            },
        }
    ],
}
ANSWERS = {
    **RECORDED,
    **{
        f"{CALICO}/{plural}": {
            "items": [*RECORDED.get(f"{CALICO}/{plural}", {"items": []})["items"], *others]
        }
        for plural, others in OTHERS.items()
    },
}
LOGIN_PAGE = "<!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnsweringCluster]:
    with answering_cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def site_of(cluster: AnsweringCluster, **changes: str) -> Site:
    """A site that asks the cluster for all that a preview may ask for."""
    return read_site(values(kubeconfig=str(cluster.kubeconfig), bgpPassword="secret", **changes))


def ask(site: Site) -> list[str]:
    """Everything that a preview asks of a cluster, in its order; what it warns of."""
    warnings = cluster_preflight.check_apis(site)
    site = cluster_preflight.find_namespaces(site)
    cluster_preflight.check_rights(site, writing=True)
    site = preflight.check_clusters(site)
    preflight.check_configurations(site, STACK)
    warnings += preflight.check_as_numbers(site, STACK)
    overriding = find_overriding(site, STACK)
    warnings += overriding.warnings
    preflight.left_over(site, STACK, {}, overriding.harmful)
    ports = {"": NodePorts({"172.34.8.10": "port"})}
    warnings += preflight.harmful_pools(site, ports)
    warnings += preflight.route_reflectors(site)
    warnings += cluster_facts.reasons(cluster_facts.find_not_expected(site))
    return [*warnings, *site.notes]


WAYS: list[dict[str, str]] = [
    {},
    {"nodesFromCluster": "true", "nodes": ""},
    {"nodesFromCluster": "true", "nodes": "", "peerNodeSelector": "all()"},
    {"reflectorNodes": '["node1", "node2"]'},
    {"prefixAdvertisements": '{"10.96.0.0/12": ["65112:100"]}', "bgpLogSeverity": "Debug"},
]


@pytest.mark.parametrize(
    "way", WAYS, ids=["listed", "nodes from the cluster", "selector", "reflectors", "advertisements"]
)
def test_the_recorded_answers_are_right(cluster: AnsweringCluster, way: dict[str, str]) -> None:
    cluster.answers = copy.deepcopy(ANSWERS)
    ask(site_of(cluster, **way))


ASKED_ALWAYS = [
    "/apis/apiregistration.k8s.io/v1/apiservices/v3.projectcalico.org",
    "/apis/projectcalico.org/v3",
    "/api/v1/nodes",
    "/apis/projectcalico.org/v3/ippools",
    "/apis/projectcalico.org/v3/bgppeers/bgppeer-external",
    "/apis/projectcalico.org/v3/bgpconfigurations/default",
]


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
@pytest.mark.parametrize("path", ASKED_ALWAYS)
def test_a_login_page_in_the_place_of_an_answer_is_said_to_be_none(
    cluster: AnsweringCluster, path: str, content_type: str
) -> None:
    cluster.answers = {**copy.deepcopy(ANSWERS), path: LOGIN_PAGE}
    cluster.content_type = content_type
    try:
        with pytest.raises(ProviderError) as caught:
            ask(site_of(cluster))
    finally:
        cluster.content_type = "application/json"
    assert "is not one of a Kubernetes API" in str(caught.value)
    assert "Please log in" not in str(caught.value)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a document."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*at, key))


PLACES = [(path, at) for path, answer in ANSWERS.items() for at in _paths(answer) if at]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "autodetect", "none", "192.168.0.1/16", "fd00::1", "node1.example.org", "-1", "1.2.3"]
    ),
    st.lists(st.none() | st.text(max_size=5), max_size=2),
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=2),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.sampled_from(PLACES), ODD, st.booleans()), min_size=1, max_size=3),
    way=st.sampled_from(WAYS),
)
def test_answers_changed_at_random_end_in_a_sentence(
    cluster: AnsweringCluster, changes: list[tuple[Any, Any, bool]], way: dict[str, str]
) -> None:
    cluster.answers = copy.deepcopy(ANSWERS)
    for (path, at), odd, remove in changes:
        _change(cluster.answers[path], at, odd, remove)
    try:
        warnings = ask(site_of(cluster, **way))
    except (ProviderError, SettingsError) as error:
        assert str(error).strip()
    else:
        assert all(isinstance(text, str) for text in warnings)


def _change(document: Any, at: tuple[Any, ...], odd: Any, remove: bool) -> None:
    *way, last = at
    for key in way:
        try:
            document = document[key]
        except (LookupError, TypeError):
            # Another change took it away.
            return
    if isinstance(document, dict):
        document.pop(last, None)
        if not remove:
            document[last] = odd
    elif isinstance(document, list) and isinstance(last, int) and last < len(document):
        document[last] = odd
