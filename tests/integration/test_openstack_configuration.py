"""openstacksdk and pulumi-openstack are one user in one region, however the cloud is configured."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
import yaml
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from openstack.connection import Connection
from openstack.exceptions import SDKException
from pulumi.runtime.proto import provider_pb2

from components.ports import openstack_api
from components.ports.gophercloud_login import Arguments
from components.ports.plugin_cloud import plugin_cloud
from components.shared.provider_errors import ProviderError
from lab.layout import Layout
from tests.integration.application_credentials import entries
from tests.integration.conftest import Changed, Stack, emptied, with_settings
from tests.integration.provided import PODS, Port
from tests.integration.real_plugin import real_plugin
from tests.integration.small_program import SmallProgram
from tests.unit.cloud_cases import BESIDE, EXPLICITLY, REFUSED, SOUND, Case, enter
from tests.unit.recording_keystone import Keystone, LoggedIn, recording_keystone

NOT_BY_NAME: dict[str, Case] = {**BESIDE, **EXPLICITLY, **REFUSED}
URN = "urn:pulumi:lab::calico-peering::openstack:networking/secGroup:SecGroup::group"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    with recording_keystone(tmp_path_factory.mktemp("clouds")) as keystone:
        yield keystone


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
    with real_plugin("openstack", environment, folder) as provider:
        config = _as_config(arguments)
        provider.Configure(provider_pb2.ConfigureRequest(args=config, acceptSecrets=True), timeout=60)
        # The group is not there, which is an answer.
        provider.Read(provider_pb2.ReadRequest(id="group", urn=URN), timeout=60)


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


@dataclass(frozen=True)
class Clouds:
    """The lab's entry of clouds.yaml, to be written in other ways."""

    folder: Path
    entry: dict[str, Any]

    @property
    def password(self) -> str:
        return str(self.entry["auth"]["password"])

    def write(self, file: str, **entries: Any) -> str:
        """A file with these entries; its path."""
        path = self.folder / file
        path.write_text(yaml.safe_dump({"clouds": entries}))
        path.chmod(0o600)
        return str(path)

    def without_password(self, **more: Any) -> dict[str, Any]:
        auth = {key: value for key, value in self.entry["auth"].items() if key != "password"}
        return {**self.entry, "auth": auth, **more}

    @property
    def only_password(self) -> dict[str, Any]:
        return {"auth": {"password": self.password}}


@pytest.fixture
def clouds(layout: Layout, tmp_path: Path) -> Clouds:
    return Clouds(tmp_path, yaml.safe_load(layout.clouds.read_text())["clouds"]["lab"])


@pytest.fixture(scope="module")
def with_group(bare_stack: Stack, layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stack with the nodes' security group, by the lab's own configuration; the group's id."""
    settings = with_settings(layout, tmp_path_factory.mktemp("settings"), nodeSecurityGroup=True)
    with emptied(bare_stack):
        bare_stack.run("up", "--yes", "--skip-preview", environment=settings)
        yield group_of(bare_stack)


def group_of(stack: Stack) -> str:
    [made] = [
        one["id"] for one in stack.resources() if one["type"] == "openstack:networking/secGroup:SecGroup"
    ]
    return str(made)


WAYS = ["secure file", "regions", "another OS_CLOUD", "interface"]


def environment_of(way: str, clouds: Clouds) -> dict[str, str]:
    """What the lab's cloud looks like another way."""
    region = clouds.entry["region_name"]
    unchosen = {key: value for key, value in clouds.entry.items() if key != "region_name"}
    bad = {**clouds.entry, "auth": {**clouds.entry["auth"], "username": "nobody"}}
    entry, more = {
        "secure file": (
            clouds.without_password(),
            {"OS_CLIENT_SECURE_FILE": clouds.write("secret.yaml", lab=clouds.only_password), "OS_CLOUD": ""},
        ),
        "regions": ({**unchosen, "regions": [region, "Elsewhere"]}, {"OS_REGION_NAME": "Elsewhere"}),
        "another OS_CLOUD": (clouds.entry, {"OS_CLOUD": "other", "OS_USERNAME": "nobody"}),
        "interface": ({**clouds.entry, "interface": "internal"}, {"OS_ENDPOINT_TYPE": "admin"}),
    }[way]
    return {"OS_CLIENT_CONFIG_FILE": clouds.write("clouds.yaml", lab=entry, other=bad), **more}


@pytest.mark.parametrize("way", WAYS)
def test_the_stack_works_however_its_cloud_is_written_and_replaces_nothing(
    way: str, with_group: str, bare_stack: Stack, changed: Changed, clouds: Clouds
) -> None:
    environment = {**changed(nodeSecurityGroup=True, cloud="lab"), **environment_of(way, clouds)}
    output = bare_stack.run("up", "--yes", "--skip-preview", environment=environment).stdout
    assert ("the stack's state holds the password" in output) == (way == "secure file")
    assert "replaced" not in output and group_of(bare_stack) == with_group
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=environment)
    state = bare_stack.run("stack", "export").stdout
    assert clouds.password not in state and clouds.password not in output


@pytest.mark.parametrize("way", WAYS)
def test_a_first_up_works_and_destroy_leaves_nothing(
    way: str, bare_stack: Stack, changed: Changed, clouds: Clouds, cloud: Connection
) -> None:
    """`destroy` runs no program: what it needs to log in is in the state."""
    bare_stack.destroy()
    environment = {**changed(nodeSecurityGroup=True, cloud="lab"), **environment_of(way, clouds)}
    try:
        bare_stack.run("up", "--yes", "--skip-preview", environment=environment)
        made = group_of(bare_stack)
        assert [*cloud.network.security_group_rules(security_group_id=made)]
        assert sum(made in port.security_group_ids for port in cloud.network.ports()) == 4
    finally:
        bare_stack.run("destroy", "--yes", "--skip-preview", environment=environment)
    assert cloud.network.find_security_group(made) is None


def test_what_the_plugin_cannot_be_given_is_told_before_anything_is_written(
    bare_stack: Stack, changed: Changed, clouds: Clouds
) -> None:
    bare_stack.destroy()
    environment = environment_of("secure file", clouds) | {"OS_CLOUD": "lab"}
    wanted = {**changed(nodeSecurityGroup=True), **environment}
    done = bare_stack.run("up", "--yes", "--skip-preview", check=False, environment=wanted)
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "unset OS_CLOUD, and set calico-peering:cloud to lab" in text
    assert clouds.password not in text and "Traceback" not in text
    # The engine's own provider, by which the program has read the state.
    only = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi"}
    assert {one["type"] for one in bare_stack.resources()} <= only
    # Without the plugin nobody asks for anything of the kind.
    bare_stack.run("up", "--yes", "--skip-preview", environment={**changed(), **environment})
    bare_stack.run("destroy", "--yes", "--skip-preview", environment=environment)


PROGRAM = """
import pulumi

from components.ports.address_pairs import AddressPairs
from components.ports.node_security_group import NodeSecurityGroup
from components.ports.openstack_api import connect
from components.ports.openstack_login import entry
from components.ports.plugin_cloud import plugin_cloud

configuration = connect(None).config
cloud, given = entry(configuration), plugin_cloud(configuration)
pulumi.export("given", sorted(given.arguments))
group = NodeSecurityGroup(
    "nodes",
    {
        "machine_name": "secure",
        "machine_addresses": ["172.34.8.45"],
        "machine_networks": [],
        "description": "made by us",
        "cloud": cloud,
        "plugin": given.arguments,
    },
)
AddressPairs(
    "pairs",
    {
        "ports": {"port": "PORT"},
        "networks": ["192.168.0.0/16"],
        "security_group": group.group_id,
        "cloud": cloud,
    },
)
"""


@contextmanager
def applied(folder: Path, port: Port, secret: str, **environment: str) -> Iterator[SmallProgram]:
    """The program on a port, from a folder with the configuration; all of it goes again."""
    engine = SmallProgram(folder, PROGRAM.replace("PORT", port.id), **environment)
    try:
        preview = engine.run("preview", "--diff")
        output = engine.run("up", "--yes", "--skip-preview")
        assert port.networks() == {PODS}
        preview += engine.run("preview", "--diff", "--refresh", "--expect-no-changes")
        state = engine.run("stack", "export")
        assert not [text for text in (preview, output, state) if secret in text]
        yield engine
    finally:
        engine.run("destroy", "--yes", "--skip-preview")
    assert not port.networks()


def test_secure_yaml_beside_clouds_yaml_is_read_by_all(port: Port, clouds: Clouds, tmp_path: Path) -> None:
    """In the program's folder, where each process of the engine looks first."""
    (folder := tmp_path / "program").mkdir()
    clouds.write("program/clouds.yaml", site=clouds.without_password())
    clouds.write("program/secure.yaml", site=clouds.only_password)
    unset = {"OS_CLIENT_CONFIG_FILE": "", "OS_CLOUD": ""}
    with applied(folder, port, clouds.password, **unset) as engine:
        assert json.loads(engine.run("stack", "output", "given", "--json")) == ["cloud"]


def test_the_secret_of_an_application_credential_is_encrypted_in_the_state(
    port: Port, clouds: Clouds, tmp_path: Path
) -> None:
    """pulumi-openstack itself marks the password only."""
    (folder := tmp_path / "program").mkdir()
    with entries() as make:
        entry = make("member", [])
        secret = entry["auth"].pop("application_credential_secret")
        environment = {
            "OS_CLIENT_CONFIG_FILE": clouds.write("clouds.yaml", site=entry),
            "OS_CLIENT_SECURE_FILE": clouds.write(
                "secret.yaml", site={"auth": {"application_credential_secret": secret}}
            ),
            "OS_CLOUD": "",
        }
        with applied(folder, port, secret, **environment) as engine:
            given = json.loads(engine.run("stack", "output", "given", "--json"))
            assert "application_credential_secret" in given


def test_destroy_finds_the_cloud_of_up_where_os_cloud_names_another(
    bare_stack: Stack, changed: Changed, clouds: Clouds, cloud: Connection
) -> None:
    bare_stack.destroy()
    with emptied(bare_stack):
        bare_stack.run("up", "--yes", "--skip-preview", environment=changed(nodeSecurityGroup=True))
        made = group_of(bare_stack)
        elsewhere = {**environment_of("another OS_CLOUD", clouds)}
        bare_stack.run("destroy", "--yes", "--skip-preview", environment=elsewhere)
        assert cloud.network.find_security_group(made) is None
        assert not any(port.allowed_address_pairs for port in cloud.network.ports(name="node1"))
