"""What a remote.Command prints is shown while it runs, as far as its `logging` says."""

import pytest

from tests.conformance.machine import Machine
from tests.conformance.plugin import COMMAND, Plugin, PluginError, urn

PRINT = "echo from-out; echo from-err >&2"


@pytest.mark.parametrize(
    ("logging", "shown"),
    [
        (None, {"from-out", "from-err"}),
        ("stdoutAndStderr", {"from-out", "from-err"}),
        ("stdout", {"from-out"}),
        ("stderr", {"from-err"}),
        ("none", set()),
    ],
)
def test_logging_chooses_the_streams(
    plugin: Plugin, machine: Machine, logging: str | None, shown: set[str]
) -> None:
    more = {"logging": logging} if logging else {}
    made = plugin.create(COMMAND, machine.command(create=PRINT, **more))
    assert set(plugin.engine.texts("info")) == shown
    assert (made.outputs["stdout"], made.outputs["stderr"]) == ("from-out", "from-err")


def test_lines_are_passing_statuses_of_the_resource(plugin: Plugin, machine: Machine) -> None:
    plugin.create(COMMAND, machine.command(create="echo one; printf two"))
    assert [(line.text, line.status, line.urn) for line in plugin.engine.lines] == [
        ("one", True, urn(COMMAND)),
        ("two", True, urn(COMMAND)),
    ]


def test_error_tells_the_output_that_was_not_logged(plugin: Plugin, machine: Machine) -> None:
    """A trap: `logging: none` does not keep the output out of a failure's text."""
    with pytest.raises(PluginError, match="from-out"):
        plugin.create(COMMAND, machine.command(create=f"{PRINT}; exit 1", logging="none"))
    assert plugin.engine.lines == []
