"""The program and pulumi-kubernetes ask one cluster as one user, whatever the kubeconfig looks like."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from components.calico import plugin_kubeconfig as copies
from components.calico.plugin_kubeconfig import plugin_kubeconfig
from lab.layout import Layout
from tests.integration.conftest import Changed, Stack
from tests.integration.real_plugin import real_plugin
from tests.unit.kubeconfig_cases import Case, write
from tests.unit.kubeconfig_login_table import LOGINS
from tests.unit.kubeconfig_table import FILES
from tests.unit.recording_servers import Seen, Servers, recording_servers

SOUND = {**FILES, **LOGINS}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with recording_servers(tmp_path_factory.mktemp("clusters")) as servers:
        yield servers


@pytest.fixture(autouse=True)
def no_copy_is_left() -> Iterator[None]:
    """A copy is in the home of /etc/passwd, which is the real one."""
    home = copies._home()
    assert home is not None
    folder = Path(home) / copies.FOLDER
    before = {*folder.iterdir()} if folder.is_dir() else set()
    yield
    for path in {*folder.iterdir()} - before if folder.is_dir() else ():
        path.unlink()


def configure(environment: dict[str, str], folder: Path, kubeconfig: str, context: str | None) -> None:
    """What the engine does with a provider: start the plugin, and give it its properties."""
    with real_plugin("kubernetes", environment, folder) as provider:
        variables = {"kubernetes:config:kubeconfig": kubeconfig}
        variables |= {"kubernetes:config:context": context} if context else {}
        asked = provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True)
        provider.Configure(asked, timeout=60)


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_the_plugin_s_cluster_and_user_are_ours(
    case: Case, running: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same table as for our own client (tests/unit/test_kubeconfig.py), by the real plugin."""
    running.seen.clear()
    running.proxied.clear()
    for name in [*os.environ]:
        if name.upper().endswith("_PROXY") or name.startswith("KUBE"):
            monkeypatch.delenv(name)
    environment = write(case, running)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    setting = case.kubeconfig and running.fill_in(case.kubeconfig)
    given = plugin_kubeconfig(setting, case.context)
    monkeypatch.undo()
    # Elsewhere than the kubeconfig, so that a relative path is not found by chance.
    configure({**environment, "TMPDIR": str(tmp_path)}, tmp_path, given, case.context)
    assert set(running.seen) == {Seen(*case.expected)}
    assert bool(running.proxied) == case.proxied


@pytest.fixture
def parts(layout: Layout, tmp_path: Path) -> Path:
    """The lab's kubeconfig in pieces: `first` has the context, `there/second` the rest, by relative paths."""
    whole = yaml.safe_load(layout.kubeconfig.read_text())
    (there := tmp_path / "there").mkdir()
    for kind in ("clusters", "users"):
        entry: dict[str, Any] = whole[kind][0][kind[:-1]]
        for name in [name for name in entry if name.endswith("-data")]:
            file = name.removesuffix("-data")
            (there / file).write_bytes(base64.b64decode(entry.pop(name)))
            entry[file] = file
    second = {**whole, "contexts": [], "current-context": ""}
    (there / "second").write_text(yaml.safe_dump(second))
    (there / "all").write_text(yaml.safe_dump(whole))
    first = {"contexts": whole["contexts"], "current-context": whole["current-context"]}
    (tmp_path / "first").write_text(yaml.safe_dump(first))
    dead: dict[str, Any] = {"clusters": [{"name": "dead", "cluster": {"server": "https://172.34.8.2:1"}}]}
    dead |= {"users": [{"name": "dead", "user": {"token": "none"}}], "current-context": "dead"}
    dead |= {"contexts": [{"name": "dead", "context": {"cluster": "dead", "user": "dead"}}]}
    (tmp_path / "last").write_text(json.dumps(dead))
    return tmp_path


def test_a_list_in_pieces_connects_and_another_machine_sees_no_difference(stack: Stack, parts: Path) -> None:
    """The state has neither paths nor content: with a kubeconfig of its own CI has nothing to change."""
    listed = {"KUBECONFIG": f"{parts}/none:{parts}/first:{parts}/there/second:{parts}/last"}
    stack.run("up", "--yes", "--skip-preview", environment=listed)
    stack.run("preview", "--expect-no-changes")
    stack.run("preview", "--refresh", "--expect-no-changes", environment=listed)
    state = stack.run("stack", "export").stdout
    assert str(parts) not in state and "client-key" not in state


def test_a_setting_whose_file_has_relative_paths_connects(
    stack: Stack, changed: Changed, parts: Path
) -> None:
    environment = {**changed(kubeconfig=str(parts / "there/all")), "KUBECONFIG": f"{parts}/last"}
    stack.run("up", "--yes", "--skip-preview", environment=environment)
    stack.run("preview", "--expect-no-changes", environment=environment)
    state = stack.run("stack", "export").stdout
    assert "client-key" not in state and "PRIVATE KEY" not in state
    stack.run("up", "--yes", "--skip-preview")


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"token": "eyJunknown"}, "its token was refused"),
        ({"username": "nobody", "password": "hidden"}, "its user name and password"),
        ({"exec": {"command": "no-such-plugin"}}, "exec plugin no-such-plugin"),
    ],
    ids=["an unknown token", "a password", "a plugin that is not there"],
)
def test_who_is_not_known_is_told_so_by_the_real_cluster(
    bare_stack: Stack, layout: Layout, tmp_path: Path, user: dict[str, Any], said: str
) -> None:
    document = yaml.safe_load(layout.kubeconfig.read_text())
    if plugin := user.get("exec"):
        plugin |= {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    document["users"][0]["user"] = user
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    done = bare_stack.run("preview", check=False, environment={"KUBECONFIG": str(path)})
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in text
    assert "authentication" in text and said in text and f"user 'lab' of {path}" in text
    assert "hidden" not in text and "eyJunknown" not in text and "user needs" not in text
