"""The passphrase of a state on S3: changed without a prompt, what the old one still opens, and lost."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lab.external import External
from lab.layout import Layout
from lab.stack import STACK
from tests.integration.conftest import Stack, bird_routes
from tests.integration.state_servers import StateServer, state_server
from tests.integration.stored_stack import Paused, StoredStack, stack_on

pytestmark = pytest.mark.extra("state-backends")
INCORRECT = "incorrect passphrase"


@pytest.fixture(scope="module")
def server(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateServer]:
    with state_server(layout, "s3", tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def stored(
    server: StateServer,
    bare_stack: Stack,
    layout: Layout,
    machine: External,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StoredStack]:
    """The stack on the server, connected."""
    with stack_on(server, layout, tmp_path_factory.mktemp("stored"), machine) as made:
        made.step("apply")
        yield made


def salts(server: StateServer) -> dict[str, str]:
    """By key, what each stored state says of its passphrase."""
    found = {key: re.search(r'"salt":\s*"([^"]+)"', text) for key, text in server.read_objects().items()}
    return {key: salt[1] for key, salt in found.items() if salt}


def provider_of(server: StateServer) -> dict[str, Any]:
    """What the stored state says of its encryption."""
    [text] = [text for key, text in server.read_objects().items() if key.endswith(f"/{STACK}.json")]
    found: dict[str, Any] = json.loads(text)["checkpoint"]["latest"]["secrets_providers"]
    return found


def test_another_passphrase_opens_the_state_from_then_on_and_the_old_one_its_history(
    stored: StoredStack, server: StateServer
) -> None:
    old, former, passphrase = stored.salt(), salts(server), stored.passphrase.read_text()
    assert set(former.values()) == {old}
    stored.write("new-passphrase", "another passphrase\n")
    stored.step("change-passphrase")
    assert stored.passphrase.read_text() == "another passphrase\n"
    assert stored.salt() != old and provider_of(server)["state"]["salt"] == stored.salt()
    refused = stored.try_to("preview", PULUMI_CONFIG_PASSPHRASE=passphrase.strip())
    assert refused.returncode != 0 and INCORRECT in refused.stdout + refused.stderr
    # Neither history nor backups are encrypted anew.
    left = {key for key, salt in salts(server).items() if salt == old}
    assert left >= {key for key in former if "/history/" in key or "/backups/" in key} and left


def test_beside_an_apply_only_the_stack_file_changes_and_putting_it_back_mends_that(
    stored: StoredStack, server: StateServer
) -> None:
    before, provider = stored.file.read_text(), provider_of(server)
    stored.write("new-passphrase", "a third passphrase\n")
    apply = Paused(stored, server)
    try:
        done = stored.try_step("change-passphrase")
        assert done.returncode != 0 and "currently locked by 1 lock(s)" in done.stderr
        assert stored.file.read_text() != before and provider_of(server) == provider
    finally:
        ended = apply.finish()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not stored.opens()
    stored.file.write_text(before)
    assert stored.opens()


def test_without_input_the_passphrase_becomes_empty_so_the_step_refuses_that(stored: StoredStack) -> None:
    before = stored.file.read_text()
    stored.write("new-passphrase", "")
    assert stored.try_step("change-passphrase").returncode != 0
    assert stored.file.read_text() == before and stored.opens()
    stored.run("stack", "change-secrets-provider", "passphrase")
    assert stored.opens(PULUMI_CONFIG_PASSPHRASE="") and not stored.opens()
    stored.passphrase.write_text("")


def test_after_a_lost_passphrase_secrets_are_set_again_and_the_state_keeps_all_else(
    stored: StoredStack, server: StateServer, machine: External
) -> None:
    resources = {urn: one.get("id") for urn, one in stored.resources().items()}
    stored.passphrase.write_text("a fresh passphrase\n")
    assert not stored.opens()
    shown = stored.step("lost-passphrase")
    assert re.search(r"~ \d+ to update", shown) and not re.search(r"to (create|delete|replace)", shown), shown
    stored.run("preview", "--expect-no-changes")
    assert provider_of(server)["state"]["salt"] == stored.salt()
    assert {urn: one.get("id") for urn, one in stored.resources().items()} == resources
    assert len(bird_routes(machine)) == 3
