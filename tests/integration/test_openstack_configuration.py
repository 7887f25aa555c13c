"""openstacksdk and pulumi-openstack are one user in one region, however the cloud is configured."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from openstack.exceptions import SDKException
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.ports import openstack_api
from components.ports.gophercloud_login import Arguments
from components.ports.plugin_cloud import plugin_cloud
from components.shared.provider_errors import ProviderError
from tests.conformance.engine import Engine
from tests.unit.cloud_cases import BESIDE, EXPLICITLY, REFUSED, SOUND, Case, enter
from tests.unit.recording_keystone import Keystone, LoggedIn, recording_keystone

NOT_BY_NAME: dict[str, Case] = {**BESIDE, **EXPLICITLY, **REFUSED}
URN = "urn:pulumi:lab::calico-peering::openstack:networking/secGroup:SecGroup::group"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    with recording_keystone(tmp_path_factory.mktemp("clouds")) as keystone:
        yield keystone


def _program() -> str:
    """The plugin: of the lab's own engine, or of the one on PATH."""
    installed = [
        *Path(os.environ.get("PULUMI_HOME", "/")).glob("plugins/resource-openstack-*/pulumi-resource-*")
    ]
    found = str(installed[0]) if installed else shutil.which("pulumi-resource-openstack")
    assert found is not None
    return found


def _as_config(arguments: Arguments) -> struct_pb2.Struct:
    """As the Python SDK and the engine send them: names in camelCase, bools as JSON."""
    config = struct_pb2.Struct()
    for name, value in arguments.items():
        first, *rest = name.split("_")
        text = value if isinstance(value, str) else str(value).lower()
        config.update({first + "".join(word.capitalize() for word in rest): text})
    return config


def read_a_group(arguments: Arguments, environment: dict[str, str], folder: Path) -> None:
    """What the engine does with a provider: start the plugin, give it its properties, and have it read."""
    engine = Engine()
    plugin = subprocess.Popen(
        [_program(), engine.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        text=True,
    )
    try:
        assert plugin.stdout is not None
        address = f"127.0.0.1:{plugin.stdout.readline().strip()}"
        with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            provider = provider_pb2_grpc.ResourceProviderStub(channel)
            config = _as_config(arguments)
            provider.Configure(provider_pb2.ConfigureRequest(args=config, acceptSecrets=True), timeout=60)
            # The group is not there, which is an answer.
            provider.Read(provider_pb2.ReadRequest(id="group", urn=URN), timeout=60)
    finally:
        plugin.kill()
        plugin.wait()
        engine.stop()


def as_the_program(case: Case, keystone: Keystone, patch: pytest.MonkeyPatch) -> set[LoggedIn]:
    """Who openstacksdk is to Keystone."""
    patch.setattr(openstack_api, "_connections", {})
    keystone.forget()
    connection = openstack_api.connect(case.cloud)
    connection.network.get("/security-groups/group")
    return keystone.seen


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_with_what_it_is_given_the_plugin_is_the_same_user_in_the_same_region(
    case: Case, running: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same table as for the program's model of the plugin (tests/unit/test_plugin_cloud.py)."""
    environment = enter(case, running, monkeypatch)
    expected = as_the_program(case, running, monkeypatch)
    given = plugin_cloud(openstack_api.connect(case.cloud).config, environment)
    running.forget()
    read_a_group(given.arguments, environment, running.folder)
    assert len(expected) == 1
    assert running.seen == expected


@pytest.mark.parametrize("case", NOT_BY_NAME.values(), ids=NOT_BY_NAME.keys())
def test_by_the_entry_s_name_alone_it_is_not(
    case: Case, running: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the program would give, or refuse, what nobody needs."""
    environment = enter(case, running, monkeypatch)
    try:
        expected = as_the_program(case, running, monkeypatch)
    except (SDKException, ProviderError):
        expected = set()
    running.forget()
    try:
        read_a_group({"cloud": case.cloud} if case.cloud else {}, environment, running.folder)
    except grpc.RpcError:
        return
    assert (running.seen == expected) == case.unseen
