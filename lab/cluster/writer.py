"""Speaks to the cluster's API on the management host: writes the objects, waits for Calico's API.

Run by lab/cluster/control_plane.py as a process there, since the bring-up itself is in no network
namespace of the lab's: `python -m lab.cluster.writer KUBECONFIG objects CALICO_FILES AUTHORITY`
or `… KUBECONFIG served`. What is there already is an error: a lab always begins with an empty etcd.
"""

import sys
from pathlib import Path

from kubernetes import client, config
from kubernetes.utils import create_from_dict
from urllib3.exceptions import HTTPError

from lab.cluster import objects
from lab.errors import LabError
from lab.waiting import wait_for

# Seconds; on two cores busy with everything else kube-apiserver takes 5.
PATIENCE = 60


def _connect(kubeconfig: str) -> client.ApiClient:
    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    # Waiting is done here; urllib3's own retries would only warn about each of them.
    configuration.retries = False
    return client.ApiClient(configuration)


def _ready(connection: client.ApiClient) -> bool:
    url = f"{connection.configuration.host}/readyz"
    try:
        return bool(connection.call_api("GET", url, _request_timeout=5).status == 200)
    except (client.ApiException, HTTPError):
        return False


def _listed(connection: client.ApiClient, plural: str) -> bool:
    try:
        client.CustomObjectsApi(connection).list_cluster_custom_object(
            "projectcalico.org", "v3", plural, _request_timeout=5
        )
    except (client.ApiException, HTTPError):
        return False
    return True


def _established(api: client.ApiextensionsV1Api, wanted: int) -> bool:
    found = api.list_custom_resource_definition().items
    ready = [
        item
        for item in found
        if any(
            condition.type == "Established" and condition.status == "True"
            for condition in ((item.status and item.status.conditions) or [])
        )
    ]
    return len(ready) >= wanted


def write_objects(connection: client.ApiClient, calico_files: Path, authority: Path) -> None:
    """Write everything, as soon as kube-apiserver is ready.

    Raises:
        LabError: when it does not get ready, or a file of Calico's is missing.
    """
    definitions = objects.definitions(calico_files)
    plain = objects.plain(calico_files, authority.read_bytes())
    wait_for("kube-apiserver to get ready", lambda: _ready(connection), PATIENCE)
    for each in (*definitions, *plain):
        create_from_dict(connection, each)  # type: ignore[no-untyped-call]
    extensions = client.ApiextensionsV1Api(connection)
    wait_for("Calico's definitions", lambda: _established(extensions, len(definitions)), PATIENCE)
    custom = client.CustomObjectsApi(connection)
    for plural, each in objects.calico():
        group, version = each["apiVersion"].split("/")
        custom.create_cluster_custom_object(group, version, plural, each)


def wait_served(connection: client.ApiClient) -> None:
    """Wait until objects of projectcalico.org/v3 can be listed.

    Raises:
        LabError: when they cannot.
    """
    kinds = ("bgppeers", "bgpconfigurations", "bgpfilters")
    wait_for(
        f"projectcalico.org/v3 to list {', '.join(kinds)}",
        lambda: all(_listed(connection, plural) for plural in kinds),
        PATIENCE,
    )


def main(arguments: list[str]) -> int:
    """See the module's docstring; 1 and one message when something is wrong."""
    kubeconfig, phase, *rest = arguments
    try:
        connection = _connect(kubeconfig)
        if phase == "objects":
            write_objects(connection, *map(Path, rest))
        else:
            wait_served(connection)
    except (LabError, client.ApiException) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
