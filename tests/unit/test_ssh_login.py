"""A login by ssh: a dead address is no obstacle, and one that is refused says what was offered, no key."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread

import asyncssh
import pytest

from components.machine import ssh
from components.shared.provider_errors import ProviderError


@contextmanager
def refusing(host_key: asyncssh.SSHKey) -> Iterator[int]:
    """The port of an sshd that knows nobody."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key], server_factory=asyncssh.SSHServer
    )

    async def begin() -> asyncssh.SSHAcceptor:
        return await listening

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield server.get_port()
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.mark.parametrize(
    ("with_key", "agent", "said"),
    [
        (True, None, "the private key of the configuration"),
        (False, "/nowhere/agent", "the keys of the ssh agent"),
        (False, None, "no key, since the configuration has none and there is no ssh agent (SSH_AUTH_SOCK)"),
    ],
    ids=["a key", "an agent", "neither"],
)
def test_a_refused_login_names_what_was_offered(
    monkeypatch: pytest.MonkeyPatch, with_key: bool, agent: str | None, said: str
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    if agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    host_key, login = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    private = login.export_private_key().decode() if with_key else None
    with refusing(host_key) as port:
        there = ssh.Endpoint("127.0.0.1", port, "debian", host_key.export_public_key().decode(), private)
        with pytest.raises(ProviderError) as caught:
            ssh.run(there, None, "true", "")
    text = str(caught.value)
    assert f"debian@127.0.0.1 port {port} refuses" in text and "debian's authorized_keys" in text
    assert f"refuses the login with {said}" in text
    assert "PRIVATE KEY" not in text


@contextmanager
def silent(port: int) -> Iterator[str]:
    """An address at which nobody answers on this port: its backlog is full, so the kernel drops each SYN."""
    with socket.create_server(("127.0.0.2", port), backlog=0), ExitStack() as stack:
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", port))
        yield "127.0.0.2"


def test_a_dead_address_of_a_host_does_not_keep_another_from_being_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with refusing(host_key) as port, silent(port) as dead:

        async def both(*_: object, **__: object) -> list[object]:
            kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*kind, (dead, port)), (*kind, ("127.0.0.1", port))]

        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", both)
        there = ssh.Endpoint("gateway.example", port, "debian", host_key.export_public_key().decode(), None)
        with pytest.raises(ProviderError, match="refuses the login"):
            ssh.run(there, None, "true", "")


def test_a_host_without_an_address_is_named() -> None:
    there = ssh.Endpoint("no-such-host.invalid", 22, "debian", "ssh-ed25519 AAAA", None)
    with pytest.raises(ProviderError) as caught:
        ssh.run(there, None, "true", "")
    assert "debian@no-such-host.invalid port 22" in str(caught.value)
