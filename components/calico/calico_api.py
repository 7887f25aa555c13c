"""Reaching the cluster, and whether it serves Calico's API (projectcalico.org/v3).

No Pulumi here. Only v3 is used, as served by Calico's aggregated API server or by native v3
resource definitions: crd.projectcalico.org/v1 checks nothing (it takes a peerIP that is none).
Credentials come from the kubeconfig and never appear in an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
import yaml
from kubernetes.client import ApiClient, ApiException, Configuration, CustomObjectsApi
from kubernetes.config import ConfigException, load_config

from components.shared.provider_errors import ProviderError

GROUP = "projectcalico.org"
VERSION = "v3"
KINDS = frozenset({"bgppeers", "bgpconfigurations"})
STACK_ANNOTATION = "calico-peering/stack"
CALICO_RIGHTS = f"get, create, update and delete on bgpconfigurations and bgppeers of {GROUP}"

# Seconds that one request may take before the cluster counts as not answering.
REQUEST_TIMEOUT = 30


def connect(kubeconfig: str | None = None, context: str | None = None) -> ApiClient:
    """A client for the cluster; nothing is sent yet.

    `kubeconfig`: a path, `~` allowed; None: $KUBECONFIG, ~/.kube/config, or in a pod its service
    account. `context`: None is the file's current one. Raises ProviderError on a bad kubeconfig.
    """
    configuration = Configuration()
    where = _described(kubeconfig, context)
    path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
    try:
        load_config(  # type: ignore[no-untyped-call]
            config_file=path, context=context, client_configuration=configuration
        )
    except (ConfigException, OSError, yaml.YAMLError, TypeError, ValueError) as error:
        # Only the first line: parsers print the place, and a kubeconfig holds secrets.
        reason = str(error).splitlines()[0] if isinstance(error, ConfigException) else ""
        reason = reason.rstrip(".") or type(error).__name__
        raise ProviderError(
            f"the kubeconfig ({where}) cannot be used: {reason}; check calico-peering:kubeconfig "
            "and calico-peering:kubeContext"
        ) from error
    # The client's own retries print warnings and make a dead cluster take minutes.
    configuration.retries = urllib3.Retry(total=1, backoff_factor=0)
    return ApiClient(configuration)


def client_of(props: Mapping[str, Any]) -> ApiClient:
    """A client for the cluster that a resource's properties `kubeconfig` and `context` name."""
    return connect(props.get("kubeconfig"), props.get("context"))


def check_calico(client: ApiClient) -> None:
    """Raise ProviderError unless the cluster answers and serves the v3 kinds that we need."""
    served = f"{GROUP}/{VERSION}"
    try:
        with clear_errors(client, f"asking for {served}"):
            listed = CustomObjectsApi(client).get_api_resources(
                GROUP, VERSION, _request_timeout=REQUEST_TIMEOUT
            )
    except NotServedError:
        listed = None
    names = {resource.name for resource in listed.resources} if listed else set()
    if lacking := sorted(KINDS - names):
        raise ProviderError(
            f"the cluster at {client.configuration.host} does not serve {', '.join(lacking)} of "
            f"{served}; Calico's API server is needed there (with the operator: an object "
            "APIServer called default), or a Calico with native v3 resources"
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
        if error.status in (401, 403):
            raise ProviderError(f"{text}; the kubeconfig's user needs {needs}") from error
        if error.status == 503:
            raise ProviderError(
                f"{text}; is Calico's API server running? (APIService {VERSION}.{GROUP})"
            ) from error
        raise ProviderError(text) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        cause = getattr(error, "reason", None) or error
        raise ProviderError(
            f"the cluster at {host} does not answer ({doing}): {' '.join(str(cause).split())}; "
            "check the kubeconfig's server, its certificate authority and the way there"
        ) from error


def _described(kubeconfig: str | None, context: str | None) -> str:
    where = kubeconfig or "$KUBECONFIG or ~/.kube/config"
    return f"{where}, context {context!r}" if context else where


def _reason(error: ApiException) -> str:
    """The API server's own message, with the status."""
    try:
        text = json.loads(error.body or "")["message"]
    except (TypeError, ValueError, LookupError):
        text = str(error.body or error.reason)[:200]
    return f"{' '.join(str(text).split())} (HTTP {error.status})"
