"""One request to a cluster's API, answered as JSON: what the Kubernetes client's typed APIs would do.

These import a class for every kind of Kubernetes, which takes longer than all requests of a preview.
Connection, credentials and errors are the client's own: callers have calico_api.clear_errors around it, as
around the typed ones. Calico's own objects go through CustomObjectsApi, which is as light. No Pulumi here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from kubernetes.client import ApiClient, ApiException

from components.calico.calico_api import REQUEST_TIMEOUT

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
"""RFC 7386: what is not named stays as it is, and null takes off."""


def request(
    client: ApiClient,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    content_type: str = JSON,
    **query: str,
) -> dict[str, Any]:
    """The answer's object.

    `path`: from the root, such as `/api/v1/nodes`; put names into it with `quoted`.

    Raises:
        ApiException: for any status but 2xx, with the API server's answer.
        ValueError: when the answer is not a JSON object.
    """
    headers = {"Accept": JSON} | ({"Content-Type": content_type} if body is not None else {})
    parameters = client.param_serialize(
        method=method,
        resource_path=path,
        query_params=list(query.items()),
        header_params=headers,
        body=body,
        auth_settings=["BearerToken"],
    )
    answer = client.call_api(*parameters, _request_timeout=REQUEST_TIMEOUT)
    text = answer.read().decode("utf-8", "replace")  # type: ignore[no-untyped-call]
    if not 200 <= answer.status <= 299:
        raise ApiException.from_response(http_resp=answer, body=text, data=None)
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, found a {type(found).__name__}")
    return found


def quoted(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")
