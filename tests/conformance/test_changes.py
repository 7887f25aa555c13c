"""What the plugin reports as changed, by path.

A changed trigger replaces through two parts: the plugin names the element, and the SDK's
`replace_on_changes=["triggers[*]"]` makes the engine replace for it, `update` given or not.
"""

from typing import Any

import pytest

from tests.conformance.plugin import COMMAND, COPY, Plugin, Resource
from tests.conformance.wire import UNKNOWN, Properties, file_asset, secret, text_asset

INPUTS: Properties = {
    "connection": {"host": "machine"},
    "update": "true",
    "stdin": secret("old"),
    "triggers": [1, {"deep": "old"}],
    "environment": {"A": "old", "with.dot": "old"},
}
COPY_INPUTS: Properties = {
    "connection": {"host": "machine"},
    "remotePath": "/file",
    "source": text_asset("old"),
    "triggers": [1],
}


def made(plugin: Plugin) -> Resource:
    """A command that ran nothing."""
    return plugin.create(COMMAND, INPUTS)


def without(name: str) -> Properties:
    """The inputs but one."""
    return {key: value for key, value in INPUTS.items() if key != name}


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, {}),
        ({"stdin": secret("new")}, {"stdin": "UPDATE"}),
        ({"stdin": "old"}, {"stdin": "UPDATE"}),
        ({"create": "true"}, {"create": "ADD"}),
        ({"create": UNKNOWN}, {"create": "ADD"}),
        ({"connection": {"host": "other"}}, {"connection": "UPDATE"}),
        ({"triggers": [2, {"deep": "old"}]}, {"triggers[0]": "UPDATE"}),
        ({"triggers": [1, {"deep": "new"}]}, {"triggers[1].deep": "UPDATE"}),
        ({"triggers": [1, {"deep": "old"}, 3]}, {"triggers[2]": "ADD"}),
        ({"triggers": [1]}, {"triggers[1]": "DELETE"}),
        ({"triggers": [UNKNOWN, {"deep": "old"}]}, {"triggers[0]": "UPDATE"}),
        ({"triggers": UNKNOWN}, {"triggers": "UPDATE_REPLACE"}),
        (
            {"environment": {"A": "new", "with.dot": "new", "B": "new"}},
            {
                "environment.A": "UPDATE",
                'environment["with.dot"]': "UPDATE",
                "environment.B": "ADD",
            },
        ),
    ],
)
def test_changes_are_named_by_path(plugin: Plugin, change: Properties, kinds: dict[str, str]) -> None:
    seen = plugin.diff(COMMAND, made(plugin), INPUTS | change)
    assert seen.kinds == kinds
    assert seen.changes is bool(kinds)
    assert seen.diffs == set(change)
    assert seen.replaces == {path for path, kind in kinds.items() if kind.endswith("_REPLACE")}


def test_triggers_that_come_or_go_replace(plugin: Plugin) -> None:
    gone = plugin.diff(COMMAND, made(plugin), without("triggers"))
    assert (gone.kinds, gone.replaces) == ({"triggers": "DELETE_REPLACE"}, {"triggers"})
    bare = plugin.create(COMMAND, without("triggers"))
    come = plugin.diff(COMMAND, bare, INPUTS)
    assert (come.kinds, come.replaces) == ({"triggers": "ADD_REPLACE"}, {"triggers"})


def test_ignored_changes_are_none(plugin: Plugin) -> None:
    seen = plugin.diff(COMMAND, made(plugin), INPUTS | {"triggers": [9]}, ignore=["triggers"])
    assert not seen.changes


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, {}),
        ({"source": text_asset("new")}, {"source": "UPDATE"}),
        ({"source": file_asset("/etc/hostname")}, {"source": "UPDATE"}),
        ({"remotePath": "/other"}, {"remotePath": "UPDATE"}),
        ({"triggers": [2]}, {"triggers[0]": "UPDATE"}),
    ],
)
def test_changes_of_a_copy(plugin: Plugin, change: Properties, kinds: dict[str, str]) -> None:
    checked = plugin.check(COPY, COPY_INPUTS)
    seen = plugin.diff(COPY, Resource("id", checked, checked), COPY_INPUTS | change)
    assert seen.kinds == kinds


@pytest.mark.parametrize("kind", ["Command", "CopyToRemote"])
@pytest.mark.filterwarnings("ignore:This resource is deprecated")
def test_sdk_registers_triggers_for_replacement(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other half of a replacement, which is not the plugin's."""
    from pulumi_command import remote

    seen: list[Any] = []

    def register(resource: Any, kind: str, name: str, props: Any, opts: Any, **_: Any) -> None:
        seen.append(opts)

    monkeypatch.setattr("pulumi.CustomResource.__init__", register)
    more = {"remote_path": "/file", "source": "text"} if kind == "CopyToRemote" else {}
    getattr(remote, kind)("it", connection=remote.ConnectionArgs(host="machine"), **more)
    assert seen[0].replace_on_changes == ["triggers[*]"]
    assert seen[0].additional_secret_outputs == ["connection"]
