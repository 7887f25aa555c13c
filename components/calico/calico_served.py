"""Which of Calico's APIs the cluster serves, how, and whether the one that is wanted can be used.

No Pulumi here, and nothing is written. It asks the API server's own lists, which every user may read; what
needs a right (the APIService, Calico's ClusterInformation) makes an answer better and is left out where it
is not allowed. Deliberately not here: what rights the rest needs (rights.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes.client import ApiException, CustomObjectsApi

from components.calico.calico_api import (
    CRD_V1,
    REQUEST_TIMEOUT,
    V3,
    CalicoApi,
    CalicoClient,
    NotServedError,
    clear_errors,
)
from components.calico.rest import quoted, request
from components.settings.setting_types import NAMESPACE
from components.shared.provider_errors import ProviderError

OPERATOR_GROUP = "operator.tigera.io"
SETTING = f"{NAMESPACE}:calicoApi"
# Calico's components, unless told otherwise, use native v3 definitions only where no others are
# (libcalico-go's UsingV3CRDs in 3.32, the first release that can use them).
FIRST_NATIVE = "3.32"


@dataclass(frozen=True)
class Served:
    """What was found. A text that is empty was not there, or could not be read."""

    v3: frozenset[str] = frozenset()
    """Plurals of the kinds of projectcalico.org/v3."""
    crd_v1: frozenset[str] = frozenset()
    """Plurals of the kinds of crd.projectcalico.org/v1."""
    api_server: str = ""
    """`namespace/name` of the Service of Calico's API server, when v3 is registered as aggregated."""
    native: bool = False
    """v3 is served by kube-apiserver itself, out of resource definitions."""
    trouble: str = ""
    """What kube-apiserver says of a v3 that is registered and does not answer."""
    used: bool | None = None
    """Whether Calico keeps its ClusterInformation by native v3; None: not asked, or not allowed."""
    operator: bool = False
    """The operator's kinds are there."""
    release: str = ""
    """Calico's version, such as `v3.31.0`."""

    def kinds(self, api: CalicoApi) -> frozenset[str]:
        """Plurals of the kinds that an API serves."""
        return self.v3 if api == V3 else self.crd_v1


def check_served(client: CalicoClient, kinds: Collection[str]) -> str | None:
    """What is to be warned of when `kinds` (plurals) are read and written by the client's API.

    Raises ProviderError, which says what was found and what to do, when the cluster does not serve them,
    does not answer, or when nobody would read what is written.
    """
    found = look(client, kinds)
    host = str(client.configuration.host)
    if wrong := problem(found, client.calico, kinds, host):
        raise ProviderError(wrong)
    return warning(found, client.calico, host)


def look(client: CalicoClient, kinds: Collection[str]) -> Served:
    """What the cluster serves: two requests where all is well, a few more where it is not."""
    registered = _registered(client)
    native = registered is not None and not _service(registered)
    lists = {client.calico: _listed(client, client.calico)}
    lacking = not lists[client.calico].issuperset(kinds)
    if lacking or native or client.calico != V3:
        lists |= {api: _listed(client, api) for api in (V3, CRD_V1) if api not in lists}
    groups = _groups(client) if lacking else frozenset[str]()
    v3, crd_v1 = lists.get(V3, frozenset()), lists.get(CRD_V1, frozenset())
    information = None
    if lacking or native:
        information = _information(client, V3 if v3 else CRD_V1)
    service = _service(registered)
    return Served(
        v3=v3,
        crd_v1=crd_v1,
        api_server=f"{service['namespace']}/{service['name']}" if service else "",
        native=native,
        trouble=_trouble(registered) if not v3 else "",
        used=None if not (native and v3) or information is None else bool(information),
        operator=OPERATOR_GROUP in groups,
        release=str(((information or {}).get("spec") or {}).get("calicoVersion") or ""),
    )


def problem(found: Served, wanted: CalicoApi, kinds: Collection[str], host: str) -> str | None:
    """Why `wanted` cannot be used, and what to do; None when it can. Pure."""
    release = f" ({found.release})" if found.release else ""
    lacking = ", ".join(sorted(set(kinds) - found.kinds(wanted)))
    if not found.v3 and not found.crd_v1 and not found.api_server:
        return (
            f"the cluster at {host} has no Calico that keeps its objects there: it serves neither {V3} nor "
            f"{CRD_V1}. Check {NAMESPACE}:kubeconfig and {NAMESPACE}:kubeContext; a Calico with an etcd of "
            "its own cannot be used"
        )
    if wanted == CRD_V1:
        if found.native and found.used:
            return (
                f"{SETTING} is crd-v1, but Calico{release} in the cluster at {host} uses native {V3}: what "
                f"is written to {CRD_V1} nobody reads. Remove {SETTING}"
            )
        if lacking:
            return f"{SETTING} is crd-v1, but the cluster at {host} serves no {lacking} of {CRD_V1}; " + (
                f"it serves {V3}: remove {SETTING}" if found.v3 else f"is its Calico{release} too old?"
            )
        return None
    if found.trouble:
        return (
            f"the cluster at {host} has Calico's API server for {V3} registered (APIService "
            f"{V3.version}.{V3.group}, Service {found.api_server}), but it does not answer: {found.trouble}. "
            f"See `kubectl get pods -n {found.api_server.partition('/')[0]}`, or {_crd_way(found)}"
        )
    if not found.v3:
        return (
            f"the cluster at {host} has Calico{release}, but serves only {CRD_V1}, not {V3}, which checks "
            f"what is written. Either {_api_server_way(found)}; or, from Calico {FIRST_NATIVE} on, have it "
            f"use native v3 definitions; or {_crd_way(found)}"
        )
    if lacking:
        return (
            f"the cluster at {host} serves {V3}, but no {lacking} of it: its Calico{release} is too old for "
            "these, or their definitions were not installed"
        )
    if found.used is False:
        return (
            f"the cluster at {host} serves {V3} by native definitions, but no Calico uses them: there is no "
            "ClusterInformation called default, which calico-node makes when it does. "
            + (
                f"{CRD_V1} is there too, and Calico prefers that unless CALICO_API_GROUP={V3} is in the "
                f"environment of its components: finish the migration, or {_crd_way(found)}"
                if found.crd_v1
                else "Is calico-node running?"
            )
        )
    return None


def warning(found: Served, used: CalicoApi, host: str) -> str | None:
    """What to say of an API that can be used. Pure."""
    if used == V3:
        return None
    instead = (
        f" This cluster serves {V3}, which does: remove {SETTING}."
        if found.v3 and not found.native
        else f" {V3} does, where it is served."
    )
    return (
        f"{SETTING} is crd-v1: nothing checks what is written to {CRD_V1} of the cluster at {host} (it "
        f"takes a peerIP that is none).{instead}"
    )


def _api_server_way(found: Served) -> str:
    if found.operator:
        return (
            "have the operator start Calico's API server: `kubectl create -f -` with `apiVersion: "
            f"{OPERATOR_GROUP}/v1`, `kind: APIServer`, `metadata: {{name: default}}`, `spec: {{}}`"
        )
    return (
        "install Calico's API server: `kubectl create -f apiserver.yaml`, from the manifests of its release, "
        "and its certificate, as Calico's manual says under `Enable kubectl to manage Calico APIs`"
    )


def _crd_way(found: Served) -> str:
    return f"set {SETTING} to crd-v1, where nothing checks what is written" + (
        "" if found.crd_v1 else f" (this cluster does not serve {CRD_V1} either)"
    )


def _allowed(read: Callable[[], Any]) -> Any:
    """What is read; None where that is not allowed."""
    try:
        return read()
    except ApiException as error:
        if error.status == 403:
            return None
        raise


def _registered(client: CalicoClient) -> Any:
    """The APIService of v3, native or not; None when there is none, or it may not be read."""
    name = f"{V3.version}.{V3.group}"
    try:
        with clear_errors(client, f"reading APIService {name}"):
            return _allowed(
                lambda: request(client, "GET", f"/apis/apiregistration.k8s.io/v1/apiservices/{quoted(name)}")
            )
    except NotServedError:
        return None


def _service(registered: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The Service of an APIService; None where kube-apiserver itself serves the group, or there is none."""
    return ((registered or {}).get("spec") or {}).get("service") or None


def _trouble(registered: Any) -> str:
    if not _service(registered):
        return ""
    conditions = (registered.get("status") or {}).get("conditions") or []
    said = [
        f"{one.get('reason')}: {one.get('message')}"
        for one in conditions
        if one.get("type") == "Available" and one.get("status") != "True"
    ]
    return " ".join((said[0] if said else "it was not seen to answer yet").split()).rstrip(".")


def _listed(client: CalicoClient, api: CalicoApi) -> frozenset[str]:
    """Plurals of an API's kinds; none when it is not served, or what should serve it does not answer."""
    try:
        with clear_errors(client, f"asking for {api}"):
            found: Any = CustomObjectsApi(client).get_api_resources(*api, _request_timeout=REQUEST_TIMEOUT)
    except NotServedError:
        return frozenset()
    except ProviderError as error:
        if isinstance(error.__cause__, ApiException) and error.__cause__.status == 503:
            return frozenset()
        raise
    return frozenset(resource.name for resource in found.resources)


def _groups(client: CalicoClient) -> frozenset[str]:
    with clear_errors(client, "asking for the API's groups"):
        return frozenset(str(group["name"]) for group in request(client, "GET", "/apis")["groups"])


def _information(client: CalicoClient, api: CalicoApi) -> dict[str, Any] | None:
    """Calico's ClusterInformation; empty when there is none, None when it may not be read."""
    try:
        with clear_errors(client, "reading ClusterInformation default"):
            found: dict[str, Any] | None = _allowed(
                lambda: CustomObjectsApi(client).get_cluster_custom_object(
                    *api, "clusterinformations", "default", _request_timeout=REQUEST_TIMEOUT
                )
            )
            return found
    except NotServedError:
        return {}
