"""BGPConfigurations of several clusters in memory, as far as our part in them reads and writes them.

It has what Kubernetes promises and our code relies on: a write needs the revision that it was made from (409
otherwise), a delete its preconditions, and an object made anew has another uid. It deliberately checks no
spec and fills nothing in: that is Calico's, and is tested on the lab.
"""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from itertools import count
from types import SimpleNamespace
from typing import Any

from kubernetes.client import ApiException

from components.calico.calico_api import CalicoClient

Object = dict[str, Any]


class Store:
    """The objects by cluster (the API server's address) and name."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Object]] = defaultdict(dict)
        self._numbers = count(1)

    def spec(self, host: str, name: str) -> Any:
        """An object's spec; None when it is not there."""
        return copy.deepcopy(self.objects[host].get(name, {}).get("spec"))

    def write(self, host: str, name: str, **fields: Any) -> None:
        """What somebody else writes: these fields, onto whatever is there."""
        found = self.objects[host].get(name) or {"metadata": {"name": name, "uid": self._next()}, "spec": {}}
        self._put(host, {**found, "spec": {**found["spec"], **fields}})

    def api(self, client: CalicoClient) -> StoreApi:
        """In the place of the Kubernetes client's CustomObjectsApi."""
        return StoreApi(self, str(client.configuration.host))

    def _next(self) -> str:
        return str(next(self._numbers))

    def _put(self, host: str, body: Object) -> Object:
        made = copy.deepcopy(body)
        made["metadata"] = {**made["metadata"], "resourceVersion": self._next()}
        self.objects[host][made["metadata"]["name"]] = made
        return copy.deepcopy(made)


class StoreApi:
    """What of a CustomObjectsApi is called."""

    def __init__(self, store: Store, host: str) -> None:
        self.store, self.host = store, host

    def get_api_resources(self, *_api: str, **_options: Any) -> Any:
        kinds = [SimpleNamespace(name=name) for name in ("bgppeers", "bgpconfigurations")]
        return SimpleNamespace(resources=kinds)

    def get_cluster_custom_object(self, *which: str, **_options: Any) -> Object:
        return copy.deepcopy(self._found(which[-1]))

    def create_cluster_custom_object(
        self, _group: str, _version: str, _plural: str, body: Object, **options: Any
    ) -> Object:
        if options.get("dry_run"):
            return body
        if body["metadata"]["name"] in self.store.objects[self.host]:
            raise _error(409, "it is there already")
        metadata = {**body["metadata"], "uid": self.store._next()}
        return self.store._put(self.host, {**body, "metadata": metadata})

    def replace_cluster_custom_object(
        self, _group: str, _version: str, _plural: str, name: str, body: Object, **_options: Any
    ) -> Object:
        if self._found(name)["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise _error(409, "it has been changed")
        return self.store._put(self.host, body)

    def delete_cluster_custom_object(self, *which: str, body: Any, **_options: Any) -> None:
        metadata, wanted = self._found(which[-1])["metadata"], body.preconditions
        if (metadata["uid"], metadata["resourceVersion"]) != (wanted.uid, wanted.resource_version):
            raise _error(409, "it has been changed")
        del self.store.objects[self.host][which[-1]]

    def _found(self, name: str) -> Object:
        if name not in self.store.objects[self.host]:
            raise _error(404, "there is none")
        return self.store.objects[self.host][name]


def _error(status: int, words: str) -> ApiException:
    error = ApiException(status=status, reason=words)
    error.body = json.dumps({"message": words})
    return error
