"""projectcalico.org/v3 of a running lab, served otherwise than by Calico's API server; and back again.

Native definitions are made from those that the pinned Calico publishes for crd.projectcalico.org/v1. Calico
3.32, the first that can use native ones, has the same schemas for v3, with `metadata` and `spec` required
besides (compared for BGPPeer and BGPConfiguration). The pinned 3.31 cannot use them, so the lab's nodes go on
with crd.projectcalico.org/v1 meanwhile: nothing that is written here reaches them.
"""

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import client

from lab.cluster.objects import CRD_GROUP, Object, definitions
from lab.waiting import wait_for

GROUP, VERSION = "projectcalico.org", "v3"
API_SERVICE = f"{VERSION}.{GROUP}"
API_SERVICES = ("apiregistration.k8s.io", "v1", "apiservices")
DEFINITIONS = ("apiextensions.k8s.io", "v1", "customresourcedefinitions")
PEERS = (GROUP, VERSION, "bgppeers")
# Those that the program reads or writes.
KINDS = frozenset(
    "bgppeers bgpconfigurations bgpfilters clusterinformations ippools caliconodestatuses".split()
)
PATIENCE = 60


def native(definition: Object) -> Object:
    """The definition of a kind of projectcalico.org/v3, out of that of crd.projectcalico.org/v1."""
    made = copy.deepcopy(definition)
    made["metadata"] = {"name": f"{made['spec']['names']['plural']}.{GROUP}"}
    made["spec"]["group"] = GROUP
    [version] = made["spec"]["versions"]
    version["name"] = VERSION
    version["schema"]["openAPIV3Schema"]["required"] = ["metadata", "spec"]
    return made


@contextmanager
def without_api_server(api: client.CustomObjectsApi) -> Iterator[None]:
    """Calico's API server is not registered while the block lasts; its process goes on."""
    was: Any = api.get_cluster_custom_object(*API_SERVICES, API_SERVICE)
    again = {**was, "metadata": {"name": API_SERVICE}}
    again.pop("status", None)
    api.delete_cluster_custom_object(*API_SERVICES, API_SERVICE)
    wait_for("v3 to be gone", lambda: not _served(api), PATIENCE)
    try:
        yield
    finally:
        # That of native definitions goes by itself, after them.
        wait_for("no APIService", lambda: API_SERVICE not in _names(api, API_SERVICES), PATIENCE)
        api.create_cluster_custom_object(*API_SERVICES, again)
        _wait_as_before(api)


@contextmanager
def silent_api_server(api: client.CustomObjectsApi) -> Iterator[None]:
    """Calico's API server is registered, and looked for where nobody listens, while the block lasts."""
    was: Any = api.get_cluster_custom_object(*API_SERVICES, API_SERVICE)
    _look_at(api, 9)
    wait_for("v3 to be gone", lambda: not _served(api), PATIENCE)
    try:
        yield
    finally:
        _look_at(api, was["spec"]["service"]["port"])
        _wait_as_before(api)


@contextmanager
def native_definitions(api: client.CustomObjectsApi, calico_files: Path) -> Iterator[None]:
    """v3 is served natively while the block lasts, within `without_api_server`; its objects go with it."""
    ours = [native(one) for one in definitions(calico_files) if one["spec"]["names"]["plural"] in KINDS]
    names = {one["metadata"]["name"] for one in ours}
    try:
        for one in ours:
            api.create_cluster_custom_object(*DEFINITIONS, one)
        wait_for("native v3", lambda: _served(api) >= KINDS, PATIENCE)
        with _collected(api):
            yield
    finally:
        for name in names & _names(api, DEFINITIONS):
            api.delete_cluster_custom_object(*DEFINITIONS, name)
        wait_for("no native v3", lambda: not names & _names(api, DEFINITIONS), PATIENCE)


@contextmanager
def _collected(api: client.CustomObjectsApi) -> Iterator[None]:
    """Foreground deletes of peers end: the garbage collector, which lost v3, is minutes behind (seen)."""
    done = threading.Event()

    def collect() -> None:
        while not done.wait(0.2):
            found: Any = api.list_cluster_custom_object(*PEERS)
            for one in found["items"]:
                if one["metadata"].get("deletionTimestamp"):
                    name, nothing = one["metadata"]["name"], {"metadata": {"finalizers": None}}
                    api.patch_cluster_custom_object(*PEERS, name, nothing)

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _look_at(api: client.CustomObjectsApi, port: int) -> None:
    api.patch_cluster_custom_object(*API_SERVICES, API_SERVICE, {"spec": {"service": {"port": port}}})


def _names(api: client.CustomObjectsApi, kind: tuple[str, str, str]) -> set[str]:
    found: Any = api.list_cluster_custom_object(*kind)
    return {one["metadata"]["name"] for one in found["items"]}


def _served(api: client.CustomObjectsApi) -> set[str]:
    try:
        listed: Any = api.get_api_resources(GROUP, VERSION)
    except client.ApiException as error:
        if error.status in (404, 503):
            return set()
        raise
    return {one.name for one in listed.resources}


def _wait_as_before(api: client.CustomObjectsApi) -> None:
    """v3 is served, and the garbage collector knows it again: without it no foreground delete ends."""
    wait_for("v3 to be served", lambda: "bgppeers" in _served(api), PATIENCE)
    name = "lab-probe"
    spec = {"node": "nowhere", "peerIP": "192.0.2.1", "asNumber": 64999}
    body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "BGPPeer", "metadata": {"name": name}, "spec": spec}
    api.create_cluster_custom_object(*PEERS, body)
    foreground = client.V1DeleteOptions(propagation_policy="Foreground")
    api.delete_cluster_custom_object(*PEERS, name, body=foreground)
    kind = (CRD_GROUP, "v1", "bgppeers")
    wait_for("the garbage collector to know v3", lambda: name not in _names(api, kind), PATIENCE)
