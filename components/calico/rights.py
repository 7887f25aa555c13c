"""Which rights at the cluster a stack needs, and which of them its user lacks.

No Pulumi here, and nothing is written: the API server is asked what it would allow (SelfSubjectAccessReview,
which every user may). So all that is missing is told at once, before anything is touched, and not one by one
in the middle of an update. The roles with these rights are in docs/rbac; a test holds them to this list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kubernetes.client import ApiException

from components.calico.calico_api import CalicoApi, CalicoClient, clear_errors
from components.calico.kube_login import ANONYMOUS
from components.calico.rest import request

RBAC = "rbac.authorization.k8s.io"
# pulumi-kubernetes waits for the end of a delete with a list and a watch of the whole kind: where these are
# not allowed it waits for ever, and no timeout ends it.
WAITING = ("list", "watch")
AT_ONCE = 8


@dataclass(frozen=True, order=True)
class Right:
    """A verb on objects of a kind, on all of them or on one that has a name."""

    group: str
    """Empty for the core group."""
    resource: str
    """The plural."""
    verb: str
    name: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {kind}{f' {self.name}' if self.name else ''}{where}"


@dataclass(frozen=True)
class Rights:
    """What a preview needs, and what `up` and `destroy` need beside it."""

    read: frozenset[Right] = frozenset()
    write: frozenset[Right] = frozenset()

    def __or__(self, other: Rights) -> Rights:
        return Rights(self.read | other.read, self.write | other.write)


def own(group: str, resource: str, names: Iterable[str], namespace: str = "") -> Rights:
    """For objects that are ours alone, which pulumi-kubernetes makes, changes and deletes."""
    named = list(names)
    read = {Right(group, resource, "get", name, namespace) for name in named}
    write = {Right(group, resource, verb, namespace=namespace) for verb in ("create", *WAITING)}
    write |= {Right(group, resource, verb, name, namespace) for name in named for verb in ("patch", "delete")}
    return Rights(frozenset(read), frozenset(write))


def shared(api: CalicoApi, resource: str, name: str) -> Rights:
    """For an object that others own as well, which is read and put back as a whole."""
    write = {Right(api.group, resource, "create")}
    write |= {Right(api.group, resource, verb, name) for verb in ("update", "delete")}
    return Rights(frozenset({Right(api.group, resource, "get", name)}), frozenset(write))


def password(name: str, namespace: str) -> Rights:
    """For a Secret that calico-node may read, and so for granting that: nobody grants what he has not."""
    all_three = (
        own("", "secrets", [name], namespace)
        | own(RBAC, "roles", [name], namespace)
        | own(RBAC, "rolebindings", [name], namespace)
    )
    granted = {Right("", "secrets", verb, name, namespace) for verb in ("get", *WAITING)}
    # A preview does without reading a password.
    return Rights(write=all_three.read | all_three.write | granted)


def reflectors(api: CalicoApi, nodes: Iterable[str]) -> Rights:
    """For marks on nodes, and for asking calico-node what its sessions are."""
    named = list(nodes)
    read = {Right("", "nodes", "list")} | {Right("", "nodes", "get", node) for node in named}
    write = {Right("", "nodes", "patch", node) for node in named}
    write |= {Right(api.group, "caliconodestatuses", verb) for verb in ("get", "create", "delete")}
    return Rights(frozenset(read), frozenset(write))


def lacking(client: CalicoClient, rights: Collection[Right]) -> list[Right]:
    """Those of `rights` that the client's user does not have, in order.

    Raises ProviderError when the cluster does not answer. Where it tells nobody, nothing is lacking: what is
    then refused is told when it happens.
    """
    ordered = sorted(rights)
    with (
        clear_errors(client, "asking for the user's rights"),
        ThreadPoolExecutor(max_workers=AT_ONCE) as pool,
    ):
        allowed = list(pool.map(lambda right: _allowed(client, right), ordered))
    return [right for right, has in zip(ordered, allowed, strict=True) if not has]


def _allowed(client: CalicoClient, right: Right) -> bool:
    attributes = {"group": right.group, "resource": right.resource, "verb": right.verb}
    attributes |= {"name": right.name} if right.name else {}
    attributes |= {"namespace": right.namespace} if right.namespace else {}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    try:
        answer = request(client, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    except ApiException as error:
        # A user whom the cluster does not know is another fault than one that it tells nothing.
        if error.status == 403 and ANONYMOUS not in str(error.body):
            return True
        raise
    return bool((answer.get("status") or {}).get("allowed"))
