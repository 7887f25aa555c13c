"""A Keystone on loopback, by HTTP and HTTPS, that takes everybody and records who logged in and where.

Its catalog has a network service in the regions r1 and r2, at three interfaces each. Deliberately no
authentication: what arrives is what is compared. Used with openstacksdk, and with pulumi-openstack's plugin.
"""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from lab.cluster.pki import Authority, write_private
from tests.unit.local_servers import answering

DEFAULT = {"id": "default", "name": "Default"}


@dataclass(frozen=True)
class LoggedIn:
    """One login: by which scheme, with what (Keystone's body as JSON), and where the network was then."""

    scheme: str
    """`https cert` with a client's certificate."""
    body: str
    network: str
    """`<region>/<interface>`."""


@dataclass
class Keystone:
    """What was asked of it."""

    folder: Path
    bodies: list[tuple[str, str]] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)

    def fill_in(self, text: str) -> str:
        """The text with $URL, $TLS (Keystone's by HTTP and HTTPS), $ROOT and $HERE (the folder).

        There are ca.crt, and alice.crt, a client's certificate with its key.
        """
        text = text.replace("$ROOT/v3", "$URL").replace("$ROOT", f"http://127.0.0.1:{self.ports['http']}")
        for name, scheme in (("$URL", "http"), ("$TLS", "https")):
            text = text.replace(name, f"{scheme}://127.0.0.1:{self.ports[scheme]}/v3")
        return text.replace("$HERE", str(self.folder))

    def forget(self) -> None:
        self.bodies.clear()
        self.networks.clear()

    @property
    def seen(self) -> set[LoggedIn]:
        """Who logged in, each with every network that was asked."""
        return {LoggedIn(*body, network) for body in self.bodies for network in self.networks}


def _handler(keystone: Keystone, scheme: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.rstrip("/") == "/v3":
                links = [{"rel": "self", "href": f"{self._here}/v3/"}]
                version = {"id": "v3.14", "status": "stable", "links": links, "media-types": []}
                return self._send(200, {"version": version})
            region, interface, *rest = self.path.strip("/").split("/")
            if rest:
                keystone.networks.append(f"{region}/{interface}")
            self._send(404, {"NeutronError": {"message": "no such thing"}})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            certificate = isinstance(self.connection, ssl.SSLSocket) and self.connection.getpeercert()
            how = f"{scheme} cert" if certificate else scheme
            keystone.bodies.append((how, json.dumps(body, sort_keys=True)))
            whose = {"id": "x", "name": "x", "domain": DEFAULT}
            endpoints = [
                {"id": f"{r}{i}", "interface": i, "region": r, "region_id": r, "url": f"{self._here}/{r}/{i}"}
                for r in ("r1", "r2")
                for i in ("public", "internal", "admin")
            ]
            catalog = [{"type": "network", "name": "neutron", "id": "n", "endpoints": endpoints}]
            token = {
                "methods": ["password"],
                "user": whose,
                "project": whose,
                "roles": [],
                "catalog": catalog,
            }
            times = {"expires_at": "2099-01-01T00:00:00.0Z", "issued_at": "2020-01-01T00:00:00.0Z"}
            self._send(201, {"token": {**token, **times}})

        @property
        def _here(self) -> str:
            return f"{scheme}://{self.headers['Host']}"

        def _send(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("X-Subject-Token", "token")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the server is no news."""


@contextmanager
def recording_keystone(folder: Path) -> Iterator[Keystone]:
    """It runs while the block lasts."""
    keystone, authority = Keystone(folder), Authority("authority")
    (folder / "ca.crt").write_bytes(authority.certificate)
    pair = authority.server("keystone", ["keystone.test"], [IPv4Address("127.0.0.1")])
    write_private(folder / "server.crt", pair.certificate)
    write_private(folder / "server.key", pair.key)
    alice = authority.client("alice")
    write_private(folder / "alice.crt", alice.certificate + alice.key)
    servers = {scheme: _Quiet(("127.0.0.1", 0), _handler(keystone, scheme)) for scheme in ("http", "https")}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    servers["https"].socket = context.wrap_socket(
        servers["https"].socket, server_side=True, do_handshake_on_connect=False
    )
    for scheme, server in servers.items():
        keystone.ports[scheme] = server.server_port
    with answering(*servers.values()):
        yield keystone
