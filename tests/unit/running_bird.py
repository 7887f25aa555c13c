"""A BIRD that runs, in a network of its own, to be asked over its control socket what its filters do.

It speaks to nobody: the network has a loopback and two interfaces that face each other, and goes with the
process.
"""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.real_birds import Bird

SECONDS = 20
# A network that BIRD may have from the protocol direct.
NETWORK = """
set -e
ip link set lo up
ip link add behind type veth peer name other
ip link set other up
ip link set behind up
ip address add 10.50.0.1/24 dev behind
exec "$@"
"""


class RunningBird:
    """Its control socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reply()

    def _reply(self) -> str:
        """Everything up to the line whose code is the last of a reply."""
        said = b""
        while not re.search(rb"^[0-9]{4} [^\n]*\n\Z", said, re.MULTILINE):
            part = self._connection.recv(65536)
            assert part, f"BIRD closed its control socket after {said!r}"
            said += part
        return said.decode()

    def ask(self, command: str) -> str:
        """What BIRD replies to a command of birdc, with the codes of its lines."""
        self._connection.sendall(command.encode() + b"\n")
        return self._reply()

    def evaluated(self, expression: str) -> str:
        """The value of an expression, as BIRD prints it."""
        said = self.ask(f"eval {expression}")
        assert said.startswith("0023 "), f"BIRD does not evaluate {expression}: {said}"
        return said.removeprefix("0023 ").removesuffix("\n")

    def passing(self, name: str) -> set[str]:
        """The networks whose best route, which is the one that is announced, passes a filter."""
        said = self.ask(f"show route primary filter {name}")
        return set(re.findall(r"^(?:1007-| |)([0-9a-f.:]+/[0-9]+) ", said, re.MULTILINE))

    def configure(self) -> None:
        """Have it read its file anew, and wait until its routes are as there."""
        said = self.ask("configure")
        assert re.search("Reconfigured|Reconfiguration in progress", said), f"BIRD says: {said}"
        deadline = time.monotonic() + SECONDS
        while "Reconfiguration in progress" in self.ask("show status"):
            assert time.monotonic() < deadline, f"BIRD was not reconfigured within {SECONDS} s"
            time.sleep(0.01)


@contextmanager
def running(bird: Bird, folder: Path) -> Iterator[RunningBird]:
    """A BIRD that runs with bird.conf of a folder."""
    control = folder / "bird.ctl"
    words = ["-f", "-c", str(folder / "bird.conf"), "-s", str(control), "-P", str(folder / "bird.pid")]
    process = subprocess.Popen(
        ["unshare", "--net", "--", "sh", "-c", NETWORK, "sh", *bird.command, *words],
        env={**bird.environment, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        connection = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                connection.connect(str(control))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                said = process.stderr.read() if process.poll() is not None and process.stderr else ""
                assert process.poll() is None, f"BIRD {bird.name} ended: {said}"
                assert time.monotonic() < deadline, f"BIRD {bird.name} did not answer within {SECONDS} s"
                time.sleep(0.02)
        connection.settimeout(SECONDS)
        with connection:
            yield RunningBird(connection)
    finally:
        process.kill()
        process.communicate()
