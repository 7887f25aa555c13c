"""Reaching the cluster, and by which of its APIs Calico's objects are read and written.

No Pulumi here. projectcalico.org/v3 is served by Calico's aggregated API server or by native v3 resource
definitions. crd.projectcalico.org/v1 lies underneath the first of these and checks next to nothing (it takes
a peerIP that is none), so it is used only where somebody asks for it. A client carries which it is.
Credentials come from the kubeconfig and never appear in an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import urllib3
from kubernetes.client import ApiClient, ApiException, Configuration, CustomObjectsApi

from components.calico.kube_client import WithHeaders, configure
from components.calico.kube_login import (
    AuthenticationError,
    Login,
    describe_refused_certificate,
    find_authentication_error,
)
from components.calico.kube_user import impersonation
from components.calico.kubeconfig import resolve
from components.shared.provider_errors import ProviderError


class CalicoApi(NamedTuple):
    """An API by which Calico's objects are read and written; `*api` are a CustomObjectsApi's first words."""

    group: str
    version: str

    def __str__(self) -> str:
        return f"{self.group}/{self.version}"


V3 = CalicoApi("projectcalico.org", "v3")
CRD_V1 = CalicoApi("crd.projectcalico.org", "v1")
BY_SETTING = {"v3": V3, "crd-v1": CRD_V1}
"""The values of the setting `calicoApi`."""
GROUP, VERSION = V3

KINDS = frozenset({"bgppeers", "bgpconfigurations"})
STACK_ANNOTATION = "calico-peering/stack"
"""Our mark on what is ours alone: the stack's name."""
API_ANNOTATION = "calico-peering/api"
"""By which API an object of Calico's was made, where that is not V3."""
CALICO_RIGHTS = "get, create, update and delete on bgpconfigurations, bgppeers and bgpfilters of Calico's API"

# What comes of an answer of another shape than the API's: pydantic's ValidationError is a ValueError.
ODD_ANSWER = (AttributeError, KeyError, TypeError, ValueError)


# Seconds that one request may take before the cluster counts as not answering.
REQUEST_TIMEOUT = 30


class CalicoClient(ApiClient):
    """A client for one cluster that knows by which API Calico's objects are reached there."""

    def __init__(self, configuration: Configuration, calico: CalicoApi, login: Login | None = None) -> None:
        super().__init__(configuration)
        self.calico = calico
        self.login = login


def connect(
    kubeconfig: str | None = None, context: str | None = None, calico: CalicoApi = V3
) -> CalicoClient:
    """A client for the cluster; nothing is sent yet, though an exec plugin may be run.

    `kubeconfig`, a path, and `context` are as kubeconfig.resolve has them. Raises ProviderError on a bad
    kubeconfig, and AuthenticationError where there is nothing to log in with.
    """
    access = resolve(kubeconfig, context)
    configuration, login = configure(access)
    client = CalicoClient(configuration, calico, login)
    if headers := impersonation(access):
        client.rest_client = WithHeaders(configuration, headers)
    return client


def client_of(props: Mapping[str, Any]) -> CalicoClient:
    """A client for the cluster that a resource's properties name.

    They are `kubeconfig`, `context`, and `calico_api` as `str(CalicoApi)`, which is V3 when it is not there.
    """
    named = props.get("calico_api")
    calico = CalicoApi(*named.split("/")) if named else V3
    return connect(props.get("kubeconfig"), props.get("context"), calico)


def in_cluster(client: ApiClient, name: str) -> str:
    """What an object is called among those of all clusters that one run speaks with (this_run.py)."""
    return f"{name} at {client.configuration.host}"


def check_calico(client: CalicoClient) -> None:
    """Raise ProviderError unless the cluster answers and serves what we need by the client's API."""
    served = client.calico
    try:
        with clear_errors(client, f"asking for {served}"):
            listed = CustomObjectsApi(client).get_api_resources(*served, _request_timeout=REQUEST_TIMEOUT)
    except NotServedError:
        listed = None
    names = {resource.name for resource in listed.resources} if listed else set()
    if lacking := sorted(KINDS - names):
        raise ProviderError(
            f"the cluster at {client.configuration.host} does not serve {', '.join(lacking)} of {served}; "
            "`pulumi preview` says what it serves, and what to do"
        )


class NotServedError(ProviderError):
    """HTTP 404: the object, or the whole kind, is not there."""


class ChangedMeanwhileError(ProviderError):
    """HTTP 409: somebody changed or made the object between our read and our write."""


@contextmanager
def clear_errors(client: ApiClient, doing: str, needs: str = CALICO_RIGHTS) -> Iterator[None]:
    """Turn what the Kubernetes client raises while `doing` something into a ProviderError.

    `needs`: the rights that this takes.
    """
    host = client.configuration.host
    try:
        yield
    except ApiException as error:
        text = f"{doing} at {host}: {_reason(error)}"
        if error.status == 404:
            raise NotServedError(text) from error
        if error.status == 409:
            raise ChangedMeanwhileError(text) from error
        if unknown := find_authentication_error(client, doing, error.status, _reason(error)):
            raise unknown from error
        if error.status == 403:
            raise ProviderError(f"{text}; the kubeconfig's user needs {needs}") from error
        if error.status == 503:
            raise ProviderError(
                f"{text}; is Calico's API server running? (APIService {V3.version}.{V3.group})"
            ) from error
        raise ProviderError(text) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        cause = " ".join(str(getattr(error, "reason", None) or error).split())
        if refused := describe_refused_certificate(client, cause):
            raise AuthenticationError(f"{refused} ({doing} at {host}: {cause})") from error
        raise ProviderError(
            f"the cluster at {host} does not answer ({doing}): {cause}; "
            "check the kubeconfig's server, its certificate authority and the way there"
        ) from error
    except ODD_ANSWER as error:
        raise _odd(host, doing, error) from error


@contextmanager
def expected_answers(client: ApiClient, doing: str) -> Iterator[None]:
    """Turn what comes of an answer of another shape than the API's into a ProviderError.

    For what is made of answers after they were read: `doing` says what.
    """
    try:
        yield
    except ODD_ANSWER as error:
        raise _odd(client.configuration.host, doing, error) from error


def _odd(host: str, doing: str, error: Exception) -> ProviderError:
    return ProviderError(
        f"the answer of {host} is not one of a Kubernetes API ({doing}): {_first_line(error)}; is there a"
        " proxy or a login page in front of it, or an object that its own API would refuse?"
    )


def _first_line(error: Exception) -> str:
    """What an odd answer lacks, without the answer."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:120]}"


def _reason(error: ApiException) -> str:
    """The API server's own message, with the status."""
    try:
        text = json.loads(error.body or "")["message"]
    except (TypeError, ValueError, LookupError):
        text = str(error.body or error.reason)[:200]
    return f"{' '.join(str(text).split())} (HTTP {error.status})"
