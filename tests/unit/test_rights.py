"""Which rights a stack needs at a cluster, by its settings; and where in it, which is asked for first."""

import json

import pytest

from components import cluster_preflight
from components.calico.calico_api import CalicoClient
from components.calico.rights import Right
from components.cluster_preflight import cluster_rights, find_namespaces
from components.settings.site import read_site
from tests.unit.example import values


def rights(**settings: str) -> tuple[set[str], set[str]]:
    """What is needed to read and to write, as a person is told it."""
    found = cluster_rights(read_site(values(**settings)), "")
    return {str(one) for one in found.read}, {str(one) for one in found.write}


def test_a_right_is_told_as_kubectl_names_things() -> None:
    assert str(Right("projectcalico.org", "bgppeers", "get", "one")) == "get bgppeers.projectcalico.org one"
    assert (
        str(Right("", "secrets", "list", namespace="kube-system")) == "list secrets in namespace kube-system"
    )


def test_a_preview_needs_to_read_and_no_more() -> None:
    read, _ = rights(nodesFromCluster="true", nodes="")
    assert read == {
        "get bgppeers.projectcalico.org bgppeer-external",
        "get bgppeers.projectcalico.org bgppeer-external-v6",
        "get bgpconfigurations.projectcalico.org default",
        "get bgpfilters.projectcalico.org bgpfilter-external",
        "list nodes",
    }


def test_a_password_needs_a_secret_and_what_is_granted_on_it() -> None:
    name, where = "bgppeer-external-password", "in namespace kube-system"
    plain_read, plain = rights()
    read, write = rights(bgpPassword="secret", calicoNamespace="kube-system")
    # Whoever may only preview need not read a password.
    assert read == plain_read
    for kind in ("secrets", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io"):
        assert {f"get {kind} {name} {where}", f"patch {kind} {name} {where}"} <= write
        assert {f"{verb} {kind} {where}" for verb in ("create", "list", "watch")} <= write
    # calico-node is granted these on the Secret, and nobody grants what he has not.
    assert {f"{verb} secrets {name} {where}" for verb in ("get", "list", "watch")} <= write - plain


def test_what_a_node_has_of_its_own_and_filters_of_others_need_rights_too() -> None:
    node = {"node1": {"bgpLogSeverity": "Debug"}}
    plain_read, plain = rights()
    read, write = rights(nodeBgpConfigurations=json.dumps(node), bgpFilters='["theirs"]')
    own = "bgpconfigurations.projectcalico.org node.node1"
    assert read - plain_read == {f"get {own}", "get bgpfilters.projectcalico.org theirs"}
    # Another's filter is read, and no more.
    assert write - plain == {f"update {own}", f"delete {own}"}


def test_calico_nodes_namespace_is_asked_for_once_where_a_password_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str | None] = []

    def answer(_client: CalicoClient, wanted: str | None) -> tuple[str, str | None]:
        asked.append(wanted)
        return "elsewhere", "a note"

    monkeypatch.setattr(cluster_preflight, "calico_namespace", answer)
    monkeypatch.setattr(cluster_preflight, "cluster_client", lambda _settings: object())
    machines = {"one": {"machineAddress": "172.34.8.45"}, "two": {"machineAddress": "172.34.8.46"}}
    both = {"machineAddress": "", "machines": json.dumps(machines)}
    assert find_namespaces(read_site(values(**both))).notes == [] == asked
    site = find_namespaces(read_site(values(**both, bgpPassword="secret")))
    assert (asked, site.notes) == ([None], ["a note"])
    assert {its.calico_namespace for its in site.peerings.values()} == {"elsewhere"}
    found = cluster_rights(site, "")
    assert {one.namespace for one in found.write if one.resource == "secrets"} == {"elsewhere"}


def test_reflectors_need_nodes_and_their_reports() -> None:
    plain_read, plain = rights()
    read, write = rights(reflectorNodes='["node3", "node4"]')
    assert read - plain_read == {
        "list nodes",
        "get nodes node3",
        "get nodes node4",
        "get bgppeers.projectcalico.org route-reflectors-244.0.0.1",
    }
    assert {"patch nodes node3", "create caliconodestatuses.projectcalico.org"} <= write - plain


def test_rights_are_asked_for_at_the_api_that_is_used() -> None:
    read, write = rights(calicoApi="crd-v1")
    assert "get bgppeers.crd.projectcalico.org bgppeer-external" in read
    assert "patch bgppeers.crd.projectcalico.org bgppeer-external" in write
    assert not any(
        ".projectcalico.org" in one.replace("crd.projectcalico.org", "crd") for one in read | write
    )
