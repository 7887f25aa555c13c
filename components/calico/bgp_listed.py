"""All objects of one of Calico's kinds, which only checks and warnings need.

No Pulumi here. It asks for no right that the rest does not need: callers leave out what may not be listed.
"""

from __future__ import annotations

from typing import Any

from kubernetes.client import ApiException, CustomObjectsApi

from components.calico.calico_api import REQUEST_TIMEOUT, CalicoClient, clear_errors


def list_if_allowed(client: CalicoClient, plural: str) -> list[dict[str, Any]] | None:
    """Every object of a kind of Calico's; None when they may not be listed.

    Raises ProviderError when the cluster does not answer.
    """
    with clear_errors(client, f"listing {plural}"):
        try:
            found: Any = CustomObjectsApi(client).list_cluster_custom_object(
                *client.calico, plural, _request_timeout=REQUEST_TIMEOUT
            )
        except ApiException as error:
            if error.status == 403:
                return None
            if error.status == 404:
                return []
            raise
    objects: list[dict[str, Any]] = found["items"]
    return objects
