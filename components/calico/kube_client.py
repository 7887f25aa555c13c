"""The Python client's configuration for a cluster and user that kubeconfig.py found.

What client-go does and the Python client does not is done here: checks of the entries
(clientcmd/validation.go), proxies by Go's rules and with a password, no credentials over plain http.
"""

from __future__ import annotations

import base64
import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import ConfigException
from kubernetes.config.kube_config import load_kube_config_from_dict

from components.calico.kube_login import LOG_IN, AuthenticationError, Login
from components.calico.kube_user import NOBODY, read_user, why
from components.calico.kubeconfig import KubeAccess
from components.calico.proxies import KINDS, find_proxy
from components.shared.provider_errors import ProviderError


def configure(access: KubeAccess) -> tuple[Configuration, Login]:
    """The client's configuration, and how it logs in; an exec plugin is run, and nothing is sent.

    Raises ProviderError for what can never work.
    """
    server = _check_cluster(access)
    user = read_user(access) if server.startswith("https:") else NOBODY
    configuration = Configuration()
    cluster = {key: value for key, value in access.cluster.items() if key != "proxy-url"}
    single = {
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": user.entry}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "current-context": "it",
    }
    try:
        load_kube_config_from_dict(single, client_configuration=configuration, persist_config=False)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, TypeError, ValueError) as error:
        raise ProviderError(
            f"the entries of {access.who} cannot be used ({type(error).__name__}): expected those of `kubectl"
            " config view`, with inline data in base64"
        ) from None
    _check_pair(configuration, access)
    if user.token:
        user.token(configuration)
        setattr(configuration, "refresh_api_key_hook", user.token)  # noqa: B010 (typed as None)
    _set_proxy(configuration, access, server)
    # The client's own retries print warnings and make a dead cluster take minutes.
    configuration.retries = urllib3.Retry(total=1, backoff_factor=0)
    return configuration, user.login


class WithHeaders(RESTClientObject):
    """Sends headers with every request, of which several may have one name."""

    def __init__(self, configuration: Configuration, headers: list[tuple[str, str]]) -> None:
        super().__init__(configuration)
        self._headers = headers

    def request(
        self,
        method: Any,
        url: Any,
        headers: Any = None,
        body: Any = None,
        post_params: Any = None,
        _request_timeout: Any = None,
    ) -> Any:
        """As of the Python client."""
        all_headers = urllib3.HTTPHeaderDict(headers or {})
        for name, value in self._headers:
            all_headers.add(name, value)
        return super().request(method, url, all_headers, body, post_params, _request_timeout)  # type: ignore[no-untyped-call]


def _check_cluster(access: KubeAccess) -> str:
    """The server's URL. Raises ProviderError for another, or a certificate authority that cannot be read."""
    cluster, server = access.cluster, str(access.cluster.get("server") or "")
    where = f"the cluster {access.names[1]!r} of {access.place}"
    try:
        address = urlsplit(server)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ProviderError(f"{where} has the server {server!r}: expected a URL, https://…")
    path, data = cluster.get("certificate-authority"), cluster.get("certificate-authority-data")
    if path and data:
        raise ProviderError(f"{where} has certificate-authority and certificate-authority-data: remove one")
    if (path or data) and cluster.get("insecure-skip-tls-verify"):
        raise ProviderError(f"{where} has a certificate authority and insecure-skip-tls-verify: remove one")
    if path or data:
        try:
            pem = base64.b64decode(data, validate=True).decode("ascii") if data else None
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path, cadata=pem)
        except (OSError, ValueError) as error:
            raise ProviderError(
                f"the certificate authority {path or '(certificate-authority-data)'} of {where} cannot be"
                f" read: {why(error)}. Check its path and mode, and that it is PEM"
            ) from None
    return server.rstrip("/")


def _check_pair(configuration: Configuration, access: KubeAccess) -> None:
    """Raise AuthenticationError unless certificate and key fit together and need no passphrase."""
    if not configuration.cert_file:
        return
    try:
        # A callback, or OpenSSL would ask for a passphrase on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            configuration.cert_file, configuration.key_file, password=lambda: ""
        )
    except (OSError, ValueError) as error:
        files = [access.user.get(kind) for kind in ("client-certificate", "client-key")]
        named = f" ({' and '.join(file or 'inline data' for file in files)})" if any(files) else ""
        raise AuthenticationError(
            f"authentication failed: client certificate and key of {access.who}{named} cannot be used:"
            f" {why(error)}. Expected PEM, the key of this certificate, and no passphrase. {LOG_IN}"
        ) from None


def _set_proxy(configuration: Configuration, access: KubeAccess, server: str) -> None:
    own = access.cluster.get("proxy-url")
    where = f"the cluster {access.names[1]!r} of {access.place}" if own else "HTTPS_PROXY or HTTP_PROXY"
    try:
        proxy = own or find_proxy(server)
        address = urlsplit(proxy or "")
        usable = not proxy or (address.scheme in KINDS and bool(address.hostname) and address.port != 0)
    except ValueError:
        usable = False
    # Not the URL itself, which may hold a password.
    if not usable:
        raise ProviderError(
            f"the proxy of {where} is no URL: expected http://, https:// or socks5://host:port"
        )
    configuration.proxy, configuration.no_proxy = proxy, ""
    if proxy and address.scheme.startswith("socks"):
        try:
            import socks  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
        except ImportError:
            raise ProviderError(
                f"the proxy of {where} speaks SOCKS, which takes the package PySocks: `pip install PySocks`"
                " where this program runs, or use an http:// proxy"
            ) from None
        # Go leaves names to the proxy by either scheme, urllib3 only by the second.
        configuration.proxy = f"socks5h://{proxy.partition('://')[2]}"
    elif address.username:
        password = unquote(address.password or "")
        configuration.proxy_headers = urllib3.make_headers(
            proxy_basic_auth=f"{unquote(address.username)}:{password}"
        )
