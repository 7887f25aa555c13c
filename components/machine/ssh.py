"""One command on a machine over ssh, for what pulumi-command does not do: to look, in a refresh.

No Pulumi here. The keys of the machine and of a bastion are pinned, as in every connection of ours
(machine.py). It deliberately does not try for long: whoever looks can say that nothing was to be seen.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from components.shared.provider_errors import ProviderError

CONNECT_SECONDS = 10
COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Endpoint:
    """An sshd, and how to log in there."""

    host: str
    port: int
    user: str
    host_key: str
    """`ssh-ed25519 AAAA…`"""
    private_key: str | None
    """None is the ssh agent of the environment."""

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.user}@{self.host} port {self.port}"


def run(machine: Endpoint, bastion: Endpoint | None, command: str, stdin: str) -> str:
    """What `command` prints; bytes that are no UTF-8 are replaced.

    Raises:
        ProviderError: when a host is not reached, is not the one it should be or refuses the login, or the
            command fails or takes too long.
    """
    # Not asyncio.run, after which the calling thread's own loop would be gone.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_run(machine, bastion, command, stdin))
    finally:
        loop.close()


async def _run(machine: Endpoint, bastion: Endpoint | None, command: str, stdin: str) -> str:
    # It takes a second to import, and only a refresh needs it.
    import asyncssh

    async with AsyncExitStack() as connections:
        way = await _connect(bastion, None, connections) if bastion else None
        connection = await _connect(machine, way, connections)
        try:
            done = await connection.run(command, input=stdin, errors="replace", timeout=COMMAND_SECONDS)
        except asyncssh.TimeoutError:
            raise ProviderError(f"{machine.place} did not answer within {COMMAND_SECONDS} s") from None
        except (asyncssh.Error, OSError) as error:
            raise ProviderError(f"{machine.place}: the connection broke: {error}") from None
    if done.exit_status != 0:
        last = str(done.stderr).strip().splitlines()[-1:] or ["no message"]
        raise ProviderError(f"{machine.place}: ended with {done.exit_status}: {last[0][:200]}")
    return str(done.stdout)


async def _connect(there: Endpoint, way: Any, connections: AsyncExitStack) -> Any:
    import asyncssh

    try:
        keys: Mapping[str, Any] = (
            {"client_keys": [asyncssh.import_private_key(there.private_key)], "agent_path": None}
            if there.private_key
            else {"client_keys": None, "agent_path": os.environ.get("SSH_AUTH_SOCK")}
        )
        reached = {"tunnel": way} if way is not None else {"tunnel": (), "sock": await _reach(there)}
        connecting = asyncssh.connect(
            there.host,
            there.port,
            **reached,
            username=there.user,
            known_hosts=([asyncssh.import_public_key(there.host_key)], [], []),
            # Nothing of the user's own set-up, as pulumi-command has it.
            config=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            **keys,
        )
        return await connections.enter_async_context(connecting)
    except asyncssh.HostKeyNotVerifiable:
        raise ProviderError(f"{there.place} has another host key than the configuration says") from None
    except asyncssh.PermissionDenied:
        raise ProviderError(
            f"{there.place} refuses the login with {_offered(there)}: expected a key whose public half is in"
            f" {there.user}'s authorized_keys there"
        ) from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        # Without its words, which are about a key.
        raise ProviderError(f"{there.place}: a key of the configuration cannot be read") from None
    except (TimeoutError, asyncssh.TimeoutError):
        raise ProviderError(f"{there.place} did not answer within {CONNECT_SECONDS} s") from None
    except (asyncssh.Error, OSError) as error:
        # asyncio's own words have Python's types in them.
        number = error.errno if isinstance(error, OSError) else None
        why = os.strerror(number).lower() if number and number > 0 else str(error)
        raise ProviderError(f"{there.place} was not reached: {why}") from None


async def _reach(there: Endpoint) -> socket.socket:
    """The first connection that stands, to any address of the host, as pulumi-command's dialler does it.

    A dead address holds up the next one for a quarter of a second (RFC 8305).
    """
    from aiohappyeyeballs import start_connection

    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        found = await loop.getaddrinfo(there.host, there.port, type=socket.SOCK_STREAM)
        return await start_connection(found, happy_eyeballs_delay=0.25, interleave=1)


def _offered(there: Endpoint) -> str:
    """The login key, for a message; nothing of the key."""
    if there.private_key:
        return "the private key of the configuration"
    if os.environ.get("SSH_AUTH_SOCK"):
        return "the keys of the ssh agent"
    return "no key, since the configuration has none and there is no ssh agent (SSH_AUTH_SOCK)"
