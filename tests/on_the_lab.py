"""The lab as the tests see it, what all that run on its management host share: `make integration`.

From there everything is reached as the program itself reaches it: ssh, OpenStack, Kubernetes; and the
external machine is looked at from inside, with its own `ip` and `birdc`. A folder's conftest.py takes the
fixtures from here.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from openstack import connect
from openstack.connection import Connection

from lab.external import External
from lab.hosts import Host
from lab.layout import PROJECT, Layout
from lab.machine import Machine
from lab.site import PEER
from lab.waiting import wait_for
from tests.ending import outcome, with_the_run

Json = Any
Changed = Callable[..., dict[str, str]]


@dataclass(frozen=True)
class Stack:
    """The stack, driven by the real engine as a person would."""

    name: str = "lab"

    def run(
        self, *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `pulumi ARGUMENTS` without questions; its whole output in the failure."""
        done = outcome(self.start(*arguments, environment=environment))
        if check and done.returncode != 0:
            pytest.fail(f"pulumi {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `pulumi ARGUMENTS` without questions, to look at things meanwhile."""
        return with_the_run(
            ["pulumi", *arguments, "--stack", self.name, "--non-interactive", "--color", "never"],
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_to_kill(
        self, command: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `pulumi COMMAND` in a process group of its own, with nobody to hear it."""
        return with_the_run(
            ["pulumi", command, "--yes", "--skip-preview", "--stack", self.name, "--non-interactive"],
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def unlock(self) -> None:
        """Break the lock of an engine that is gone, which is the user's to do."""
        self.run("cancel", "--yes", check=False)

    def up(self, *options: str) -> str:
        """`pulumi up`, as it stands or with options."""
        return self.run("up", "--yes", "--skip-preview", *options).stdout

    def destroy(self) -> str:
        """`pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview").stdout

    def preview(self, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`pulumi preview --diff`."""
        return self.run("preview", "--diff", *options, check=check)

    def resources(self) -> list[dict[str, Json]]:
        """What is in its state; what a killed engine was about to make stands elsewhere in it."""
        state = json.loads(self.run("stack", "export").stdout)
        found: list[dict[str, Json]] = state["deployment"].get("resources", [])
        return found

    def output(self, name: str) -> Json:
        """One of the stack's outputs."""
        return json.loads(self.run("stack", "output", name, "--json").stdout)


@dataclass(frozen=True)
class Calico:
    """The cluster's BGP objects, through projectcalico.org/v3."""

    api: client.CustomObjectsApi

    def find(self, plural: str, name: str) -> dict[str, Json] | None:
        """An object, or None."""
        try:
            found: Json = self.api.get_cluster_custom_object("projectcalico.org", "v3", plural, name)
        except client.ApiException as error:
            if error.status == 404:
                return None
            raise
        return dict[str, Json](found)

    def spec(self, plural: str, name: str) -> dict[str, Json]:
        """An object's spec; the object has to exist."""
        found = self.find(plural, name)
        assert found is not None, f"{plural}/{name} does not exist"
        return dict(found["spec"])

    def put(self, plural: str, kind: str, name: str, spec: dict[str, Json]) -> None:
        """Write an object as somebody else would, by hand."""
        body = {
            "apiVersion": "projectcalico.org/v3",
            "kind": kind,
            "metadata": {"name": name},
            "spec": spec,
        }
        found = self.find(plural, name)
        if found is None:
            self.api.create_cluster_custom_object("projectcalico.org", "v3", plural, body)
        else:
            body["metadata"] = found["metadata"]
            self.api.replace_cluster_custom_object("projectcalico.org", "v3", plural, name, body)

    def delete(self, plural: str, name: str) -> None:
        """Delete an object if it is there."""
        if self.find(plural, name) is not None:
            self.api.delete_cluster_custom_object("projectcalico.org", "v3", plural, name)


@pytest.fixture(scope="session")
def layout() -> Layout:
    """The running lab's folders."""
    folder = os.environ.get("CALICO_PEERING_LAB")
    if not folder:
        pytest.exit("these tests run on the lab's management host: use `make integration`", 2)
    signal.signal(signal.SIGTERM, _interrupt)
    return Layout()


def _interrupt(*_: object) -> None:
    """Clear up as after Ctrl-C, as whoever waits no longer (`timeout`) wants the lab for the next run too."""
    # The second time without clearing up.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def machine(layout: Layout) -> External:
    """The external machine."""
    return External(layout, Host(PEER, layout))


@pytest.fixture(scope="session")
def cloud(layout: Layout) -> Connection:
    """OpenStack, with the rights of whoever made the cluster."""
    return connect(cloud="admin")


@pytest.fixture(scope="session")
def calico(layout: Layout) -> Calico:
    """The cluster's BGP objects."""
    config.load_kube_config(str(layout.kubeconfig))  # type: ignore[no-untyped-call]
    return Calico(client.CustomObjectsApi())


@pytest.fixture(scope="session")
def bare_stack(layout: Layout) -> Iterator[Stack]:
    """The stack with nothing in it; nothing of it stays afterwards."""
    stack = Stack()
    # A run that was killed may have left its engine's.
    stack.unlock()
    stack.destroy()
    yield stack
    stack.destroy()


@contextmanager
def emptied(stack: Stack) -> Iterator[Stack]:
    """The stack, of which nothing stays after the block, also when a test fails in it.

    For what no later `destroy` could take away: its way to the machine, or its settings, end with the block.
    """
    try:
        yield stack
    finally:
        stack.destroy()


@pytest.fixture
def stack(bare_stack: Stack) -> Stack:
    """The stack applied: what a test finds wrong is what it did itself."""
    bare_stack.up("--refresh")
    return bare_stack


@pytest.fixture(scope="module")
def module_stack(bare_stack: Stack) -> Stack:
    """The stack applied once for all tests here."""
    bare_stack.up("--refresh")
    return bare_stack


@pytest.fixture
def changed(layout: Layout, tmp_path: Path) -> Changed:
    """The environment in which the stack has other settings; the lab's own file stays as it is."""

    return lambda **settings: with_settings(layout, tmp_path, **settings)


def with_settings(layout: Layout, folder: Path, **settings: Any) -> dict[str, str]:
    """The environment in which the stack has other settings, written into `folder`."""
    document = yaml.safe_load((layout.stack / "Pulumi.lab.yaml").read_text())
    for key, value in settings.items():
        document["config"][f"calico-peering:{key}"] = value
    path = folder / "Pulumi.lab.yaml"
    path.write_text(yaml.safe_dump(document))
    return {"PULUMI_OPTION_CONFIG_FILE": str(path)}


def encrypted(folder: Path, layout: Layout, key: str, value: str) -> Json:
    """A secret of the configuration, as the engine encrypts it for the stack."""
    path = folder / f"Pulumi.{key}.yaml"
    shutil.copy(layout.stack / "Pulumi.lab.yaml", path)
    subprocess.run(
        ["pulumi", "config", "set", "--secret", key, "--stack", "lab"],
        env={**os.environ, "PULUMI_OPTION_CONFIG_FILE": str(path)},
        input=value,
        cwd=PROJECT,
        text=True,
        check=True,
    )
    return yaml.safe_load(path.read_text())["config"][f"calico-peering:{key}"]


def bird_routes(machine: Machine) -> dict[str, list[str]]:
    """The kernel's routes that BIRD made: prefix → next hops in order."""
    answer = machine.run("ip", "-j", "route", "show", "proto", "bird").stdout
    return {
        route["dst"]: sorted(
            (hop["gateway"] for hop in route.get("nexthops", [route])),
            key=lambda gateway: [int(part) for part in gateway.split(".")],
        )
        for route in json.loads(answer or "[]")
    }


def poll(what: str, probe: Callable[[], bool], timeout: float = 30) -> None:
    """Wait for something to become true, up to `timeout` seconds."""
    wait_for(what, probe, timeout, every=0.2)


def plain(text: str) -> str:
    """A preview without the padding that depends on the names' lengths."""
    return re.sub(r"[ \t]+", " ", text)
