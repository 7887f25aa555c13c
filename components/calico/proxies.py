"""The proxy by which a server is reached: by Go's rules, as kubectl and pulumi-kubernetes have them.

Sources: golang.org/x/net/http/httpproxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, upper case first), and client-go
for a kubeconfig's `proxy-url`, which NO_PROXY does not override. The Python client differs in all of these.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

KINDS = ("http", "https", "socks5", "socks5h")
PORTS = {"http": 80, "https": 443}


def find_proxy(server: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The URL of the environment's proxy for `server` (`https://…`); None is no proxy.

    Raises ValueError when the proxy is no URL.
    """
    values = os.environ if environment is None else environment
    address = urlsplit(server)
    kind = address.scheme.upper()
    proxy = _value(values, f"{kind}_PROXY")
    host, port = (address.hostname or "").lower(), address.port or PORTS.get(address.scheme, 0)
    if not proxy or _is_local(host) or _is_excluded(host, port, _value(values, "NO_PROXY")):
        return None
    return proxy if urlsplit(proxy).scheme in KINDS else _parsed(f"http://{proxy}")


def _parsed(proxy: str) -> str:
    if not urlsplit(proxy).hostname:
        raise ValueError("no host")
    return proxy


def _value(values: Mapping[str, str], name: str) -> str:
    return values.get(name) or values.get(name.lower()) or ""


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_excluded(host: str, port: int, no_proxy: str) -> bool:
    """Whether NO_PROXY means the host: by `*`, a network, an address or a domain, with or without `:port`."""
    return any(_matches(entry, host, port) for entry in _entries(no_proxy))


def _entries(no_proxy: str) -> Iterator[str]:
    return (entry for word in no_proxy.split(",") if (entry := word.strip().lower()))


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if "/" in entry:
        try:
            return address is not None and address in ip_network(entry, strict=False)
        except ValueError:
            return False
    name, its_port = _split(entry)
    if not name or (its_port and its_port != str(port)):
        return False
    try:
        return address == ip_address(name)
    except ValueError:
        pass
    name = name.removeprefix("*") if name.startswith("*.") else name
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _split(entry: str) -> tuple[str, str]:
    """Name and port; an IPv6 address with a port is in brackets."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""
