"""Reaching Neutron, and finding the ports of the cluster's nodes by their addresses.

No Pulumi here: the program calls it to learn port ids before it declares anything, and the
provider of address pairs connects through it. Credentials come from clouds.yaml or the OS_*
environment (openstacksdk reads them) and never appear in an error.
"""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import openstack
from keystoneauth1 import exceptions as keystone
from openstack.connection import Connection
from openstack.exceptions import (
    ConfigException,
    DuplicateResource,
    ForbiddenException,
    SDKException,
)

from components.provider_errors import ProviderError

# Seconds that one request may take before Neutron counts as not answering.
REQUEST_TIMEOUT = 30

_connections: dict[str | None, Connection] = {}
_connecting = threading.Lock()


def connect(cloud: str | None = None) -> Connection:
    """A connection whose credentials were accepted and whose Neutron is known; one per cloud.

    `cloud`: an entry of clouds.yaml; None is what openstacksdk finds in the environment.
    Raises ProviderError when the entry is missing or incomplete, Keystone does not answer or
    refuses the credentials, or the catalog has no network service.
    """
    # Several resources are written side by side; one authentication is enough for all.
    with _connecting:
        if cloud not in _connections:
            with clear_errors(cloud):
                connection = openstack.connect(cloud=cloud, api_timeout=REQUEST_TIMEOUT)
                # Not connection.authorize(): it hides which kind of failure it was.
                connection.session.get_token()
                if not connection.network.get_endpoint():
                    raise ProviderError(
                        f"the catalog of {_described(cloud)} lists no network service (Neutron) "
                        "for this region; check region_name and interface"
                    )
                _connections[cloud] = connection
        return _connections[cloud]


@contextmanager
def clear_errors(cloud: str | None) -> Iterator[None]:
    """Turn what keystoneauth and openstacksdk raise into a ProviderError about `cloud`."""
    where = _described(cloud)
    try:
        yield
    except (ConfigException, keystone.MissingRequiredOptions, keystone.NoMatchingPlugin) as error:
        raise ProviderError(
            f"the OpenStack credentials of {where} are missing or incomplete: {_line(error)}; set "
            "calico-peering:cloud to an entry of clouds.yaml, or the OS_* variables"
        ) from error
    except keystone.Unauthorized as error:
        raise ProviderError(
            f"Keystone refused the credentials of {where}: {_line(error)}; check user, project, "
            "domain and password there"
        ) from error
    except (keystone.ConnectFailure, keystone.DiscoveryFailure) as error:
        raise ProviderError(
            f"OpenStack ({where}) does not answer: {_line(error)}; check auth_url and the way there"
        ) from error
    except (keystone.ClientException, SDKException) as error:
        raise ProviderError(f"OpenStack ({where}) failed: {_line(error)}") from error


def find_node_ports(
    connection: Connection, network: str, addresses: Sequence[str], cloud: str | None = None
) -> dict[str, str]:
    """Port id by node address, in the order of `addresses` and with their spelling.

    `network`: name or id. `cloud` is used in errors only. Raises ProviderError, naming every
    address at fault at once, when an address has no port or several there.
    """
    with clear_errors(cloud):
        try:
            found = connection.network.find_network(network)
        except DuplicateResource as error:
            raise ProviderError(
                f"several OpenStack networks are called {network!r}; give its id as nodePortNetwork"
            ) from error
        except ForbiddenException as error:
            raise ProviderError(
                f"{_described(cloud)} may not look up OpenStack networks; give nodePortIds instead"
            ) from error
        if found is None:
            raise ProviderError(
                f"no OpenStack network that {_described(cloud)} may see has the name or id "
                f"{network!r}; check nodePortNetwork and the project of the credentials"
            )
        ports = list(connection.network.ports(network_id=found.id))

    by_address: dict[str, list[str]] = {}
    for port in ports:
        for fixed in port.fixed_ips or []:
            by_address.setdefault(_same(fixed["ip_address"]), []).append(port.id)
    at_each = {address: by_address.get(_same(address), []) for address in addresses}

    faults = []
    if absent := [address for address, ids in at_each.items() if not ids]:
        faults.append(f"no port for {', '.join(absent)}")
    faults += [
        f"several ports for {address} ({', '.join(ids)})" for address, ids in at_each.items() if len(ids) > 1
    ]
    if faults:
        alone = sum(len(ids) == 1 for ids in at_each.values())
        raise ProviderError(
            f"OpenStack network {network!r} has {'; '.join(faults)}; found one port each for "
            f"{alone} of {len(at_each)} node addresses among the {len(ports)} ports that "
            f"{_described(cloud)} may see; check nodes and nodePortNetwork, or give nodePortIds"
        )
    return {address: ids[0] for address, ids in at_each.items()}


def _described(cloud: str | None) -> str:
    return f"cloud {cloud!r} of clouds.yaml" if cloud else "the OS_* environment or clouds.yaml"


def _line(error: Exception) -> str:
    """The error on one line; of urllib3's nested ones only what was wanted and why it failed."""
    text = " ".join(str(error).split()).rstrip(".")
    wanted, nested, rest = text.partition(": HTTP")
    cause = re.search(r"\[Errno -?\d+\] [^\"')]+|timed out", rest)
    return f"{wanted}: {cause[0]}" if nested and cause else text


def _same(address: str) -> str:
    return str(ipaddress.ip_address(address))
