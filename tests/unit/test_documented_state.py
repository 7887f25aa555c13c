"""docs/state.md: every block of commands is a step, and every step is run by a test on the lab."""

import re

import pytest

from lab.layout import PROJECT
from tests.integration.documented import DOCUMENT, Step, read_steps


def test_every_block_of_commands_is_a_step_that_a_test_runs() -> None:
    steps = read_steps()
    assert len(steps) == DOCUMENT.read_text().count("```sh\n") > 0
    sources = [path.read_text() for path in (PROJECT / "tests" / "integration").glob("*.py")]
    run = {name for text in sources for name in re.findall(r'step\(f?"([^"]+)"', text)}
    # By the server's name.
    run |= {f"restore-{server}" for server in ("s3", "postgresql") if "restore-{server.name}" in run}
    assert steps.keys() <= run


def test_what_is_printed_is_compared_line_by_line_with_gaps() -> None:
    step = Step("", "created by …@… (pid …)\nImport complete.\n", False)
    step.check_output("first\ncreated by root@host (pid 12)\nImport complete.\nlast\n")
    with pytest.raises(AssertionError, match="docs/state.md has 'Import complete.', printed was:"):
        step.check_output("created by root@host (pid 12)\nImport\n")
