"""remote.CopyToRemote: what it puts where, and when it copies again."""

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.machine import Machine
from tests.conformance.plugin import COPY, Plugin, PluginError
from tests.conformance.wire import (
    Properties,
    file_asset,
    folder_archive,
    is_secret,
    is_unknown,
    secret,
    text_asset,
)


def copy(machine: Machine, source: Properties, path: str = "/file", **more: Any) -> Properties:
    """Inputs of a CopyToRemote on `machine`; its files are in `machine.folder`."""
    return {"connection": machine.connection(), "source": source, "remotePath": path, **more}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with files at two depths."""
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "top").write_text("top")
    (folder / "sub" / "deep").write_bytes(bytes(range(256)))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """All files below `folder`, by path."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_text(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COPY, copy(machine, text_asset("text é\n")))
    assert files(machine.folder) == {"file": "text é\n".encode()}
    assert made.outputs == made.inputs
    assert made.id


def test_text_into_folders_that_are_not_there(plugin: Plugin, machine: Machine) -> None:
    plugin.create(COPY, copy(machine, text_asset("text"), "/a/b/file"))
    assert files(machine.folder) == {"a/b/file": b"text"}


def test_text_onto_a_folder_fails(plugin: Plugin, machine: Machine) -> None:
    (machine.folder / "file").mkdir()
    with pytest.raises(PluginError) as failed:
        plugin.create(COPY, copy(machine, text_asset("text")))
    assert str(failed.value) == (
        "remote path /file is a directory; when using a text asset, remotePath must be a file path"
    )


def test_secret_text_stays_secret(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COPY, copy(machine, secret(text_asset("hush-hush"))))
    assert files(machine.folder) == {"file": b"hush-hush"}
    assert is_secret(made.inputs["source"]) and is_secret(made.outputs["source"])
    assert "hush-hush" not in str(plugin.engine.lines)


def test_existing_file_is_overwritten_and_keeps_its_mode(plugin: Plugin, machine: Machine) -> None:
    target = machine.folder / "file"
    target.write_text("something longer than the new text")
    target.chmod(0o640)
    plugin.create(COPY, copy(machine, text_asset("new")))
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_file(plugin: Plugin, machine: Machine, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 20_000)
    large.chmod(0o700)
    plugin.create(COPY, copy(machine, file_asset(str(large)), "/a/file"))
    assert files(machine.folder) == {"a/file": large.read_bytes()}
    assert (machine.folder / "a/file").stat().st_mode & 0o111 == 0


def test_file_into_a_folder_keeps_its_name(plugin: Plugin, machine: Machine, tree: Path) -> None:
    (machine.folder / "there").mkdir()
    plugin.create(COPY, copy(machine, file_asset(str(tree / "top")), "/there"))
    assert files(machine.folder) == {"there/top": b"top"}


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(("ending", "into"), [("", "to/tree/"), ("/", "to/")])
def test_folder(plugin: Plugin, machine: Machine, tree: Path, ending: str, into: str, exists: bool) -> None:
    if exists:
        (machine.folder / "to").mkdir()
        (machine.folder / "to" / "other").write_text("stays")
    plugin.create(COPY, copy(machine, folder_archive(f"{tree}{ending}"), "/to"))
    copied = {f"{into}{name}": content for name, content in files(tree).items()}
    assert files(machine.folder) == copied | ({"to/other": b"stays"} if exists else {})


def test_folder_onto_a_file_fails(plugin: Plugin, machine: Machine, tree: Path) -> None:
    (machine.folder / "to").mkdir()
    (machine.folder / "to" / "tree").write_text("a file")
    with pytest.raises(PluginError) as failed:
        plugin.create(COPY, copy(machine, folder_archive(str(tree)), "/to"))
    assert str(failed.value) == "remote path /to/tree exists but is not a directory"


def test_file_that_is_not_there(plugin: Plugin, machine: Machine) -> None:
    with pytest.raises(PluginError) as failed:
        plugin.create(COPY, copy(machine, file_asset("/no/such/file")))
    assert str(failed.value) == "open /no/such/file: no such file or directory"


def test_machine_that_does_not_answer(plugin: Plugin, machine: Machine) -> None:
    inputs = copy(machine, text_asset("text")) | {"connection": machine.connection(port=1)}
    with pytest.raises(PluginError, match=r"^after 0 failed attempts: dial tcp 127\.0\.0\.1:1: "):
        plugin.create(COPY, inputs)


def test_preview_copies_nothing(plugin: Plugin, machine: Machine) -> None:
    seen = plugin.create(COPY, copy(machine, text_asset("text")), preview=True)
    assert machine.connections == 0
    assert seen.id == ""
    assert is_unknown(seen.outputs["source"])


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({}, False),
        ({"triggers": [2]}, False),
        ({"connection": None}, False),
        ({"source": text_asset("new")}, True),
        ({"remotePath": "/other"}, True),
    ],
    ids=["nothing", "triggers", "connection", "source", "path"],
)
def test_copies_again_only_for_other_content_or_path(
    plugin: Plugin, machine: Machine, change: Properties, again: bool
) -> None:
    """A trap: what somebody changed on the machine is not put right, and a new machine gets nothing."""
    inputs = copy(machine, text_asset("old"), triggers=[1])
    made = plugin.create(COPY, inputs)
    (machine.folder / "file").unlink()
    if "connection" in change:
        change = {"connection": machine.connection(dialErrorLimit=1)}
    changed = plugin.update(COPY, made, inputs | change)
    assert bool(files(machine.folder)) is again
    assert changed.outputs == changed.inputs


def test_destroy_leaves_the_copy(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COPY, copy(machine, text_asset("text")))
    connections = machine.connections
    plugin.delete(COPY, made)
    assert files(machine.folder) == {"file": b"text"}
    assert machine.connections == connections


def test_refresh_reads_nothing(plugin: Plugin, machine: Machine) -> None:
    made = plugin.create(COPY, copy(machine, text_asset("text")))
    (machine.folder / "file").unlink()
    connections = machine.connections
    read = plugin.read(COPY, made)
    assert (read.id, read.inputs["remotePath"]) == (made.id, "/file")
    assert read.inputs["source"]["hash"] == made.inputs["source"]["hash"]
    assert machine.connections == connections
