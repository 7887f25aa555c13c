"""The API server refuses what the table says that it refuses, and takes what only our settings refuse.

Objects are really made: in a dry run Calico's aggregated API server checks only whether it can read them, so
`pulumi preview` takes most of what is wrong here. What is taken goes at once, and chooses no node.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from kubernetes.client import ApiClient, ApiException, CoreV1Api, CustomObjectsApi, V1Secret

from components.calico.calico_api import GROUP, VERSION
from tests.acceptance.wrong_objects import Wrong, table

ROWS = table()
REFUSED = {name: row for name, row in ROWS.items() if row.server}
TAKEN = {name: row for name, row in ROWS.items() if row.taken}
NO_NODE = {"nodeSelector": "has(no-such-label)"}


def make(cluster: ApiClient, row: Wrong, **options: Any) -> Callable[[], Any]:
    """Write an object; what takes it away again."""
    wanted = row.object()
    if row.kind == "Secret":
        core = CoreV1Api(cluster)
        core.create_namespaced_secret(row.namespace, cast("V1Secret", wanted), **options)
        return lambda: core.delete_namespaced_secret(row.called, row.namespace)
    api, plural = CustomObjectsApi(cluster), f"{row.kind.lower()}s"
    if row.taken and row.kind == "BGPPeer":
        wanted["spec"] = {**NO_NODE, **wanted["spec"]}
    api.create_cluster_custom_object(GROUP, VERSION, plural, wanted, **options)
    return lambda: api.delete_cluster_custom_object(GROUP, VERSION, plural, row.called)


def answer(cluster: ApiClient, row: Wrong, **options: Any) -> str:
    """What the API server says to an object; nothing when it takes it. Nothing stays."""
    try:
        remove = make(cluster, row, **options)
    except ApiException as error:
        return str(json.loads(error.body or "{}")["message"])
    if not options.get("dry_run"):
        remove()
    return ""


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.main_path("address-out-of-range")
def test_the_api_server_refuses(name: str, cluster: ApiClient) -> None:
    assert REFUSED[name].server in answer(cluster, REFUSED[name])


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.main_path("address-is-nobodys")
def test_the_api_server_takes(name: str, cluster: ApiClient) -> None:
    assert answer(cluster, TAKEN[name]) == ""


@pytest.mark.main_path
def test_a_dry_run_takes_what_the_api_server_refuses(cluster: ApiClient) -> None:
    wrong = ROWS["address-out-of-range"]
    assert answer(cluster, wrong, dry_run="All", field_validation="Strict") == ""
    assert answer(cluster, wrong)
