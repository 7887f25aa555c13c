"""Which of the cluster's objects this stack has made, be they in its state or not.

No Pulumi here. They are known by our annotation; what an engine that was killed had not saved is taken in
with `import` then. It deliberately knows no spec. Relies on calico_api.py for its errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from kubernetes.client import ApiClient, CoreV1Api, CustomObjectsApi, RbacAuthorizationV1Api

from components.calico.calico_api import (
    CALICO_RIGHTS,
    REQUEST_TIMEOUT,
    STACK_ANNOTATION,
    CalicoClient,
    NotServedError,
    clear_errors,
)

PASSWORD_KEY = "password"
PASSWORD_RIGHTS = (
    "get, create, update and delete on secrets, roles and rolebindings of calico-node's namespace"
)


def peer_name(machine_name: str, second: bool = False) -> str:
    """The BGPPeer's name; `second` is that of IPv6 beside IPv4."""
    return f"bgppeer-{machine_name}{'-v6' if second else ''}"


def peer_names(name: str, count: int = 1, nodes: Sequence[str] = ()) -> list[str]:
    """The names of `count` addresses' BGPPeers, of each node's own if there are `nodes`; `name` is the first.

    A dot stands before a node's name, since no machine's has one: so no two of different machines or nodes
    are the same.
    """
    of_addresses = [f"{name}{'-v6' if place else ''}" for place in range(count)]
    if not nodes:
        return of_addresses
    return [f"{called}.{node}" for called in of_addresses for node in nodes]


def password_name(machine_name: str) -> str:
    """The name of the Secret with the sessions' password, and of the Role and RoleBinding for it."""
    return f"{peer_name(machine_name)}-password"


def own_objects(
    client: CalicoClient,
    machine_name: str,
    stack: str,
    namespace: str | None,
    peers: Sequence[str] = (),
    filters: Sequence[str] = (),
) -> frozenset[str]:
    """`<kind>/<name>` of each that `stack` has made; `namespace` None: no password is in use.

    `peers` and `filters` are the names of the BGPPeers beside those of every node, and of the BGPFilters.
    Raises ProviderError when the cluster does not answer or does not allow it.
    """
    objects = CustomObjectsApi(client)
    wanted = {
        "BGPPeer": ("bgppeers", [peer_name(machine_name), peer_name(machine_name, second=True), *peers]),
        "BGPFilter": ("bgpfilters", filters),
    }
    lookups: dict[str, Callable[[], Any]] = {
        f"{kind}/{name}": partial(
            objects.get_cluster_custom_object,
            *(*client.calico, plural, name),
            _request_timeout=REQUEST_TIMEOUT,
        )
        for kind, (plural, names) in wanted.items()
        for name in names
    }
    if namespace:
        called, core, rights = password_name(machine_name), CoreV1Api(client), RbacAuthorizationV1Api(client)
        for kind, read in (
            ("Secret", core.read_namespaced_secret),
            ("Role", rights.read_namespaced_role),
            ("RoleBinding", rights.read_namespaced_role_binding),
        ):
            lookups[f"{kind}/{called}"] = partial(read, called, namespace, _request_timeout=REQUEST_TIMEOUT)
    return frozenset(what for what, look in lookups.items() if _made_by(client, what, look, stack))


def _made_by(client: ApiClient, what: str, look: Callable[[], Any], stack: str) -> bool:
    needs = CALICO_RIGHTS if what.startswith("BGP") else PASSWORD_RIGHTS
    try:
        with clear_errors(client, f"reading {what.replace('/', ' ')}", needs):
            found: Any = client.sanitize_for_serialization(look())  # type: ignore[no-untyped-call]
    except NotServedError:
        return False
    return (found["metadata"].get("annotations") or {}).get(STACK_ANNOTATION) == stack
