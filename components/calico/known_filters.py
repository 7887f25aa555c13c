"""Whether the BGPFilters that settings name are in the cluster, and whether it has any at all.

No Pulumi here. Calico refuses a BGPPeer whose filter is not there; this tells it before anything is declared.
Old releases of Calico have no BGPFilters.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubernetes.client import CustomObjectsApi

from components.calico.calico_api import (
    CALICO_RIGHTS,
    REQUEST_TIMEOUT,
    CalicoClient,
    NotServedError,
    clear_errors,
)
from components.shared.provider_errors import ProviderError

PLURAL = "bgpfilters"


def check_filters(client: CalicoClient, named: Sequence[str], ours: bool) -> None:
    """Raise ProviderError when one of `named` is not there; `ours`: a filter of our own will be made.

    Asks nothing when there are neither.
    """
    if not (named or ours):
        return
    host, api = client.configuration.host, CustomObjectsApi(client)
    with clear_errors(client, f"asking for {client.calico}"):
        served = api.get_api_resources(*client.calico, _request_timeout=REQUEST_TIMEOUT).resources
    if PLURAL not in {resource.name for resource in served}:
        raise ProviderError(
            f"the cluster at {host} has no BGPFilters, which old releases of Calico lack: update Calico, or"
            " set calico-peering:defaultBgpFilter to false and calico-peering:bgpFilters to nothing: its"
            " nodes then take whatever the machine announces"
        )
    if lacking := [name for name in named if not _there(client, name)]:
        raise ProviderError(
            f"the cluster at {host} has no BGPFilter {', '.join(lacking)}, which calico-peering:bgpFilters"
            " names: make it first, or take its name out"
        )


def _there(client: CalicoClient, name: str) -> bool:
    try:
        with clear_errors(client, f"reading BGPFilter {name}", CALICO_RIGHTS):
            CustomObjectsApi(client).get_cluster_custom_object(
                *client.calico, PLURAL, name, _request_timeout=REQUEST_TIMEOUT
            )
    except NotServedError:
        return False
    return True
