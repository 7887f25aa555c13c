"""Environment variables of a remote.Command, also the previous output; sshd has to accept them."""

import pytest

from tests.conformance.machine import Machine
from tests.conformance.plugin import COMMAND, Plugin, PluginError

PREVIOUS = {"PULUMI_COMMAND_STDOUT": "out", "PULUMI_COMMAND_STDERR": "err"}
PRINT = "echo out; echo err >&2"


def test_environment_reaches_the_command(plugin: Plugin, machine: Machine) -> None:
    inputs = machine.command(create='echo "$A $B"', environment={"A": "one", "B": "two é"})
    assert plugin.create(COMMAND, inputs).outputs["stdout"] == "one two é"


def test_refused_variable_fails_before_the_command(plugin: Plugin, machine: Machine) -> None:
    machine.accepts_environment = False
    with pytest.raises(PluginError) as failed:
        plugin.create(COMMAND, machine.command(create="true", environment={"A": "hush-hush"}))
    assert str(failed.value) == 'could not set environment variable "A": ssh: setenv failed'
    assert machine.ran == []
    assert "AcceptEnv" in plugin.engine.texts("error")[0]
    assert "hush-hush" not in str(plugin.engine.lines)


def test_previous_output_is_in_the_environment(plugin: Plugin, machine: Machine) -> None:
    inputs = machine.command(create=PRINT, delete="true")
    made = plugin.create(COMMAND, inputs)
    assert machine.ran[-1].environment == {}
    plugin.update(COMMAND, made, inputs | {"update": PRINT})
    assert machine.ran[-1].environment == PREVIOUS
    plugin.delete(COMMAND, made)
    assert machine.ran[-1].environment == PREVIOUS


def test_previous_output_can_be_left_out(plugin: Plugin, machine: Machine) -> None:
    inputs = machine.command(create=PRINT, delete="true", addPreviousOutputInEnv=False)
    made = plugin.create(COMMAND, inputs)
    plugin.update(COMMAND, made, inputs | {"stdin": "new"})
    plugin.delete(COMMAND, made)
    assert [ran.environment for ran in machine.ran] == [{}, {}, {}]


def test_previous_output_that_is_refused_only_warns(plugin: Plugin, machine: Machine) -> None:
    """Debian's sshd accepts LANG and LC_* only, so this is what a user sees at each update."""
    machine.accepts_environment = False
    inputs = machine.command(create=PRINT)
    made = plugin.create(COMMAND, inputs)
    assert plugin.engine.texts("warning") == []
    changed = plugin.update(COMMAND, made, inputs | {"stdin": "new"})
    assert changed.outputs["stdout"] == "out"
    assert machine.ran[-1].environment == {}
    warnings = plugin.engine.texts("warning")
    assert [name for name in PREVIOUS if any(f"Unable to set '{name}'" in w for w in warnings)] == [*PREVIOUS]
