"""The sessions' password on its whole way: on both sides, readable nowhere else, and gone with the stack."""

from collections.abc import Iterator

import pytest
from kubernetes.client import ApiException, CoreV1Api, RbacAuthorizationV1Api

from lab.cluster.pki import CALICO_NAMESPACE
from lab.external import External
from tests.integration.conftest import Calico, Changed, Stack, bird_routes, poll
from tests.integration.test_connection import SCENARIO

WORD, OTHER = "correct horse battery", "staple (of) quite another, kind"
NAME = "bgppeer-external-password"


class Passwords:
    """The stack with a password; all that its runs said is kept."""

    def __init__(self, stack: Stack, environment: dict[str, str]) -> None:
        self.stack, self.environment, self.said = stack, environment, ""

    def set(self, word: str) -> None:
        """Put the word into the configuration."""
        self.run("config", "set", "--secret", "bgpPassword", word)

    def run(self, *words: str) -> str:
        """Run the engine, and return all that it says."""
        done = self.stack.run(*words, environment=self.environment)
        self.said += done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def passwords(stack: Stack, changed: Changed) -> Iterator[Passwords]:
    """The stack as it is without a password, and so again afterwards."""
    yield Passwords(stack, changed())
    stack.up()


def objects() -> list[str]:
    """Which of the Secret, the Role and the RoleBinding are in the cluster."""
    core, rights = CoreV1Api(), RbacAuthorizationV1Api()
    found = []
    for read in (
        core.read_namespaced_secret,
        rights.read_namespaced_role,
        rights.read_namespaced_role_binding,
    ):
        try:
            read(NAME, CALICO_NAMESPACE)
            found.append(read.__name__)
        except ApiException as error:
            assert error.status == 404, error
    return found


def files(machine: External) -> list[str]:
    """Mode, owner and content of the password's files on the machine."""
    each = "test -e $file && stat -c '%a %U:%G' $file && cat $file"
    command = f"for file in /etc/bird/calico-peering.password.*; do {each}; done"
    return machine.run("sh", "-c", command, check=False).stdout.splitlines()


def connected(machine: External) -> None:
    """Wait for the scenario's routes: nodes that hear of another password begin their sessions anew."""
    poll("the scenario's routes", lambda: bird_routes(machine) == SCENARIO, 60)


def test_both_sides_have_the_password_and_nobody_reads_it_on_its_way(
    passwords: Passwords, machine: External, calico: Calico
) -> None:
    passwords.set(WORD)
    passwords.run("up", "--yes", "--diff")
    assert files(machine) == ["640 root:bird", f'define PASSWORD = "{WORD}";']
    assert calico.spec("bgppeers", "bgppeer-external")["password"] == {
        "secretKeyRef": {"name": NAME, "key": "password"}
    }
    assert len(objects()) == 3
    connected(machine)
    passwords.run("preview", "--expect-no-changes")
    passwords.run("preview", "--refresh", "--expect-no-changes")

    passwords.set(OTHER)
    passwords.run("preview", "--diff", "--refresh")
    passwords.run("up", "--yes", "--diff")
    assert files(machine) == ["640 root:bird", f'define PASSWORD = "{OTHER}";']
    connected(machine)
    passwords.run("stack", "export")
    passwords.run("stack", "output", "--json")
    for word in (WORD, OTHER):
        assert word not in passwords.said
    logged = machine.run("journalctl", "--no-pager", "-o", "cat").stdout
    assert WORD not in logged and OTHER not in logged

    passwords.stack.up()
    assert (files(machine), objects()) == ([], [])
    connected(machine)
