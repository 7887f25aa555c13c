"""Whoever wrote `default` first, and by which API: nothing of theirs is lost while we come, change and go.

Server-side apply lost fields here whose owners were written through crd.projectcalico.org/v1. kubectl's
writes are made by the Kubernetes client under its name. calicoctl is Calico's own program. Newer calico-nodes
make an empty `default` at their start (3.31's does not): by the client library that calicoctl is built on,
so it is calicoctl that makes one here. That library gives neither's name.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from kubernetes import client

from components.calico.bgp_configuration_writer import others_values
from components.calico.calico_api import CRD_V1, V3, CalicoApi, connect
from components.calico.stack_names import StackNames
from lab.layout import Layout
from tests.integration.conftest import Calico, Stack
from tests.integration.provided import (
    SERVICES,
    NewRun,
    create_part,
    delete_part,
    look_at,
    look_at_no_more,
    refresh_part,
)

SPEC: dict[str, Any] = {
    "asNumber": 64512,
    "logSeverityScreen": "Warning",
    "nodeToNodeMeshEnabled": True,
    "ignoredInterfaces": ["eth9"],
    "serviceClusterIPs": [{"cidr": "10.200.0.0/16"}, {"cidr": "10.201.0.0/16"}],
    "communities": [{"name": "theirs", "value": "64512:1"}],
    "prefixAdvertisements": [{"cidr": SERVICES, "communities": ["theirs", "64512:2"]}],
}
LABELS, ANNOTATIONS = {"team": "network"}, {"example.org/ticket": "NET-1"}
WANTED: dict[str, Any] = {
    "lists": {
        "serviceClusterIPs": [SERVICES],
        "serviceLoadBalancerIPs": ["203.0.113.16/28"],
        "prefixAdvertisements": [f"{SERVICES} 64512:2", f"{SERVICES} external"],
    },
    "values": {"communities/external": "65112:100", "logSeverityScreen": "Debug", "asNumber": 64512},
    "take_over": ["logSeverityScreen"],
}

Write = Callable[[Layout, dict[str, Any]], None]


def body(api: CalicoApi, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": "default", "labels": LABELS, "annotations": ANNOTATIONS}
    return {"apiVersion": str(api), "kind": "BGPConfiguration", "metadata": metadata, "spec": {**spec}}


def kubectl(api: CalicoApi) -> Write:
    def write(_layout: Layout, spec: dict[str, Any]) -> None:
        client.CustomObjectsApi().create_cluster_custom_object(
            *api, "bgpconfigurations", body(api, spec), field_manager="kubectl-create"
        )

    return write


def calicoctl(layout: Layout, spec: dict[str, Any]) -> None:
    done = subprocess.run(
        [layout.bin / "calicoctl", "--allow-version-mismatch", "create", "-f", "-"],
        env={"DATASTORE_TYPE": "kubernetes", "KUBECONFIG": str(layout.kubeconfig)},
        input=json.dumps(body(V3, spec)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def default(no_stack: Stack, calico: Calico, new_run: NewRun) -> Iterator[Calico]:
    """Calico without a `default`; none stays."""
    calico.delete("bgpconfigurations", "default")
    yield calico
    calico.delete("bgpconfigurations", "default")


def seen_by(calico: Calico) -> dict[str, Any]:
    """The object by both APIs, but for what changes with every write."""
    seen: dict[str, Any] = {}
    for api in (V3, CRD_V1):
        found: Any = calico.api.get_cluster_custom_object(*api, "bgpconfigurations", "default")
        metadata = dict(found["metadata"])
        for name in ("resourceVersion", "generation", "managedFields"):
            metadata.pop(name, None)
        if text := metadata.get("annotations", {}).pop("projectcalico.org/metadata", None):
            inner = json.loads(text)
            inner.pop("managedFields", None)
            # As it first writes, Calico's API server moves labels and annotations into its own annotation.
            metadata = {
                **metadata,
                "labels": {**metadata.get("labels", {}), **inner.get("labels", {})},
                "annotations": {**metadata.get("annotations", {}), **inner.get("annotations", {})},
            }
        metadata = {name: value for name, value in metadata.items() if value != {}}
        seen[str(api)] = {"metadata": metadata, "spec": found["spec"]}
    return seen


@pytest.mark.parametrize(
    ("write", "spec", "whose"),
    [
        (kubectl(CRD_V1), SPEC, ["kubectl"]),
        (kubectl(V3), SPEC, ["kubectl"]),
        pytest.param(
            *(calicoctl, SPEC, ["calicoctl or another program of Calico's"]),
            marks=pytest.mark.extra("calicoctl"),
        ),
        pytest.param(calicoctl, {}, [], marks=pytest.mark.extra("calicoctl")),
    ],
    ids=["crd.projectcalico.org/v1", "projectcalico.org/v3", "calicoctl", "calico-node"],
)
def test_nothing_of_the_first_writers_is_lost(
    default: Calico, layout: Layout, new_run: NewRun, write: Write, spec: dict[str, Any], whose: list[str]
) -> None:
    write(layout, spec)
    was = seen_by(default)
    found = default.find("bgpconfigurations", "default")
    assert found is not None
    in_the_way = others_values(connect(), found, {"asNumber": 64999}, [], StackNames("project/stack"))
    assert [one.whose.split(" (")[0] for one in in_the_way] == whose

    before = look_at(WANTED)
    state = create_part(WANTED, before)
    now = default.spec("bgpconfigurations", "default")
    kept = {name: value for name, value in spec.items() if name != "logSeverityScreen"}
    for name, value in kept.items():
        theirs = value if isinstance(value, list) else [value]
        assert all(one in (now[name] if isinstance(value, list) else [now[name]]) for one in theirs), name
    assert now["logSeverityScreen"] == "Debug"
    assert {"cidr": SERVICES, "communities": ["external"]} in now["prefixAdvertisements"]
    assert ({"cidr": SERVICES, "communities": ["64512:2"]} in now["prefixAdvertisements"]) == (spec == {})
    assert refresh_part(state)["values"] == WANTED["values"]

    new_run()
    delete_part(state)
    look_at_no_more(before)
    assert seen_by(default) == was
