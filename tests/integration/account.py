"""A service account of the lab's cluster with the roles that a test gives it, and the kubeconfig of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from lab.layout import Layout

RBAC = "rbac.authorization.k8s.io"
NAME, NAMESPACE = "calico-peering-test", "default"
MARK = "made-for-calico-peering-test"
Role = dict[str, Any]


@dataclass
class Account:
    """The account; `may` decides what it is allowed from now on."""

    api: client.CustomObjectsApi
    kubeconfig: Path

    def may(self, roles: Sequence[Role]) -> None:
        """It has these roles (ClusterRole or Role, as in a manifest) and no others, a moment later."""
        self.clear()
        for role in roles:
            name, place = role["metadata"]["name"], role["metadata"].get("namespace")
            self._make(role["kind"], name, place, {"rules": role["rules"]})
            binding = {
                "roleRef": {"apiGroup": RBAC, "kind": role["kind"], "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
            }
            self._make(f"{role['kind']}Binding", name, place, binding)

    def _make(self, kind: str, name: str, place: str | None, body: Role) -> None:
        metadata = {"name": name, "labels": {MARK: ""}}
        whole = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **body}
        plural = f"{kind.lower()}s"
        if place:
            self.api.create_namespaced_custom_object(RBAC, "v1", place, plural, whole)
        else:
            self.api.create_cluster_custom_object(RBAC, "v1", plural, whole)

    def clear(self) -> None:
        """It has no role."""
        for plural in ("clusterrolebindings", "clusterroles"):
            self.api.delete_collection_cluster_custom_object(RBAC, "v1", plural, label_selector=MARK)
        for plural in ("rolebindings", "roles"):
            self.api.delete_collection_namespaced_custom_object(
                RBAC, "v1", "calico-system", plural, label_selector=MARK
            )


@contextmanager
def account(layout: Layout, folder: Path) -> Iterator[Account]:
    """Make it, without any role; nothing of it stays."""
    core = client.CoreV1Api()
    metadata = client.V1ObjectMeta(name=NAME)
    core.create_namespaced_service_account(NAMESPACE, client.V1ServiceAccount(metadata=metadata))
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
    token: Any = core.create_namespaced_service_account_token(NAME, NAMESPACE, request)
    document = yaml.safe_load(layout.kubeconfig.read_text())
    [user] = document["users"]
    user["user"] = {"token": token.status.token}
    path = folder / "account.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document))
    made = Account(client.CustomObjectsApi(), path)
    try:
        yield made
    finally:
        made.clear()
        core.delete_namespaced_service_account(NAME, NAMESPACE)
