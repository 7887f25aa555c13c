"""A preview before anything exists: it reads like a change request and touches nothing."""

import pytest

from lab.external import External
from tests.integration.conftest import Calico, Stack
from tests.integration.test_leaving import on_machine


@pytest.mark.main_path
def test_the_first_preview_shows_everything_and_changes_nothing(
    bare_stack: Stack, machine: External, calico: Calico
) -> None:
    bare_stack.destroy()
    before = on_machine(machine)
    text = bare_stack.preview("--show-full-output").stdout
    for what in ("bgppeer-external", "10.96.0.0/12", "192.168.0.0/16", "neighbor range 172.34.8.0/24"):
        assert what in text
    assert on_machine(machine) == before
    assert calico.find("bgppeers", "bgppeer-external") is None
