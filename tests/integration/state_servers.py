"""Real servers that hold a stack's state, on the management host's loopback: S3 (moto) and PostgreSQL.

Each ends with the test run, however that ends (tests/ending.py). A run that was killed leaves a temporary
folder at most: ports are chosen anew, and every server begins empty.
"""

import base64
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener
from xml.etree import ElementTree

from lab.layout import Layout
from lab.parts import Parts
from lab.state_backends.fetch import environment, moto_server, programs
from lab.waiting import wait_for
from tests.ending import end, with_the_run

HOST = "127.0.0.1"
BUCKET = "state"
USER, PASSWORD = "pulumi", "a-database-password"
# Whose the file system's root is counts as this user for PostgreSQL, which does not run as root.
AS_A_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
# moto wants a signature and verifies none.
SIGNATURE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"
AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
START_SECONDS = 60

Objects = Mapping[str, str]


@dataclass(frozen=True)
class StateServer:
    """A server that runs."""

    name: str
    environment: Mapping[str, str]
    """What the engine and the server's own command line need."""
    read_objects: Callable[[], Objects]
    """All that is stored, by key, as the engine wrote it."""
    delete_object: Callable[[str], None]
    """Deletes the object of a key."""

    def locks(self) -> list[str]:
        """The locks that are held, or left by a killed engine."""
        return [text for key, text in self.read_objects().items() if "/locks/" in key]


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def s3_server(servers: Path) -> Iterator[StateServer]:
    """An S3 server with one empty bucket; `servers` is the extra's folder."""
    port = free_port()
    base = f"http://{HOST}:{port}/{BUCKET}"
    opener = build_opener(ProxyHandler({}))

    def call(method: str, path: str = "") -> bytes:
        request = Request(base + path, method=method, headers={"Authorization": SIGNATURE})
        with opener.open(request, timeout=10) as answer:
            content: bytes = answer.read()
        return content

    def answers() -> bool:
        try:
            call("PUT")
        except URLError:
            return False
        return True

    def read_objects() -> Objects:
        listed = ElementTree.fromstring(call("GET"))
        assert listed.findtext("{*}IsTruncated") == "false"
        keys = [str(one.text) for one in listed.findall("{*}Contents/{*}Key")]
        return {key: call("GET", f"/{quote(key)}").decode() for key in keys}

    def delete_object(key: str) -> None:
        call("DELETE", f"/{quote(key)}")

    process = with_the_run(
        [*moto_server(servers), "-H", HOST, "-p", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for("the S3 server", answers, START_SECONDS, every=0.2)
        address = f"http://{HOST}:{port}"
        variables = {
            **AWS,
            "PULUMI_BACKEND_URL": f"s3://{BUCKET}?endpoint={address}&s3ForcePathStyle=true&region=us-east-1",
            "AWS_ENDPOINT_URL": address,
            "PATH": f"{os.environ['PATH']}:{Path(moto_server(servers)[1]).parent}",
        }
        yield StateServer("s3", variables, read_objects, delete_object)
    finally:
        end(process)


@contextmanager
def postgresql_server(servers: Path, folder: Path) -> Iterator[StateServer]:
    """A PostgreSQL with an empty database; `servers` is the extra's folder, `folder` the data's."""
    port, data, secret = free_port(), folder / "data", folder / "password"
    own = {
        **environment(servers),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{os.environ['PATH']}:{programs(servers)}",
        "PGPASSWORD": PASSWORD,
        "PULUMI_BACKEND_URL": f"postgres://{USER}@{HOST}:{port}/postgres?sslmode=disable",
    }
    variables = {**os.environ, **own}
    secret.write_text(PASSWORD)

    def ask(statement: str) -> subprocess.CompletedProcess[str]:
        command = [str(programs(servers) / "psql"), own["PULUMI_BACKEND_URL"], "-XqAt"]
        return subprocess.run(
            [*command, "-c", statement], env=variables, capture_output=True, text=True, timeout=30
        )

    def read_objects() -> Objects:
        done = ask("select coalesce(json_object_agg(key, data->>'data'), '{}') from pulumi_state")
        # The engine makes the table when it logs in first.
        if "does not exist" in done.stderr:
            return {}
        assert done.returncode == 0, done.stderr
        return {key: base64.b64decode(text).decode() for key, text in json.loads(done.stdout).items()}

    def delete_object(key: str) -> None:
        done = ask(f"delete from pulumi_state where key = '{key}'")
        assert done.returncode == 0, done.stderr

    initdb = (*AS_A_USER, str(programs(servers) / "initdb"), "-D", str(data), "--no-sync")
    made = subprocess.run(
        [*initdb, "-U", USER, "-A", "scram-sha-256", "--pwfile", str(secret), "--locale=C.UTF-8"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    options = {"listen_addresses": HOST, "port": port, "unix_socket_directories": "", "fsync": "off"}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        process = with_the_run(
            [*AS_A_USER, str(programs(servers) / "postgres"), "-D", str(data), *words],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for("PostgreSQL", lambda: ask("select 1").returncode == 0, START_SECONDS, every=0.2)
        yield StateServer("postgresql", own, read_objects, delete_object)
    finally:
        end(process)


@contextmanager
def state_server(layout: Layout, name: str, folder: Path) -> Iterator[StateServer]:
    """The server `s3` or `postgresql`, of the running lab's extra `state-backends`."""
    servers = Parts.of_running(layout).state_backends
    assert servers is not None
    with s3_server(servers) if name == "s3" else postgresql_server(servers, folder) as started:
        yield started
