"""remote.Command: which command runs when, with what input, and what is kept of its output."""

import re

import pytest

from tests.conformance.machine import Machine, Ran
from tests.conformance.plugin import COMMAND, Plugin, PluginError
from tests.conformance.wire import UNKNOWN, Properties, is_secret, is_unknown, revealed, secret

LIFE = {"create": "echo created", "update": "echo updated", "delete": "echo deleted"}


def test_create_runs_create(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(**LIFE))
    assert machine.commands == ["echo created"]
    assert made.outputs["stdout"] == "created"
    assert re.fullmatch("it[0-9a-f]{8}", made.id)


def test_streams_are_kept_apart_and_lose_one_newline(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(create="echo out; printf 'err\\n\\n' >&2"))
    assert (made.outputs["stdout"], made.outputs["stderr"]) == ("out", "err\n")


def test_stdin_reaches_the_command_and_no_error(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(create="wc -c", stdin=secret("x" * 200_000)))
    assert made.outputs["stdout"].strip() == "200000"
    with pytest.raises(PluginError) as failed:
        plugin.create(COMMAND, machine.command(create="exit 1", stdin=secret("hush-hush")))
    assert "hush-hush" not in str(failed.value)


def test_without_stdin_the_command_reads_nothing(plugin: Plugin, machine: Machine) -> None:
    plugin.create(COMMAND, machine.command(create="cat"))
    assert machine.ran == [Ran("cat", "", {})]


def test_command_that_ignores_its_stdin_succeeds(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(create="echo done", stdin="x" * 3_000_000))
    assert made.outputs["stdout"] == "done"


def test_without_create_nothing_runs(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(update="echo updated"))
    assert (made.outputs["stdout"], made.outputs["stderr"]) == ("", "")
    assert machine.connections == 0


def test_state_holds_inputs_with_their_secrets(plugin: Plugin, machine: Machine) -> None:
    inputs = machine.command(create="cat", stdin=secret("hush-hush"), triggers=[1])
    made = plugin.create(COMMAND, inputs)
    assert made.outputs == made.inputs | {"stdout": "hush-hush", "stderr": ""}
    assert is_secret(made.outputs["connection"]) and is_secret(made.outputs["stdin"])


def test_update_runs_update(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(**LIFE))
    changed = plugin.update(COMMAND, made, machine.command(**LIFE, stdin="new"))
    assert machine.commands == ["echo created", "echo updated"]
    assert changed.outputs["stdout"] == "updated"
    assert changed.outputs["stdin"] == "new"


def test_update_runs_create_where_there_is_no_update(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(create="echo 1"))
    changed = plugin.update(COMMAND, made, machine.command(create="echo 2"))
    assert machine.commands == ["echo 1", "echo 2"]
    assert changed.outputs["stdout"] == "2"


def test_update_without_any_command_keeps_the_output(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(create="echo 1"))
    changed = plugin.update(COMMAND, made, machine.command(stdin="new"))
    assert machine.commands == ["echo 1"]
    assert changed.outputs["stdout"] == "1"


def test_delete_runs_the_delete_in_the_state(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(**LIFE, stdin="in"))
    plugin.delete(COMMAND, made)
    assert machine.ran[-1].command == "echo deleted"
    assert machine.ran[-1].stdin == "in"


def test_delete_without_a_command_leaves_the_machine_alone(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(create="true"))
    connections = machine.connections
    plugin.delete(COMMAND, made)
    assert machine.connections == connections


def test_delete_from_a_machine_that_is_gone_fails(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(**LIFE))
    made.outputs["connection"]["value"]["port"] = 1
    with pytest.raises(PluginError, match=r"dial tcp 127\.0\.0\.1:1: connect: connection refused"):
        plugin.delete(COMMAND, made)


def test_refresh_reads_nothing(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COMMAND, machine.command(**LIFE))
    connections = machine.connections
    assert plugin.read(COMMAND, made) == made
    assert machine.connections == connections


def test_preview_of_a_create_runs_nothing(plugin: Plugin, machine: Machine) -> None:
    seen = plugin.create(COMMAND, machine.command(create=UNKNOWN, stdin=secret("s")), preview=True)
    assert machine.connections == 0
    assert is_unknown(seen.outputs["stdout"]) and is_unknown(seen.outputs["stderr"])
    assert is_unknown(seen.outputs["create"])
    assert seen.outputs["stdin"] == secret("s")


@pytest.mark.parametrize(
    ("change", "unsure"),
    [
        ({}, False),
        ({"stdin": "new"}, True),
        ({"stdin": UNKNOWN}, True),
        ({"environment": {"A": "1"}}, False),
    ],
    ids=["nothing", "changed", "unknown", "added"],
)
def test_preview_of_an_update_doubts_the_output_only_of_a_change(
    plugin: Plugin, machine: Machine, change: Properties, unsure: bool
) -> None:
    """An input that was not there before casts no doubt, strange as it is."""
    inputs = machine.command(create="echo made", stdin="old")
    made = plugin.create(COMMAND, inputs)
    seen = plugin.update(COMMAND, made, inputs | change, preview=True)
    assert machine.commands == ["echo made"]
    assert is_unknown(seen.outputs["stdout"]) is unsure
    assert unsure or seen.outputs["stdout"] == "made"


def test_output_of_secret_input_is_not_secret(plugin: Plugin, machine: Machine) -> None:
    """A trap: who prints a secret has it in the state in clear (pulumi-command #260)."""
    made = plugin.create(COMMAND, machine.command(create=secret("echo hush"), stdin=secret("s")))
    assert made.outputs["stdout"] == "hush"
    assert is_secret(made.outputs["create"])
    assert revealed(made.outputs["create"]) == "echo hush"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo out; exit 3", 'Process exited with status 3: running "echo out; exit 3":\nout\n'),
        (
            "echo err >&2; kill -TERM $$",
            'Process exited with status 143 from signal TERM: running "echo err >&2; kill -TERM $$":\nerr\n',
        ),
        (
            'exit 1 # "quotes", tab \t, newline \n, é, \x01, ☃, \u200b, \\',
            "Process exited with status 1: running"
            ' "exit 1 # \\"quotes\\", tab \\t, newline \\n, é, \\x01, ☃, \\u200b, \\\\":\n',
        ),
    ],
    ids=["status", "signal", "quoting"],
)
def test_failure_tells_status_command_and_output(
    plugin: Plugin, machine: Machine, command: str, said: str
) -> None:
    with pytest.raises(PluginError) as failed:
        plugin.create(COMMAND, machine.command(create=command))
    assert str(failed.value) == said


def test_failure_tells_both_streams(plugin: Plugin, machine: Machine) -> None:
    with pytest.raises(PluginError) as failed:
        plugin.create(COMMAND, machine.command(create="echo out; echo err >&2; exit 4"))
    assert {"out", "err"} <= set(str(failed.value).splitlines())


def test_update_and_delete_fail_alike(plugin: Plugin, machine: Machine) -> None:
    inputs = machine.command(create="true", update="exit 5", delete="exit 6")
    made = plugin.create(COMMAND, inputs)
    with pytest.raises(PluginError, match=r'^Process exited with status 5: running "exit 5":'):
        plugin.update(COMMAND, made, inputs | {"stdin": "new"})
    with pytest.raises(PluginError, match=r'^Process exited with status 6: running "exit 6":'):
        plugin.delete(COMMAND, made)


def test_many_run_side_by_side(plugin: Plugin, machine: Machine) -> None:
    """Each waits until all are there: one after the other would never end."""
    from concurrent.futures import ThreadPoolExecutor

    together = "touch here.$$; while [ $(ls here.* | wc -l) -lt 5 ]; do sleep 0.05; done; echo met"
    with ThreadPoolExecutor(5) as pool:
        inputs = machine.command(create=f"timeout 20 sh -c '{together}'")
        made = list(pool.map(lambda _: plugin.create(COMMAND, inputs), range(5)))
    assert [one.outputs["stdout"] for one in made] == ["met"] * 5
