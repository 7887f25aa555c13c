"""Which of the objects that a stack is to make are there: those of its own making, and those of others.

No Pulumi here. Its own are known by our mark (whose.py), be they in its state or not; what an engine that was
killed had not saved is taken in with `import` then. Others' are refused before anything is written.
It deliberately knows no spec. Relies on calico_api.py for its errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubernetes.client import CustomObjectsApi

from components.calico.calico_api import (
    API_ANNOTATION,
    CALICO_RIGHTS,
    REQUEST_TIMEOUT,
    STACK_ANNOTATION,
    V3,
    CalicoClient,
    NotServedError,
    clear_errors,
)
from components.calico.rest import quoted, request
from components.calico.stack_names import StackNames
from components.calico.whose import notes, seems_of
from components.settings.setting_types import NAMESPACE
from components.shared.provider_errors import ProviderError

PLAIN_KINDS = frozenset({"Secret", "Role", "RoleBinding"})
"""Those that are Kubernetes' own."""
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


@dataclass(frozen=True)
class Found:
    """What is there of the objects that a stack is to make."""

    made: frozenset[str] = frozenset()
    """`<kind>/<name>` of each that it has made itself."""
    foreign: tuple[str, ...] = ()
    """A line about each that it has not: what it is, whose it seems to be, and how it is made the stack's."""

    def __or__(self, other: Found) -> Found:
        return Found(self.made | other.made, self.foreign + other.foreign)


def own_objects(
    client: CalicoClient,
    machine_name: str,
    stack: StackNames,
    namespace: str | None,
    peers: Sequence[str] = (),
    filters: Sequence[str] = (),
) -> Found:
    """What is there of a machine's objects; `namespace` None: no password is in use.

    `peers` and `filters` are the names of the BGPPeers beside those of every node, and of the BGPFilters.
    Raises ProviderError when the cluster does not answer or does not allow it, and when the stack made
    one of them by another of Calico's APIs.
    """
    both = [peer_name(machine_name), peer_name(machine_name, second=True)]
    objects = _calicos(client, "BGPPeer", [*both, *peers]) + _calicos(client, "BGPFilter", filters)
    if namespace:
        called, where = password_name(machine_name), f"namespaces/{quoted(namespace)}"
        objects += [
            _Object(kind, called, partial(request, client, "GET", f"{path}/{called}"), namespace)
            for kind, path in (
                ("Secret", f"/api/v1/{where}/secrets"),
                ("Role", f"/apis/rbac.authorization.k8s.io/v1/{where}/roles"),
                ("RoleBinding", f"/apis/rbac.authorization.k8s.io/v1/{where}/rolebindings"),
            )
        ]
    return _look_at(client, objects, stack)


def own_peers(client: CalicoClient, names: Sequence[str], stack: StackNames) -> Found:
    """What is there of BGPPeers that are no machine's. Raises ProviderError as `own_objects` does."""
    return _look_at(client, _calicos(client, "BGPPeer", names), stack)


def check_foreign(found: Found) -> None:
    """Raise ProviderError when objects that the stack is to make are there, and not of its making.

    pulumi-kubernetes would refuse to make them, or take them over: that depends on its version and options.
    """
    if found.foreign:
        raise ProviderError(
            "what this stack is to make is in the cluster already, and not of its making:\n"
            + "\n".join(f"  {line}" for line in found.foreign)
            + f"\nNothing was written. Set another {NAMESPACE}:machineName (for route reflectors another "
            f"{NAMESPACE}:reflectorClusterId), or have whoever made them take them away; or, if they are to "
            "be this stack's, which will change them and delete them with `pulumi destroy`, say so with the "
            "command beside each"
        )


@dataclass(frozen=True)
class _Object:
    kind: str
    name: str
    read: Callable[..., Any]
    namespace: str = ""


def _calicos(client: CalicoClient, kind: str, names: Sequence[str]) -> list[_Object]:
    read, plural = CustomObjectsApi(client).get_cluster_custom_object, f"{kind.lower()}s"
    ask = partial(read, *client.calico, plural)
    return [_Object(kind, name, partial(ask, name, _request_timeout=REQUEST_TIMEOUT)) for name in names]


def _look_at(client: CalicoClient, objects: Sequence[_Object], stack: StackNames) -> Found:
    found = Found()
    for one in objects:
        found |= _look(client, one, stack)
    return found


def _look(client: CalicoClient, one: _Object, stack: StackNames) -> Found:
    needs = PASSWORD_RIGHTS if one.kind in PLAIN_KINDS else CALICO_RIGHTS
    try:
        with clear_errors(client, f"reading {one.kind} {one.name}", needs):
            metadata = one.read()["metadata"]
    except NotServedError:
        return Found()
    except ProviderError as error:
        # Whoever may only preview need not read a password; who is to write was asked for his rights before.
        if one.kind in PLAIN_KINDS and getattr(error.__cause__, "status", None) == 403:
            return Found()
        raise
    known = notes(metadata)
    if known.get(STACK_ANNOTATION) not in stack:
        return Found(foreign=(_foreign(client, one, metadata, stack),))
    by = known.get(API_ANNOTATION, str(V3))
    if one.kind not in PLAIN_KINDS and by != str(client.calico):
        raise ProviderError(
            f"{one.kind} {one.name} of this stack was made by {by}, and {NAMESPACE}:calicoApi now asks for "
            f"{client.calico}, where the same object counts as another: set it back, `pulumi destroy`, "
            "change it, and `pulumi up`"
        )
    return Found(frozenset({f"{one.kind}/{one.name}"}))


def _foreign(client: CalicoClient, one: _Object, metadata: Any, stack: StackNames) -> str:
    kind = one.kind.lower() if one.kind in PLAIN_KINDS else f"{one.kind.lower()}s.{client.calico.group}"
    place = f" -n {one.namespace}" if one.namespace else ""
    where = f" in namespace {one.namespace}" if one.namespace else ""
    return (
        f"{one.kind} {one.name}{where}, {seems_of(metadata)}: "
        f"`kubectl annotate{place} {kind} {one.name} --overwrite {STACK_ANNOTATION}={stack}`"
    )
