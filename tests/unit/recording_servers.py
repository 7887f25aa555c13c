"""API servers on loopback that record who asks, as TLS and HTTP show it, and a proxy that records for whom.

They answer only what a client asks before all else (version and API groups). Deliberately no authentication:
what arrives is what is compared. Used with the Python client, and with pulumi-kubernetes's plugin.
"""

import json
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from lab.cluster.pki import Authority, Pair, write_private
from tests.unit.local_servers import answering

FIELDS = "buildDate compiler gitCommit gitTreeState goVersion platform"
VERSION = {**dict.fromkeys(FIELDS.split(), ""), "major": "1", "minor": "36", "gitVersion": "v1.36.0"}
ANSWERS: dict[str, Any] = {
    "/version": VERSION,
    "/version/": VERSION,
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
}


@dataclass(frozen=True)
class Seen:
    """Of one request: which server, and with what somebody logged in."""

    server: str
    login: str
    """`Bearer …` or `Basic …`, `cert <common name>`, both with a comma, and whom it speaks for."""


@dataclass
class Servers:
    """Two clusters, A and B, of one authority, and what was asked of them."""

    folder: Path
    seen: list[Seen] = field(default_factory=list)
    proxied: list[str] = field(default_factory=list)
    """`host:port` of each request by way of the proxy, after the proxy's password if there was one."""
    ports: dict[str, int] = field(default_factory=dict)

    def fill_in(self, text: str) -> str:
        """The text with $A, $B (the servers), $PORT_A, $PROXY and $HERE (the folder with ca.crt)."""
        for name, port in self.ports.items():
            text = text.replace(f"$PORT_{name}", str(port)).replace(f"${name}", f"https://127.0.0.1:{port}")
        return text.replace("$HERE", str(self.folder))


def _pair(folder: Path, name: str, pair: Pair) -> None:
    write_private(folder / f"{name}.crt", pair.certificate)
    write_private(folder / f"{name}.key", pair.key)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the server is no news."""


def _api(servers: Servers, name: str) -> _Quiet:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            certificate: Any = self.connection.getpeercert()
            parts = [self.headers.get("Authorization") or ""]
            parts += [f"cert {value}" for rdn in (certificate or {}).get("subject", ()) for _, value in rdn]
            whom = [f"{key}={value}" for key, value in self.headers.items() if key.startswith("Impersonate-")]
            parts += sorted(whom)
            servers.seen.append(Seen(name, ", ".join(filter(None, parts))))
            answer = ANSWERS.get(self.path.partition("?")[0])
            body = json.dumps(answer or {"kind": "Status", "status": "Failure", "code": 404}).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(servers.folder / f"{name}.crt", servers.folder / f"{name}.key")
    context.load_verify_locations(servers.folder / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def _proxy(servers: Servers) -> _Quiet:
    """Whatever host is asked for, it is this one."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            password = self.headers.get("Proxy-Authorization")
            servers.proxied.append(" ".join(filter(None, [password, self.path])))
            with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as onwards:
                self.send_response(200)
                self.end_headers()
                ends = {self.connection: onwards, onwards: self.connection}
                while True:
                    for end in select.select([*ends], [], [])[0]:
                        if not (data := end.recv(65536)):
                            return
                        ends[end].sendall(data)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return _Quiet(("127.0.0.1", 0), Handler)


@contextmanager
def recording_servers(folder: Path) -> Iterator[Servers]:
    """The servers while the block lasts; the certificate and key of `alice` are in `folder` as well."""
    servers, authority = Servers(folder), Authority("authority")
    (folder / "ca.crt").write_bytes(authority.certificate)
    _pair(folder, "alice", authority.client("alice"))
    running = {}
    for name in ("A", "B"):
        dns = [f"{name.lower()}.test"]
        _pair(folder, name, authority.server(name, dns, [IPv4Address("127.0.0.1")]))
        running[name] = _api(servers, name)
    running["PROXY"] = _proxy(servers)
    for name, server in running.items():
        servers.ports[name] = server.server_port
    with answering(*running.values()):
        yield servers
