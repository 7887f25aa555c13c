"""Logging in: keys, passwords, agents, the machine's own key, how often and how long it is tried."""

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from lab.waiting import wait_for
from tests.conformance.agent import agent
from tests.conformance.machine import PASSWORD, Machine, closed_port
from tests.conformance.plugin import COMMAND, Plugin, PluginError
from tests.conformance.wire import Properties

UNABLE = "ssh: handshake failed: ssh: unable to authenticate, attempted methods"


def run(plugin: Plugin, connection: Properties) -> str:
    """What a small command prints when it is run over `connection`."""
    made = plugin.create(COMMAND, {"connection": connection, "create": "echo ran"})
    return str(made.outputs["stdout"])


def failure(plugin: Plugin, connection: Properties) -> str:
    """Why a small command could not be run over `connection`."""
    with pytest.raises(PluginError) as failed:
        run(plugin, connection)
    return str(failed.value)


def test_private_key(plugin: Plugin, machine: Machine) -> None:
    assert run(plugin, machine.connection()) == "ran"


def test_password(plugin: Plugin, machine: Machine) -> None:
    assert run(plugin, machine.connection(privateKey=None, password=PASSWORD)) == "ran"


def test_password_after_a_key_that_is_refused(plugin: Plugin, machine: Machine) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    assert run(plugin, machine.connection(privateKey=other, password=PASSWORD)) == "ran"


def test_encrypted_private_key(plugin: Plugin, machine: Machine) -> None:
    machine.user_key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    text = machine.user_key.export_private_key("pkcs1-pem", passphrase="open").decode()
    encrypted = machine.connection(privateKey=text)
    assert run(plugin, encrypted | {"privateKeyPassword": "open"}) == "ran"
    assert failure(plugin, encrypted) == "ssh: this private key is passphrase protected"


def test_private_key_that_is_none(plugin: Plugin, machine: Machine) -> None:
    said = failure(plugin, machine.connection(privateKey="hush-hush"))
    assert said == "ssh: no key found"
    assert machine.connections == 0


@pytest.mark.parametrize(
    "more",
    [{"password": "wrong", "privateKey": None}, {"user": "nobody"}],
    ids=["password", "user"],
)
def test_refused_login(plugin: Plugin, machine: Machine, more: Properties) -> None:
    said = failure(plugin, machine.connection(**more))
    assert said.startswith(f"after 0 failed attempts: {UNABLE}")
    assert "wrong" not in said and "PRIVATE" not in said


def test_agent_at_a_path(plugin: Plugin, machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "agent"
    with agent(path, machine.user_key) as asked:
        assert run(plugin, machine.connection(privateKey=None, agentSocketPath=str(path))) == "ran"
    assert asked


def test_agent_of_the_environment(plugin_command: list[str], machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "agent"
    with (
        agent(path, machine.user_key) as asked,
        Plugin(plugin_command, {"SSH_AUTH_SOCK": str(path)}) as plugin,
    ):
        assert run(plugin, machine.connection(privateKey=None)) == "ran"
    assert asked


def test_agent_is_not_asked_beside_a_private_key(plugin: Plugin, machine: Machine, tmp_path: Path) -> None:
    """A trap: with a private key that is refused, the agent's keys are not tried."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    path = tmp_path / "agent"
    with agent(path, machine.user_key):
        connection = machine.connection(privateKey=other, agentSocketPath=str(path))
        assert UNABLE in failure(plugin, connection)


def test_agent_that_is_not_there(plugin: Plugin, machine: Machine, tmp_path: Path) -> None:
    said = failure(plugin, machine.connection(agentSocketPath=str(tmp_path / "none")))
    assert said == f"dial unix {tmp_path}/none: connect: no such file or directory"
    assert machine.connections == 0


def test_without_a_host_key_any_machine_is_trusted(plugin: Plugin, machine: Machine) -> None:
    assert run(plugin, machine.connection(hostKey=None)) == "ran"


def test_host_key_with_a_comment(plugin: Plugin, machine: Machine) -> None:
    assert run(plugin, machine.connection(hostKey=f"{machine.host_key} root@machine\n")) == "ran"


def test_wrong_host_key(plugin: Plugin, machine: Machine) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    said = failure(plugin, machine.connection(hostKey=other, dialErrorLimit=2))
    assert said == "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch"
    assert machine.connections == 3
    assert machine.ran == []


def test_host_key_of_a_kind_the_machine_lacks(plugin: Plugin, machine: Machine) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    said = failure(plugin, machine.connection(hostKey=other))
    assert "ssh: handshake failed: ssh: no common algorithm for host key" in said


def test_host_key_that_is_none(plugin: Plugin, machine: Machine) -> None:
    said = failure(plugin, machine.connection(hostKey="ssh-ed25519 garbage"))
    assert said.startswith("failed to parse host key: ssh: no key found")
    assert machine.connections == 0


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_dialling_ends_after_the_limit(plugin: Plugin, machine: Machine, limit: int) -> None:
    """The limit is of failures that are borne: one attempt more is made."""
    port = closed_port()
    said = failure(plugin, machine.connection(port=port, dialErrorLimit=limit))
    refused = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert said == f"after {limit} failed attempts: {refused}"
    tried = [f"Dial {number}/{limit} failed: retrying" for number in range(1, limit + 1)]
    assert plugin.engine.texts("info") == tried


@pytest.mark.parametrize("limit", [3, -1], ids=["limited", "unlimited"])
def test_dialling_goes_on_until_the_machine_answers(plugin: Plugin, machine: Machine, limit: int) -> None:
    machine.turn_away = 3
    assert run(plugin, machine.connection(dialErrorLimit=limit)) == "ran"
    assert machine.connections == 4


def test_cancelling_ends_the_dialling(plugin_command: list[str], machine: Machine) -> None:
    with Plugin(plugin_command) as plugin, ThreadPoolExecutor(1) as pool:
        connection = machine.connection(port=closed_port(), dialErrorLimit=-1)
        said = pool.submit(failure, plugin, connection)
        wait_for("two attempts", lambda: "Dial 2/inf failed: retrying" in plugin.engine.texts(), 20)
        plugin.cancel()
        assert said.result(20) == "context canceled"


def test_name_that_is_none(plugin: Plugin, machine: Machine) -> None:
    said = failure(plugin, machine.connection(host="no-such-host.invalid"))
    assert said.startswith("after 0 failed attempts: dial tcp: lookup no-such-host.invalid")


@contextmanager
def silent_port() -> Iterator[int]:
    """A port whose queue of connections is full, so that one more is never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            for _ in range(4):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
                waiting.append(one)
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


def test_each_attempt_has_its_time(plugin: Plugin, machine: Machine) -> None:
    with silent_port() as port:
        began = time.monotonic()
        said = failure(plugin, machine.connection(port=port, perDialTimeout=1, dialErrorLimit=1))
        took = time.monotonic() - began
    assert said == f"after 1 failed attempts: dial tcp 127.0.0.1:{port}: i/o timeout"
    assert 2 <= took < 6


@pytest.fixture
def bastion(tmp_path: Path) -> Iterator[Machine]:
    """A second machine to go through."""
    folder = tmp_path / "bastion"
    folder.mkdir()
    with Machine(folder) as running:
        yield running


def test_through_a_bastion(plugin: Plugin, machine: Machine, bastion: Machine) -> None:
    assert run(plugin, machine.connection(proxy=bastion.connection())) == "ran"
    assert bastion.forwarded == [machine.port]
    assert (machine.commands, bastion.commands) == (["echo ran"], [])


def test_bastion_that_does_not_answer(plugin: Plugin, machine: Machine, bastion: Machine) -> None:
    port = closed_port()
    proxy = bastion.connection(port=port, dialErrorLimit=1)
    said = failure(plugin, machine.connection(proxy=proxy))
    refused = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert said == f"proxy: after 1 failed attempts: {refused}"
    assert plugin.engine.texts("info") == ["Dial proxy 1/1 failed: retrying"]


def test_wrong_host_key_of_the_bastion(plugin: Plugin, machine: Machine, bastion: Machine) -> None:
    proxy = bastion.connection(hostKey=machine.host_key)
    said = failure(plugin, machine.connection(proxy=proxy))
    mismatch = "ssh: handshake failed: ssh: host key mismatch"
    assert said == f"proxy: after 0 failed attempts: {mismatch}"
    assert machine.connections == 0


def test_wrong_host_key_behind_the_bastion(plugin: Plugin, machine: Machine, bastion: Machine) -> None:
    connection = machine.connection(proxy=bastion.connection(), hostKey=bastion.host_key)
    said = failure(plugin, connection)
    mismatch = "ssh: handshake failed: ssh: host key mismatch"
    assert said == f"proxy: after 0 failed attempts: {mismatch}"
    assert machine.ran == []


def test_machine_that_the_bastion_cannot_reach(plugin: Plugin, machine: Machine, bastion: Machine) -> None:
    connection = machine.connection(port=closed_port(), proxy=bastion.connection(), dialErrorLimit=1)
    said = failure(plugin, connection)
    assert re.match(r"proxy: after 1 failed attempts: ssh: rejected: connect failed \(", said)
    assert plugin.engine.texts("info") == ["Dial from proxy 1/1 failed: retrying"]
