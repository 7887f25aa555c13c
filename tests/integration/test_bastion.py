"""The machine is reached by way of a bastion only, whose host key is verified as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.external import External, KeyPair
from lab.layout import Layout
from tests.integration.bastion import PORT, USER, Bastion, bastion
from tests.integration.conftest import Changed, Stack, bird_routes, emptied
from tests.integration.test_bad_input import error_of
from tests.on_the_lab import encrypted


@pytest.fixture
def jump(bare_stack: Stack, layout: Layout, machine: External) -> Iterator[Bastion]:
    """A bastion, the direct way being blocked; nothing stays on the machine to which only this one leads."""
    bare_stack.destroy()
    with bastion(layout, machine) as there, emptied(bare_stack):
        yield there


def test_everything_goes_by_way_of_the_bastion(
    bare_stack: Stack, changed: Changed, machine: External, layout: Layout, tmp_path: Path, jump: Bastion
) -> None:
    by_way = {
        "sshBastionHost": jump.host,
        "sshBastionPort": PORT,
        "sshBastionUser": USER,
        "sshBastionHostKey": jump.host_key,
        "sshBastionPrivateKey": encrypted(tmp_path, layout, "sshBastionPrivateKey", jump.login_key),
    }
    wrong = changed(**{**by_way, "sshBastionHostKey": KeyPair.new().public})
    text = error_of(bare_stack, wrong, "up")
    assert "proxy: after 5 failed attempts: ssh: handshake failed: ssh: host key mismatch" in text
    assert jump.forwarded() == 0
    assert machine.run("test", "-e", "/var/lib/calico-peering", check=False).returncode == 1

    environment = changed(**by_way)
    bare_stack.run("up", "--yes", "--skip-preview", environment=environment)
    assert len(bird_routes(machine)) == 3
    # A refresh looks at the machine too.
    machine.run("systemctl", "stop", "bird")
    before = jump.forwarded()
    text = bare_stack.run("preview", "--refresh", "--diff", environment=environment).stdout
    assert "bird.service is inactive, not active" in text
    assert jump.forwarded() == before + 1
    key = "".join(jump.login_key.splitlines()[1:-1])
    assert key[:40] not in bare_stack.run("stack", "export").stdout.replace("\\n", "")
    bare_stack.run("destroy", "--yes", "--skip-preview", environment=environment)
    assert machine.run("test", "-e", "/var/lib/calico-peering", check=False).returncode == 1
