"""local.Command: the same life as remote.Command, on the machine the program runs on."""

from pathlib import Path

import pytest

from tests.conformance.plugin import LOCAL, Plugin, PluginError
from tests.conformance.wire import secret


def test_runs_in_its_folder_with_its_environment(plugin: Plugin, tmp_path: Path) -> None:
    inputs = {
        "create": 'pwd; echo "$A"; cat; echo err >&2',
        "dir": str(tmp_path),
        "environment": {"A": "one"},
        "stdin": secret("in"),
    }
    made = plugin.create(LOCAL, inputs)
    assert made.outputs["stdout"].splitlines() == [str(tmp_path), "one", "in"]
    assert made.outputs["stderr"] == "err"
    assert made.outputs["stdin"] == secret("in")


def test_interpreter(plugin: Plugin) -> None:
    made = plugin.create(LOCAL, {"create": "printf a", "interpreter": ["/bin/echo", "say:"]})
    assert made.outputs["stdout"] == "say: printf a"


def test_update_and_delete_find_the_previous_output(plugin: Plugin, tmp_path: Path) -> None:
    inputs = {
        "create": "echo one",
        "update": 'echo "after $PULUMI_COMMAND_STDOUT"',
        "delete": 'echo "$PULUMI_COMMAND_STDOUT" > deleted',
        "dir": str(tmp_path),
    }
    made = plugin.create(LOCAL, inputs)
    changed = plugin.update(LOCAL, made, inputs | {"stdin": "new"})
    assert changed.outputs["stdout"] == "after one"
    plugin.delete(LOCAL, changed)
    assert (tmp_path / "deleted").read_text() == "after one\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo out; exit 3", 'exit status 3: running "echo out; exit 3":\nout\n'),
        ("kill -TERM $$", 'signal: terminated: running "kill -TERM $$":\n'),
    ],
    ids=["status", "signal"],
)
def test_failure(plugin: Plugin, command: str, said: str) -> None:
    with pytest.raises(PluginError) as failed:
        plugin.create(LOCAL, {"create": command, "stdin": "hush-hush"})
    assert str(failed.value) == said


def test_preview_runs_nothing(plugin: Plugin, tmp_path: Path) -> None:
    plugin.create(LOCAL, {"create": "touch ran", "dir": str(tmp_path)}, preview=True)
    assert not (tmp_path / "ran").exists()


def test_changed_trigger_is_named(plugin: Plugin) -> None:
    made = plugin.create(LOCAL, {"update": "true", "triggers": ["a"]})
    seen = plugin.diff(LOCAL, made, {"update": "true", "triggers": ["b"]})
    assert seen.kinds == {"triggers[0]": "UPDATE"}
