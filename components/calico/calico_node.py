"""Where calico-node runs, by its DaemonSet: there the Secret with the sessions' password has to be.

No Pulumi here. It deliberately needs no right that the rest does not: where DaemonSets may not be listed, or
none is called so (a Calico that was installed in another way), it says what is assumed.
"""

from __future__ import annotations

from kubernetes.client import ApiClient, ApiException

from components.calico.calico_api import clear_errors
from components.calico.rest import request
from components.shared.provider_errors import ProviderError

DAEMON_SET = "calico-node"
# Of the operator; the plain manifests have kube-system.
USUAL_NAMESPACE = "calico-system"
SETTING = "calico-peering:calicoNamespace"


def calico_namespace(client: ApiClient, wanted: str | None) -> tuple[str, str | None]:
    """The namespace of calico-node, and what was assumed if it could not be found out.

    `wanted` is the setting. Raises ProviderError when calico-node runs elsewhere, or in several namespaces of
    which none is wanted, and when the cluster does not answer.
    """
    found = _found(client)
    if found is None or not found:
        why = "DaemonSets may not be listed" if found is None else f"there is no DaemonSet {DAEMON_SET}"
        if wanted:
            return wanted, None
        return USUAL_NAMESPACE, (
            f"{why} in the cluster at {client.configuration.host}: {DAEMON_SET} is taken to run in"
            f" {USUAL_NAMESPACE}, where the Secret with the password goes; if it does not, set {SETTING}"
        )
    if wanted is None and len(found) == 1:
        return found[0], None
    if wanted in found:
        return wanted, None
    what = f"{SETTING} is {wanted or 'not set'}"
    right = f"{found[0]}, or leave it out" if len(found) == 1 else "one of these"
    raise ProviderError(
        f"{what}, but the DaemonSet {DAEMON_SET} of the cluster at {client.configuration.host} is in"
        f" {' and '.join(found)}; the Secret with the sessions' password has to be where it runs:"
        f" set {SETTING} to {right}"
    )


def _found(client: ApiClient) -> list[str] | None:
    """The namespaces with such a DaemonSet; None when they may not be listed."""
    with clear_errors(client, "listing the DaemonSets"):
        try:
            listed = request(
                client, "GET", "/apis/apps/v1/daemonsets", fieldSelector=f"metadata.name={DAEMON_SET}"
            )
        except ApiException as error:
            if error.status in (403, 404):
                return None
            raise
        return sorted(str(one["metadata"]["namespace"]) for one in listed["items"])
