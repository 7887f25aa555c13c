"""The state on S3 and on PostgreSQL: one apply at a time, a killed job's lock, no secret in clear text."""

import socket
from collections.abc import Iterator

import pytest

from lab.external import External
from lab.layout import Layout
from lab.stack import STACK
from tests.integration.conftest import Calico, Stack, bird_routes
from tests.integration.state_servers import PASSWORD, Objects, StateServer, state_server
from tests.integration.stored_stack import BGP_PASSWORD, Done, Paused, StoredStack, stack_on

pytestmark = pytest.mark.extra("state-backends")


@pytest.fixture(scope="module", params=["s3", "postgresql"])
def server(
    request: pytest.FixtureRequest, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StateServer]:
    with state_server(layout, request.param, tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def stored(
    server: StateServer,
    bare_stack: Stack,
    layout: Layout,
    machine: External,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StoredStack]:
    """The stack on the server, with nothing in it before and after."""
    with stack_on(server, layout, tmp_path_factory.mktemp("stored"), machine) as made:
        yield made


def check_refused(done: Done, lock: dict[str, object]) -> None:
    """Check that an apply is refused with who holds the lock, and shows no password of the backend."""
    [line] = [line for line in done.stderr.splitlines() if "created by" in line]
    assert f"created by {lock['username']}@{lock['hostname']} (pid {lock['pid']}) at" in line
    assert lock["hostname"] == socket.gethostname() and PASSWORD not in done.stderr


def state_key(objects: Objects) -> str:
    """Where the state is."""
    [found] = [key for key in objects if key.endswith(f".pulumi/stacks/calico-peering/{STACK}.json")]
    return found


def test_a_second_apply_is_refused_with_who_holds_the_lock_and_a_preview_is_not(
    stored: StoredStack, server: StateServer, machine: External
) -> None:
    first = Paused(stored, server)
    try:
        assert first.lock["pid"] == first.process.pid
        before = server.read_objects()
        check_refused(stored.refused_step("apply"), first.lock)
        stored.run("preview")
        assert server.read_objects() == before
    finally:
        done = first.finish()
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.locks() == [] and len(bird_routes(machine)) == 3


def test_a_killed_jobs_lock_stays_until_it_is_cancelled(
    stored: StoredStack, server: StateServer, calico: Calico
) -> None:
    first = Paused(stored, server)
    first.kill()
    check_refused(stored.refused_step("apply"), first.lock)
    stored.step("unlock")
    assert server.locks() == []
    assert calico.find("bgppeers", "bgppeer-external")


def test_no_secret_is_in_clear_text_in_the_state_its_history_or_a_backup(
    stored: StoredStack, server: StateServer, machine: External
) -> None:
    objects = server.read_objects()
    for folder in ("stacks", "history", "backups"):
        assert any(f".pulumi/{folder}/calico-peering/" in key for key in objects), folder
    key = [line for line in machine.login_key.read_text().splitlines() if not line.startswith("-")]
    for name, text in objects.items():
        assert BGP_PASSWORD not in text, name
        assert not any(line in text for line in key), name
    state = objects[state_key(objects)]
    assert '"ciphertext"' in state and '"plaintext"' not in state


def test_a_lost_state_is_restored_from_the_backup_of_the_last_run(
    stored: StoredStack, server: StateServer
) -> None:
    server.delete_object(state_key(server.read_objects()))
    assert stored.try_to("preview", "--expect-no-changes").returncode != 0
    stored.step(f"restore-{server.name}")
