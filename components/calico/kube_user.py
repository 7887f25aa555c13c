"""A kubeconfig's user as the Python client takes it: its credentials, read and checked as client-go does.

Sources: client-go's clientcmd/validation.go and client_config.go, transport/token_source.go. The Python
client overlooks much: it keeps the newline of a token file, and only logs what an exec plugin fails with.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from kubernetes.client import Configuration

from components.calico.exec_plugin import run_plugin
from components.calico.kube_login import (
    CERTIFICATE,
    EXEC,
    LOG_IN,
    NONE,
    PASSWORD,
    TOKEN,
    TOKEN_FILE,
    AuthenticationError,
    Login,
    token_end,
)
from components.calico.kubeconfig import KubeAccess
from components.shared.provider_errors import ProviderError

TOKEN_SECONDS = 60
"""After which a token file is read again: a pod's token is exchanged while the pod runs."""
PAIR = ("client-certificate", "client-key")

Refresh = Callable[[Configuration], None]
"""Puts the token of this moment into the configuration."""


class User(NamedTuple):
    """What to log in with."""

    entry: dict[str, Any]
    """For the Python client's loader: certificate and key, or user name and password."""
    login: Login
    token: Refresh | None = None


NOBODY = User({}, Login("the kubeconfig's user", NONE))
"""Over plain http nobody logs in, as with client-go: a token would be sent in the clear."""


def read_user(access: KubeAccess) -> User:
    """The user's credentials. Raises ProviderError when there are none, or they can never work."""
    user, who = access.user, access.who
    _check(user, who)
    entry = {key: value for key, value in user.items() if key.removesuffix("-data") in PAIR and value}
    if path := user.get("tokenFile"):
        return User(entry, Login(who, TOKEN_FILE, path), _token_file(path, user.get("token") or "", who))
    if token := user.get("token"):
        return User(entry, Login(who, TOKEN, content=token), _constant(token))
    if user.get("username") or user.get("password"):
        named = {key: user.get(key) or "" for key in ("username", "password")}
        return User({**entry, **named}, Login(who, PASSWORD))
    if entry:
        inline = user.get(f"{PAIR[0]}-data") or ""
        return User(entry, Login(who, CERTIFICATE, user.get(PAIR[0]) or "", inline))
    if user.get("exec"):
        return _by_plugin(user["exec"], access)
    if user.get("auth-provider"):
        return _by_provider(user["auth-provider"], who)
    raise AuthenticationError(
        f"authentication failed: {who} has no credentials: expected a token, tokenFile, client-certificate"
        f" with client-key, or an exec plugin. {LOG_IN}, or set calico-peering:kubeContext to another context"
    )


def impersonation(access: KubeAccess) -> list[tuple[str, str]]:
    """The headers of a user's `as`, `as-uid`, `as-groups` and `as-user-extra`.

    Raises ProviderError where there is no `as` with the others.
    """
    user = access.user
    groups, extra = user.get("as-groups") or [], user.get("as-user-extra") or {}
    if not user.get("as"):
        if user.get("as-uid") or groups or extra:
            raise ProviderError(f"{access.who} has as-uid, as-groups or as-user-extra without `as`: add it")
        return []
    headers = [("Impersonate-User", str(user["as"]))]
    headers += [("Impersonate-Uid", str(user["as-uid"]))] if user.get("as-uid") else []
    headers += [("Impersonate-Group", str(group)) for group in groups]
    return headers + [
        (f"Impersonate-Extra-{quote(str(key), safe='')}", str(value))
        for key, values in extra.items()
        for value in values
    ]


def why(error: Exception) -> str:
    """An error on the way to a file, without anything of the file."""
    number = error.errno if isinstance(error, OSError) else None
    if number and number > 0 and type(error).__module__ != "ssl":
        return os.strerror(number).lower()
    return str(getattr(error, "reason", None) or type(error).__name__).lower().replace("_", " ")


def _check(user: Mapping[str, Any], who: str) -> None:
    """Raise ProviderError for what client-go's `validateAuthInfo` refuses, and pulumi-kubernetes with it."""
    for kind in PAIR:
        if user.get(kind) and user.get(f"{kind}-data"):
            raise ProviderError(f"{who} has {kind} and {kind}-data: remove one")
    certificate, key = (user.get(kind) or user.get(f"{kind}-data") for kind in PAIR)
    if bool(certificate) != bool(key):
        there, lacking = ("certificate", "client-key") if certificate else ("key", "client-certificate")
        raise AuthenticationError(
            f"authentication failed: {who} has a client {there} without {lacking}: expected both. {LOG_IN}"
        )
    if user.get("token") and (user.get("username") or user.get("password")):
        raise ProviderError(f"{who} has a token and a user name with password: remove one")
    if user.get("exec") and user.get("auth-provider"):
        raise ProviderError(f"{who} has an exec plugin and an auth-provider: remove one")
    for kind in PAIR:
        try:
            if path := user.get(kind):
                open(path, "rb").close()
        except OSError as error:
            raise AuthenticationError(
                f"authentication failed: the {kind.replace('-', ' ')} {path} of {who} cannot be read:"
                f" {why(error)}. Check its path and mode. {LOG_IN}"
            ) from None


def _by_plugin(plugin: Mapping[str, Any], access: KubeAccess) -> User:
    login = Login(access.who, EXEC, str(plugin.get("command") or ""))
    answer = run_plugin(plugin, access.cluster, access.who)
    entry = {}
    if answer.certificate:
        pems = zip(PAIR, (answer.certificate, answer.key), strict=True)
        entry = {f"{kind}-data": base64.b64encode(pem.encode()).decode() for kind, pem in pems}

    def refresh(configuration: Configuration) -> None:
        token = run_plugin(plugin, access.cluster, access.who).token
        configuration.api_key["BearerToken"] = f"Bearer {token}"

    return User(entry, login, refresh if answer.token else None)


def _by_provider(provider: Any, who: str) -> User:
    """The token of kubectl's own `auth-provider` for OpenID Connect, which nobody renews here.

    A renewed one would have to be written to the kubeconfig, and the others were removed in Kubernetes 1.26.
    """
    settings = provider if isinstance(provider, dict) else {}
    name, token = settings.get("name"), str((settings.get("config") or {}).get("id-token") or "")
    end = token_end(token)
    if name != "oidc" or not token or (end and end <= datetime.now(UTC)):
        state = f"expired on {end:%Y-%m-%d %H:%M} UTC" if end else "cannot be used"
        raise AuthenticationError(
            f"authentication failed: the token of the auth-provider {name!r} of {who} {state}, and is not"
            " renewed here. Run any kubectl command first if that renews it, or use an exec plugin"
            " (kubelogin, gke-gcloud-auth-plugin)"
        )
    return User({}, Login(who, TOKEN, content=token), _constant(token))


def _constant(token: str) -> Refresh:
    def refresh(configuration: Configuration) -> None:
        configuration.api_key["BearerToken"] = f"Bearer {token}"

    return refresh


def _token_file(path: str, otherwise: str, who: str) -> Refresh:
    """Reads the file at first and every minute; `otherwise` is the entry's own token."""
    token, read_at = otherwise, 0.0

    def refresh(configuration: Configuration) -> None:
        nonlocal token, read_at
        if not read_at or time.monotonic() - read_at >= TOKEN_SECONDS:
            token, read_at = _read_token(path, who, token), time.monotonic()
        configuration.api_key["BearerToken"] = f"Bearer {token}"

    return refresh


def _read_token(path: str, who: str, otherwise: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            token = file.read().strip()
        reason = "it is empty"
    except (OSError, ValueError) as error:
        token, reason = "", why(error)
    if not (token or otherwise):
        raise AuthenticationError(
            f"authentication failed: the token file {path} of {who} cannot be read: {reason}. Check its"
            f" path and mode. {LOG_IN}"
        )
    return token or otherwise
