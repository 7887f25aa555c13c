"""A machine to log in to: a real ssh server on 127.0.0.1, in a thread of the tests.

Commands run by `sh` in a folder of its own with nothing in their environment but PATH and what the
client set; sftp sees that folder as its root. It remembers what was asked of it.
"""

import asyncio
import functools
import signal
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from unittest import mock

import asyncssh

from tests.conformance.wire import Properties

T = TypeVar("T")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USER, PASSWORD = "root", "conformance-password"


@dataclass(frozen=True)
class Ran:
    """One command that ran, with what it was given."""

    command: str
    stdin: str
    environment: dict[str, str]


class _Server(asyncssh.SSHServer):
    def __init__(self, machine: "Machine") -> None:
        self._machine = machine

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._machine.connections += 1
        conn.set_extra_info(machine=self._machine)
        if self._machine.turned_away < self._machine.turn_away:
            self._machine.turned_away += 1
            conn.abort()

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._machine.user_key.convert_to_public()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._machine.forwarded.append(dest_port)
        return True


def _process_env_request(channel: asyncssh.SSHServerChannel[Any], packet: Any) -> bool:
    """sshd's AcceptEnv, which asyncssh's server lacks: a variable that is not accepted is refused."""
    name, value = packet.get_string(), packet.get_string()
    machine: Machine = channel.get_extra_info("machine")
    if not machine.accepts_environment:
        return False
    channel._env[name] = value
    return True


class Machine:
    """The server; `turn_away` connections are cut off before it serves any."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = self._host_key.export_public_key().decode().strip()
        self.ran: list[Ran] = []
        self.forwarded: list[int] = []
        self.connections = self.turned_away = self.turn_away = 0
        self.accepts_environment = True

    def __enter__(self) -> Self:
        patch = mock.patch.object(asyncssh.SSHServerChannel, "_process_env_request", _process_env_request)
        self._patch = patch
        patch.start()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._acceptor = self._do(self._listen())
        self.port = self._acceptor.get_port()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._patch.stop()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Server(self),
            server_host_keys=[self._host_key],
            process_factory=self._run,
            sftp_factory=functools.partial(asyncssh.SFTPServer, chroot=str(self.folder).encode()),
            encoding=None,
            config=None,
        )

    async def _close(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        stdin = await process.stdin.read()
        environment = {
            key if isinstance(key, str) else key.decode(): (
                value if isinstance(value, str) else value.decode()
            )
            for key, value in process.env.items()
        }
        command = process.command or ""
        self.ran.append(Ran(command, stdin.decode(), environment))
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", command, cwd=self.folder, env={"PATH": _PATH, **environment},
            stdin=pipe, stdout=pipe, stderr=pipe,
        )  # fmt: skip
        stdout, stderr = await child.communicate(stdin)
        process.stdout.write(stdout)
        process.stderr.write(stderr)
        status = child.returncode or 0
        if status < 0:
            process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            process.exit(status)

    @property
    def commands(self) -> list[str]:
        """The text of every command that ran."""
        return [ran.command for ran in self.ran]

    @property
    def private_key(self) -> str:
        """The key that may log in."""
        return self.user_key.export_private_key().decode()

    def connection(self, **more: Any) -> Properties:
        """A `connection` that works, and fails at the first attempt; None leaves a setting out."""
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "privateKey": self.private_key,
            "hostKey": self.host_key,
            "dialErrorLimit": 0,
        }
        return {key: value for key, value in (settings | more).items() if value is not None}

    def command(self, **inputs: Any) -> Properties:
        """Inputs of a remote.Command on this machine."""
        return {"connection": self.connection(), **inputs}


def closed_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
