"""Reaching OpenStack, and its libraries' errors as sentences.

No Pulumi here: the program connects through it before it declares anything, and so do the providers.
Credentials come from clouds.yaml or the OS_* environment (openstacksdk reads them) and never appear in
an error. What is asked of Neutron is in neutron_ports.py.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import openstack
from keystoneauth1 import exceptions as keystone
from openstack.connection import Connection
from openstack.exceptions import ConfigException, HttpException, SDKException

from components.ports.openstack_login import entry
from components.shared.provider_errors import ProviderError

# Seconds that one request may take before Neutron counts as not answering.
REQUEST_TIMEOUT = 30

_connections: dict[str | None, Connection] = {}
_connecting = threading.Lock()


def connect(cloud: str | None = None) -> Connection:
    """A connection whose credentials were accepted and whose Neutron is known; one per cloud.

    `cloud`: an entry of clouds.yaml; None is what openstacksdk finds in the environment.
    Raises ProviderError when the entry is missing or incomplete, Keystone does not answer or
    refuses the credentials, or the catalog has no network service.

    Several threads use it side by side: requests' sessions are only read after this, urllib3's
    pool is locked, and keystoneauth renews a token under a lock of its own.
    """
    # Several resources are written side by side; one authentication is enough for all.
    with _connecting:
        if cloud not in _connections:
            with clear_errors(cloud):
                connection = _configured(cloud)
                # Not connection.authorize(): it hides which kind of failure it was.
                connection.session.get_token()
                if not connection.network.get_endpoint():
                    raise ProviderError(
                        f"the catalog of {described(cloud)} lists no network service (Neutron) "
                        "for this region; check region_name and interface"
                    )
                # By either name it is the same, and one authentication.
                _connections[cloud] = _connections[entry(connection.config)] = connection
        return _connections[cloud]


def _configured(cloud: str | None) -> Connection:
    """A connection by what clouds.yaml and the environment say; nothing is sent yet. Raises ProviderError."""
    try:
        return openstack.connect(cloud=cloud, api_timeout=REQUEST_TIMEOUT)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Only its kind: the text may hold a part of the file.
        raise ProviderError(
            f"{described(cloud)} cannot be used ({type(error).__name__}): expected `auth:` below its name"
            " with auth_url and credentials; check the entry"
        ) from error


@contextmanager
def clear_errors(cloud: str | None) -> Iterator[None]:
    """Turn what keystoneauth and openstacksdk raise into a ProviderError about `cloud`."""
    where = described(cloud)
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
            "domain and password there, or whether the application credential has expired"
        ) from error
    except keystone.Forbidden as error:
        raise ProviderError(_not_permitted(where, error)) from error
    except (keystone.ConnectFailure, keystone.DiscoveryFailure) as error:
        raise ProviderError(
            f"OpenStack ({where}) does not answer: {_line(error)}; check auth_url and the way there"
        ) from error
    except HttpException as error:
        if error.status_code == 401:
            raise ProviderError(f"OpenStack ({where}): {not_allowed(error.response)}") from error
        if error.status_code == 403:
            raise ProviderError(_not_permitted(where, error)) from error
        raise ProviderError(f"OpenStack ({where}) failed: {_line(error)}") from error
    except (keystone.ClientException, SDKException) as error:
        raise ProviderError(f"OpenStack ({where}) failed: {_line(error)}") from error
    except OSError as error:
        raise ProviderError(
            f"OpenStack ({where}) cannot be reached: {_line(error)}; check cacert, cert and key there, which"
            " are paths on the machine that runs `pulumi`"
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ProviderError(
            f"an answer of OpenStack ({where}) is not one of its APIs ({type(error).__name__}); is there a"
            " proxy or a login page in front of it?"
        ) from error


def _not_permitted(where: str, error: Exception) -> str:
    """HTTP 403: the credentials are known, and may not do this."""
    return (
        f"the credentials of {where} were accepted and may not do this: {_line(error)}; the user needs a role"
        " in the project that allows it, see docs/openstack.md"
    )


def described(cloud: str | None) -> str:
    """Where the credentials come from, for an error."""
    return f"cloud {cloud!r} of clouds.yaml" if cloud else "the OS_* environment or clouds.yaml"


def not_allowed(answer: Any) -> str:
    """What an answer 401 says, to a call whose token was good for others.

    Keystone's middleware in front of a service speaks like this of access rules.
    """
    path = urlsplit(answer.request.url).path
    return (
        f"the credentials do not allow {answer.request.method} {path} (HTTP 401); when they are an "
        "application credential with access rules, docs/openstack.md has the rules that are needed"
    )


def _line(error: Exception) -> str:
    """The error on one line; of urllib3's nested ones only what was wanted and why it failed."""
    text = " ".join(str(error).split()).rstrip(".")
    wanted, nested, rest = text.partition(": HTTP")
    cause = re.search(r"\[Errno -?\d+\] [^\"')]+|timed out", rest)
    return f"{wanted}: {cause[0]}" if nested and cause else text
