"""How pulumi-openstack's plugin logs in with what it is given, in the terms of openstack_login.py.

It merges its arguments, the entry of clouds.yaml and the environment by rules of its own: terraform-provider-
openstack 3.4.0 (provider.go), terraform-provider-openstack/utils (auth/config.go `LoadAndValidate`),
gophercloud/utils (clientconfig/requests.go `AuthOptions`, `v3auth`), gophercloud 2.8 (auth_options.go). The
real plugin is held to the same table as this (tests/integration/test_openstack_configuration.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from components.ports.gophercloud_files import Entry, UnreadableError, find_entry, home
from components.ports.openstack_login import Body, Login

Arguments = Mapping[str, Any]
"""Of the class Provider, by its Python names: texts, bools, and `endpoint_overrides`, a mapping of texts."""

AUTH_ARGUMENTS = {
    "auth_url": "auth_url",
    "token": "token",
    "username": "user_name",
    "user_id": "user_id",
    "password": "password",
    "application_credential_id": "application_credential_id",
    "application_credential_name": "application_credential_name",
    "application_credential_secret": "application_credential_secret",
    "project_name": "tenant_name",
    "project_id": "tenant_id",
    "user_domain_name": "user_domain_name",
    "user_domain_id": "user_domain_id",
    "project_domain_name": "project_domain_name",
    "project_domain_id": "project_domain_id",
    "domain_name": "domain_name",
    "domain_id": "domain_id",
    "default_domain": "default_domain",
}
"""A field of clouds.yaml's `auth`, and the argument that is the same."""
VARIABLES = {
    "token": ("OS_AUTH_TOKEN", "OS_TOKEN"),
    "project_id": ("OS_PROJECT_ID", "OS_TENANT_ID"),
    "project_name": ("OS_PROJECT_NAME", "OS_TENANT_NAME"),
}
"""Of a field that has two in the environment; the first wins."""
OTHER_VARIABLES = ("OS_CLOUD", "OS_IDENTITY_API_VERSION", "OS_SYSTEM_SCOPE")
INTERFACES = ("public", "internal", "admin")


def read_login(arguments: Arguments, environment: Mapping[str, str]) -> Login:
    """What the plugin makes of it.

    Raises UnreadableError when it would fail, or use Keystone's API version 2.
    """
    name = _argument(arguments, environment, "cloud", "OS_CLOUD")
    region = _argument(arguments, environment, "region", "OS_REGION_NAME")
    cloud: Entry = {}
    if name:
        cloud = fields = find_entry(name, region, environment)
        auth = fields.get("auth")
    else:
        # The arguments do not hide OS_CLOUD from gophercloud, which then takes that entry's `auth`.
        other = environment.get("OS_CLOUD", "")
        fields = find_entry(other, "", environment) if other else {}
        auth = fields.get("auth")
        if auth is None:
            auth = _given_auth(arguments, environment)
    filled = _filled(auth or {}, environment)
    _check_version(fields, auth or {}, environment)
    identity, scope = _sent(filled, fields.get("auth_type", ""))
    interface = _argument(arguments, environment, "endpoint_type", "OS_ENDPOINT_TYPE").removesuffix("URL")
    if interface not in ("", *INTERFACES):
        raise UnreadableError(f"it knows no endpoint type {interface!r}")
    insecure = _insecure(arguments, environment)
    verify = not insecure if insecure is not None else cloud.get("verify", True)
    files = {
        key: _argument(arguments, environment, argument, variable) or cloud.get(key, "")
        for key, argument, variable in (
            ("cacert", "cacert_file", "OS_CACERT"),
            ("cert", "cert", "OS_CERT"),
            ("key", "key", "OS_KEY"),
        )
    }
    pair = bool(files["cert"] and files["key"])
    return Login(
        str(filled["auth_url"]).rstrip("/"),
        identity,
        scope,
        region or cloud.get("region_name", ""),
        interface or "public",
        verify,
        _path(files["cacert"]) if verify else "",
        _path(files["cert"]) if pair else "",
        _path(files["key"]) if pair else "",
    )


def variables() -> list[str]:
    """All that the plugin reads of the environment and no argument hides from it."""
    return [*(one for field in AUTH_ARGUMENTS for one in _variables(field)), *OTHER_VARIABLES]


def _argument(arguments: Arguments, environment: Mapping[str, str], name: str, variable: str) -> str:
    """An argument that is given, even an empty one, hides the variable."""
    return str(arguments[name]) if name in arguments else environment.get(variable, "")


def _variables(field: str) -> tuple[str, ...]:
    return VARIABLES.get(field, (f"OS_{field.upper()}",))


def _first(names: Iterable[str], environment: Mapping[str, str]) -> str:
    return next((value for name in names if (value := environment.get(name))), "")


def _given_auth(arguments: Arguments, environment: Mapping[str, str]) -> dict[str, str]:
    defaults = {"default_domain": "default"}
    auth = {
        field: str(arguments[argument])
        if argument in arguments
        else _first(reversed(_variables(field)), environment) or defaults.get(field, "")
        for field, argument in AUTH_ARGUMENTS.items()
    }
    system = arguments.get("system_scope", environment.get("OS_SYSTEM_SCOPE", ""))
    return {**auth, "system_scope": "true" if str(system).lower() in ("1", "t", "true") else ""}


def _filled(auth: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What the entry or the arguments leave empty, the environment fills in: field by field."""
    filled = {
        field: auth.get(field) or _first(_variables(field), environment)
        for field in (*AUTH_ARGUMENTS, "system_scope")
    }
    if not filled["auth_url"]:
        raise UnreadableError("it finds no auth_url")
    return filled


def _check_version(fields: Entry, auth: Mapping[str, str], environment: Mapping[str, str]) -> None:
    url = auth.get("auth_url", "")
    by_url = "3" if "v3" in url else "2.0" if "v2.0" in url else ""
    by_type = "2.0" if fields.get("auth_type", "").startswith("v2") else "3"
    version = (
        environment.get("OS_IDENTITY_API_VERSION") or fields.get("identity_api_version") or by_url or by_type
    )
    if version != "3":
        raise UnreadableError(f"it takes the identity API version to be {version!r}")


def _sent(auth: Mapping[str, str], auth_type: str) -> tuple[Body, Body | None]:
    """Method and scope, as `v3auth` and `ToTokenV3CreateMap` choose them."""
    credential = any(auth[f"application_credential_{what}"] for what in ("id", "name", "secret"))
    project = bool(auth["project_id"] or auth["project_name"])
    user, of_project = {}, {}
    for kind in ("id", "name"):
        shared = auth[f"domain_{kind}"] if credential or project else ""
        user[kind] = auth[f"user_domain_{kind}"] or shared
        of_project[kind] = auth[f"project_domain_{kind}"] or shared
    if credential or project:
        for domain in (user, of_project):
            if not domain["id"] and not domain["name"]:
                domain["id"] = auth["default_domain"]
    scope: Body | None = None
    if not credential and not project:
        scope = _of_domain(auth)
    elif not credential:
        scope = {"project": _who(auth["project_id"], auth["project_name"], of_project, strict=False)}
    if auth["token"] or "token" in auth_type:
        if not auth["token"]:
            raise UnreadableError("it finds no token")
        return {"methods": ["token"], "token": {"id": auth["token"]}}, scope
    if auth["password"]:
        who = _who(auth["user_id"], auth["username"], user, strict=True)
        return {"methods": ["password"], "password": {"user": {**who, "password": auth["password"]}}}, scope
    return _credential(auth, user), scope


def _credential(auth: Mapping[str, str], domain: Mapping[str, str]) -> Body:
    name, secret = auth["application_credential_name"], auth["application_credential_secret"]
    if not secret or not (name or auth["application_credential_id"]):
        raise UnreadableError("it finds no password, token or application credential")
    made: dict[str, Any] = {"secret": secret}
    if auth["application_credential_id"]:
        made["id"] = auth["application_credential_id"]
    else:
        made |= {"name": name, "user": _who(auth["user_id"], auth["username"], domain, strict=False)}
    return {"methods": ["application_credential"], "application_credential": made}


def _of_domain(auth: Mapping[str, str]) -> Body | None:
    if auth["system_scope"]:
        return {"system": {"all": True}}
    kind = "id" if auth["domain_id"] else "name"
    return {"domain": {kind: auth[f"domain_{kind}"]}} if auth[f"domain_{kind}"] else None


def _who(id_: str, name: str, domain: Mapping[str, str], strict: bool) -> dict[str, Any]:
    """A user or a project; `strict`: nothing may be said twice, as with a password."""
    if strict and (bool(id_) == bool(name) or (id_ and any(domain.values())) or all(domain.values())):
        raise UnreadableError("it finds no user, or both an id and a name of the user or of its domain")
    if id_:
        return {"id": id_}
    if not name or not any(domain.values()):
        raise UnreadableError("it finds a name without a domain")
    return {"name": name, "domain": {"id": domain["id"]} if domain["id"] else {"name": domain["name"]}}


def _insecure(arguments: Arguments, environment: Mapping[str, str]) -> bool | None:
    if "insecure" in arguments:
        return bool(arguments["insecure"])
    text = environment.get("OS_INSECURE", "")
    if text and text not in ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"):
        raise UnreadableError("OS_INSECURE is no bool to it")
    return text.lower() in ("1", "t", "true") if text else None


def _path(path: str) -> str:
    if path == "~" or path.startswith("~/"):
        return os.path.join(home(), path[2:])
    return os.path.abspath(path) if path else ""
