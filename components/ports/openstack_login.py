"""How a cloud is logged in to, and which of its endpoints are used: openstacksdk's answer, for Keystone.

The program's own connection is the measure; what pulumi-openstack makes of the same configuration
(gophercloud_login.py) is compared with it. Nothing is sent or read here. A login holds secrets: it is never
an input of a resource, and nothing of its bodies is printed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openstack.config.cloud_region import CloudRegion

from components.shared.provider_errors import ProviderError

Body = Mapping[str, Any]

METHODS = {
    "password": "password",
    "v3password": "password",
    "token": "token",
    "v3token": "token",
    "v3applicationcredential": "application_credential",
}
"""keystoneauth's auth_type, and the method of Keystone's API version 3 that it is."""
SERVICES = {"network": "v2.0", "compute": "v2.1", "image": "v2"}
"""What pulumi-openstack asks for the resources of this program, and the version that it speaks."""
MACHINE_S = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Go finds the authorities of the machine by itself (crypto/x509, root_linux.go)."""
OF_ONE_SERVICE = ("endpoint", "interface", "region_name", "service_type", "service_name")


@dataclass(frozen=True)
class Login:
    """One is another's equal when both reach the same endpoints as the same user in the same project."""

    auth_url: str
    """Without a slash at its end."""
    identity: Body = field(repr=False)
    """Of Keystone's POST /v3/auth/tokens, as is `scope`."""
    scope: Body | None = field(repr=False)
    region: str
    """Empty: the catalog's first endpoint."""
    interface: str
    """`public`, `internal` or `admin`."""
    verify: bool
    cacert: str
    """An absolute path, or empty for the authorities of the machine; likewise `cert` and `key`."""
    cert: str
    key: str


def login(cloud: CloudRegion) -> Login:
    """What openstacksdk does with its configuration of a cloud.

    Raises ProviderError, naming file and key, when pulumi-openstack has no such thing.
    """
    config, auth = cloud.config, cloud.config["auth"]
    for key, value, known in _unknown(cloud):
        raise ProviderError(
            f"{place(cloud)} has {key} {value!r}, and pulumi-openstack, which makes nodeSecurityGroup and a"
            f" machine with machineImage, knows {known}; change it, or give that cloud an entry of its own"
        )
    verify, certificate = cloud.get_requests_verify_args()
    # One path is a file with both in it.
    cert, key = certificate if isinstance(certificate, tuple) else (certificate or "", certificate or "")
    cacert = verify if isinstance(verify, str) else _bundle() if verify else ""
    interface = cloud.get_interface() or "public"
    return Login(
        str(auth["auth_url"]).rstrip("/"),
        _identity(METHODS[config["auth_type"]], auth),
        _scope(auth),
        cloud.get_region_name() or "",
        str(interface if isinstance(interface, str) else interface[0]).removesuffix("URL"),
        bool(verify),
        absolute(cacert),
        absolute(cert),
        absolute(key),
    )


def endpoint_overrides(cloud: CloudRegion) -> dict[str, str]:
    """By service, the address in place of the catalog's, as gophercloud wants it: with a slash at its end."""
    given = {service: cloud.config.get(f"{service}_endpoint_override") for service in SERVICES}
    return {service: f"{str(address).rstrip('/')}/" for service, address in given.items() if address}


def place(cloud: CloudRegion) -> str:
    """Where a cloud is configured, for a person."""
    name, file = entry(cloud), cloud._openstack_config.config_filename if cloud._openstack_config else None
    return f"cloud {name!r} of {file or 'clouds.yaml'}" if name else "the OS_* environment"


def entry(cloud: CloudRegion) -> str | None:
    """The entry of clouds.yaml that it is, by `cloud`, OS_CLOUD or as the only one; None: OS_*."""
    configuration = cloud._openstack_config
    environment = configuration.envvar_key if configuration else None
    return None if not cloud.name or cloud.name in (environment, "defaults") else str(cloud.name)


def absolute(path: str) -> str:
    """A path in one spelling; nothing stays nothing."""
    return os.path.abspath(os.path.expanduser(path)) if path else ""


def _bundle() -> str:
    """The authorities that requests takes in place of its own, unless they are the machine's."""
    path = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""
    machine_s = {os.path.realpath(one) for one in (os.environ.get("SSL_CERT_FILE"), *MACHINE_S) if one}
    return path if os.path.isfile(path) and os.path.realpath(path) not in machine_s else ""


def _unknown(cloud: CloudRegion) -> list[tuple[str, object, str]]:
    """By key: what pulumi-openstack cannot be given, and what it knows of the kind."""
    config, auth = cloud.config, cloud.config["auth"]
    found: list[tuple[str, object, str]] = []
    if config["auth_type"] not in METHODS:
        found.append(("auth_type", config["auth_type"], "password, token and v3applicationcredential"))
    found += [(key, auth[key], "no trust") for key in ("trust_id",) if auth.get(key)]
    interface = cloud.get_interface()
    if not isinstance(interface, str) and len(interface or ()) > 1:
        found.append(("interface", interface, "one interface"))
    for service, version in SERVICES.items():
        # openstacksdk finds the version by itself, gophercloud takes an override as it is.
        key = f"{service}_endpoint_override"
        if config.get(key) and not str(config[key]).rstrip("/").endswith(f"/{version}"):
            found.append((key, config[key], f"an override only with its version, /{version}"))
        keys = (f"{service}_{what}" for what in OF_ONE_SERVICE)
        found += [
            (key, config[key], "the endpoints of Keystone's catalog") for key in keys if config.get(key)
        ]
    return found


def _identity(method: str, auth: Body) -> Body:
    if method == "token":
        return {"methods": [method], "token": {"id": auth["token"]}}
    user = _named(auth, "user_id", "username", _domain(auth, "user"))
    if method == "password":
        return {"methods": [method], "password": {"user": {**user, "password": auth["password"]}}}
    credential = {"secret": auth["application_credential_secret"]}
    if auth.get("application_credential_id"):
        credential["id"] = auth["application_credential_id"]
    else:
        credential |= {"name": auth.get("application_credential_name"), "user": user}
    return {"methods": [method], method: credential}


def _scope(auth: Body) -> Body | None:
    """By keystoneauth's order (identity/v3/base.py), which refuses several before this."""
    if auth.get("domain_id") or auth.get("domain_name"):
        return {"domain": _named(auth, "domain_id", "domain_name", None)}
    if auth.get("project_id") or auth.get("project_name"):
        return {"project": _named(auth, "project_id", "project_name", _domain(auth, "project"))}
    return {"system": {"all": True}} if auth.get("system_scope") else None


def _named(auth: Body, id_key: str, name_key: str, domain: Body | None) -> dict[str, Any]:
    if auth.get(id_key):
        return {"id": auth[id_key]}
    return {"name": auth.get(name_key), **({"domain": domain} if domain else {})}


def _domain(auth: Body, owner: str) -> Body | None:
    for key in ("id", "name"):
        if value := auth.get(f"{owner}_domain_{key}") or auth.get(f"default_domain_{key}"):
            return {key: value}
    return None
