"""A connection to a machine by ssh, as the `connection` of a resource describes it.

Dialling is repeated as pulumi-command repeats it: `dialErrorLimit` failures are borne (-1: any number),
so there is one attempt more than that, with 0.1 s growing by half up to 5 s in between;
`perDialTimeout` bounds the TCP connection of an attempt and nothing else. Nothing of the user's own ssh
set-up is read, except SSH_AUTH_SOCK. What is done over the connection is not here.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncssh

from lab.command_standin.engine_log import EngineLog
from lab.command_standin.errors import CommandError

_FIRST_DELAY, _GROWTH, _LONGEST_DELAY = 0.1, 1.5, 5.0


class _DialError(Exception):
    """One failed attempt; the text says why."""


@dataclass(frozen=True)
class _Endpoint:
    """One machine to log in to: the machine itself or the bastion host before it."""

    host: str
    port: int
    timeout: float | None
    limit: int
    options: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@asynccontextmanager
async def connected(
    settings: Mapping[str, Any], log: EngineLog, cancelled: asyncio.Event
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Log in as the completed and revealed `settings` of a connection say; log out at the end.

    Raises:
        CommandError: when a key cannot be used, or when no attempt succeeded.
    """
    async with AsyncExitStack() as open_ones:
        target = await _endpoint(settings, open_ones)
        proxy = settings.get("proxy")
        if not proxy:
            yield await _retried("Dial", target.limit, lambda: _dial(target, open_ones), log, cancelled)
            return
        try:
            bastion = await _endpoint(proxy, open_ones)
            tunnel = await _retried(
                "Dial proxy", bastion.limit, lambda: _dial(bastion, open_ones), log, cancelled
            )
            connection = await _retried(
                "Dial from proxy",
                target.limit,
                lambda: _dial(target, open_ones, tunnel),
                log,
                cancelled,
            )
        except CommandError as error:
            raise CommandError(f"proxy: {error}") from error
        yield connection


async def _retried(
    what: str,
    limit: int,
    attempt: Callable[[], Awaitable[asyncssh.SSHClientConnection]],
    log: EngineLog,
    cancelled: asyncio.Event,
) -> asyncssh.SSHClientConnection:
    failures, delay = 0, _FIRST_DELAY
    while True:
        try:
            return await attempt()
        except _DialError as error:
            if -1 < limit <= failures:
                raise CommandError(f"after {failures} failed attempts: {error}") from error
        failures += 1
        shown = "inf" if limit == -1 else str(limit)
        await log.status(f"{what} {failures}/{shown} failed: retrying")
        try:
            await asyncio.wait_for(cancelled.wait(), delay)
        except TimeoutError:
            delay = min(delay * _GROWTH, _LONGEST_DELAY)
        else:
            raise CommandError("context canceled")


async def _dial(
    endpoint: _Endpoint,
    open_ones: AsyncExitStack,
    tunnel: asyncssh.SSHClientConnection | None = None,
) -> asyncssh.SSHClientConnection:
    way: dict[str, Any] = {"tunnel": tunnel} if tunnel else {"sock": await _reach(endpoint)}
    client = _Client()
    try:
        connection = await asyncssh.connect(
            endpoint.host, endpoint.port, config=None, login_timeout=0,
            client_factory=lambda: client, **way, **endpoint.options,
        )  # fmt: skip
    except asyncssh.ChannelOpenError as error:
        raise _DialError(f"ssh: rejected: connect failed ({error.reason})") from error
    except (asyncssh.Error, OSError) as error:
        reason = _handshake(error, endpoint, client)
        raise _DialError(f"ssh: handshake failed: {reason}") from error
    return await open_ones.enter_async_context(connection)


class _Client(asyncssh.SSHClient):
    """Keeps a connection that fails, to see what its machine had to offer."""

    _connection: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    def lacks(self, wanted: Sequence[str]) -> bool:
        """Whether the machine offered host keys, but none of the kinds `wanted`.

        asyncssh leaves finding that out to the machine, which hangs up, mostly without a word.
        """
        offer: bytes = getattr(self._connection, "_server_kexinit", b"")
        if not offer or not wanted:
            return False
        # RFC 4253, 7.1: the message's number and a cookie, then lists; host keys are the second.
        start = 17 + 4 + int.from_bytes(offer[17:21], "big")
        end = start + 4 + int.from_bytes(offer[start : start + 4], "big")
        return not set(wanted) & set(offer[start + 4 : end].decode("ascii", "replace").split(","))


async def _reach(endpoint: _Endpoint) -> socket.socket:
    """A TCP connection within the endpoint's time; the first address' failure is the one told."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise _DialError(f"dial tcp: lookup {endpoint.host}: no such host") from error
    reasons = []
    for family, kind, protocol, _, address in found:
        attempt = socket.socket(family, kind, protocol)
        attempt.setblocking(False)
        try:
            await asyncio.wait_for(loop.sock_connect(attempt, address), endpoint.timeout)
        except TimeoutError:
            reasons.append("i/o timeout")
        except OSError as error:
            reasons.append(f"connect: {os.strerror(error.errno or 0).lower()}")
        else:
            return attempt
        attempt.close()
    raise _DialError(f"dial tcp {endpoint.address}: {reasons[0]}")


def _handshake(error: Exception, endpoint: _Endpoint, client: _Client) -> str:
    """What went wrong after TCP, in the words of Go's ssh package."""
    wanted = endpoint.options.get("server_host_key_algs", [])
    if client.lacks(wanted):
        return f"ssh: no common algorithm for host key; we offered: {' '.join(wanted)}"
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return "ssh: host key mismatch"
        case asyncssh.PermissionDenied():
            tried = " ".join(["none", *endpoint.options["preferred_auth"]])
            return f"ssh: unable to authenticate, attempted methods [{tried}], no supported methods remain"
        case asyncssh.ConnectionLost():
            return "EOF"
        case _:
            return str(error) or type(error).__name__


async def _endpoint(settings: Mapping[str, Any], open_ones: AsyncExitStack) -> _Endpoint:
    options: dict[str, Any] = {
        "username": settings["user"],
        "known_hosts": None,
        "password": settings.get("password"),
        "agent_path": None,
        "client_keys": None,
    }
    if host_key := settings.get("hostKey"):
        options |= _expecting(host_key)
    methods = ["password", "keyboard-interactive"] if options["password"] is not None else []
    keys: Sequence[asyncssh.SSHKey | asyncssh.SSHKeyPair] = []
    if settings.get("privateKey") is not None:
        keys = [_private_key(settings["privateKey"], settings.get("privateKeyPassword"))]
    # Go's ssh tries a method once: beside a private key the agent is asked for nothing. It is dialled
    # all the same, and one that does not answer is an error.
    if path := settings.get("agentSocketPath") or os.environ.get("SSH_AUTH_SOCK"):
        offered = await _agent_keys(path, open_ones)
        if not keys:
            keys = offered
            methods = [*methods, "publickey"]
    if settings.get("privateKey") is not None:
        methods = ["publickey", *methods]
    return _Endpoint(
        settings["host"],
        int(settings["port"]),
        float(settings["perDialTimeout"]) or None,
        int(settings["dialErrorLimit"]),
        options | {"client_keys": keys or None, "preferred_auth": methods},
    )


def _expecting(host_key: str) -> dict[str, Any]:
    """Options that accept exactly this key of the machine, given as a line of `ssh-keyscan`'s kind."""
    try:
        key = asyncssh.import_public_key(host_key)
    except asyncssh.KeyImportError as error:
        raise CommandError("failed to parse host key: ssh: no key found") from error
    return {
        "known_hosts": ([key], [], []),
        "server_host_key_algs": [key.get_algorithm()],
    }


def _private_key(text: str, password: str | None) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text, password)
    except asyncssh.KeyEncryptionError as error:
        raise CommandError(f"ssh: cannot decode encrypted private keys: {error}") from error
    except asyncssh.KeyImportError as error:
        if password is None and "passphrase" in str(error).lower():
            raise CommandError("ssh: this private key is passphrase protected") from error
        raise CommandError("ssh: no key found") from error


async def _agent_keys(path: str, open_ones: AsyncExitStack) -> Sequence[asyncssh.SSHKeyPair]:
    try:
        agent = await open_ones.enter_async_context(asyncssh.connect_agent(path))
        return await agent.get_keys()
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise CommandError(f"dial unix {path}: connect: {reason}") from error
    except (asyncssh.Error, ValueError) as error:
        raise CommandError(f"agent at {path}: {error}") from error
