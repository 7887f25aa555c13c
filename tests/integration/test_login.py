"""Logging in as another user than root, who has sudo without a password, and where a login prints."""

from collections.abc import Iterator

import pytest

from lab.external import External
from tests.integration.conftest import Changed, Stack, bird_routes, emptied, poll

USER = "netops"
# What bash reads at the beginning of every command that sshd runs; the second has no end of a line.
NOISE = "echo 'session 10.0.0.1 Established theirs'; printf Welcome"


@pytest.fixture
def user(bare_stack: Stack, machine: External) -> Iterator[str]:
    """A user of the machine who may log in with the same key and use sudo; nothing that he did stays."""
    machine.run("useradd", "--create-home", "--shell", "/bin/sh", USER)
    machine.run(
        "sh",
        "-c",
        f"cp -r ~root/.ssh /home/{USER}/ && chown -R {USER}: /home/{USER}/.ssh"
        f" && echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{USER}",
    )
    with emptied(bare_stack):
        yield USER
    machine.run("sh", "-c", f"userdel --remove {USER} 2>/dev/null; rm -f /etc/sudoers.d/{USER}")


def test_a_user_with_sudo_delivers_and_leaves_as_root_does(
    bare_stack: Stack, changed: Changed, machine: External, user: str
) -> None:
    bare_stack.destroy()
    bare_stack.run("up", "--yes", "--skip-preview", environment=changed(sshUser=user))
    assert len(bird_routes(machine)) == 3
    hash_policy = "/proc/sys/net/ipv4/fib_multipath_hash_policy"
    assert machine.run("cat", hash_policy).stdout == "1\n"
    # A refresh needs sudo too.
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=changed(sshUser=user))
    bare_stack.destroy()
    assert machine.run("cat", hash_policy).stdout == "0\n"
    assert bird_routes(machine) == {}
    assert machine.run("test", "-e", "/var/lib/calico-peering", check=False).returncode == 1


@pytest.fixture
def talkative(bare_stack: Stack, machine: External) -> Iterator[None]:
    """Whoever logs in as root is greeted on standard output."""
    machine.run("sh", "-c", f"cp -a ~root/.bashrc /run/bashrc; echo {NOISE!r} >>~root/.bashrc")
    with emptied(bare_stack):
        yield
    machine.run("sh", "-c", "mv /run/bashrc ~root/.bashrc")


def test_what_a_login_prints_is_taken_for_nothing_of_ours(
    bare_stack: Stack, changed: Changed, machine: External, talkative: None
) -> None:
    bare_stack.destroy()
    environment = changed()
    bare_stack.run("config", "set", "--secret", "bgpPassword", "a word", environment=environment)
    bare_stack.run("up", "--yes", "--skip-preview", environment=environment)
    poll("the routes", lambda: len(bird_routes(machine)) == 3, 60)
    assert {session["neighbor"] for session in bare_stack.output("sessions")} == {
        "172.34.8.10",
        "172.34.8.30",
        "172.34.8.76",
        "172.34.8.87",
    }
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=environment)
