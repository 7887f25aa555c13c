"""What BirdRouter declares: the commands on the machine, in order, and what they are given."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.bird.bird_router import END, ROUTER, BirdRouter, router_script
from components.bird.package_files import checksums
from components.machine.existing_machine import ExistingMachine
from tests.mocks.recorder import Recorder, recorded

COMMAND = "command:remote:Command"
COPY = "command:remote:CopyToRemote"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"


TEXT = "router id 172.34.8.45;\n"
WORD = "a word nobody may read"


def declared(
    user: str = "root",
    configuration: pulumi.Input[str] = TEXT,
    **more: Any,
) -> BirdRouter:
    machine = ExistingMachine(
        "machine", {"host": "peer", "host_key": "ssh-ed25519 A", "user": user, "private_key": KEY}
    )
    arguments: Any = {
        "connection": machine.connection,
        "sudo": machine.sudo,
        "configurations": {"bird": configuration},
        "sysctls": "address 172.34.8.45\n",
        **more,
    }
    return BirdRouter("router", arguments)


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return recorded(declared, preview=request.param)


def test_script_package_kernel_and_configuration_in_this_order(recorder: Recorder) -> None:
    names = [made.name for made in recorder.made if made.typ == COMMAND]
    assert names == [f"router-{part}" for part in ("script", "package", "guard", "sysctls", "configuration")]
    for urn in recorder.urns(COMMAND):
        assert "calico-peering:index:BirdRouter$" in urn


@pytest.mark.parametrize(("repairs", "more"), [(0, ""), (2.0, " # repair 2")])
def test_after_a_repair_everything_runs_again(repairs: float, more: str) -> None:
    def program() -> None:
        machine = ExistingMachine("machine", {"host": "peer", "host_key": "ssh-ed25519 A"})
        number: Any = pulumi.Output.from_input(repairs)
        given: Any = {"connection": machine.connection, "configurations": {"bird": ""}, "repairs": number}
        BirdRouter("router", given)

    for inputs in recorded(program).of(COMMAND).values():
        # In the text of updates only: in a first preview it is not known yet, and that of creation is.
        assert inputs["update"] == inputs["create"] + more


def test_the_configuration_travels_readable_on_standard_input(recorder: Recorder) -> None:
    inputs = recorder.of(COMMAND)["router-configuration"]
    # Its last line tells one that was cut off on its way.
    assert inputs["stdin"] == TEXT + END
    assert inputs["create"] == inputs["update"] == f"{ROUTER} deliver bird"


def test_the_script_knows_the_end_of_a_configuration_by_the_same_line() -> None:
    assert f"END_OF_CONFIGURATION='{END.strip()}'" in router_script()


def with_password(**more: Any) -> dict[str, dict[str, Any]]:
    outputs = {COMMAND: {"stdout": "Welcome\ncalico-peering: 1795571655\n"}}
    return recorded(lambda: declared(password=WORD, **more), outputs=outputs).of(COMMAND)


def test_the_password_comes_before_the_configuration_which_names_its_generation() -> None:
    made = with_password()
    assert list(made)[3:] == ["router-sysctls", "router-password", "router-configuration"]
    assert made["router-password"]["create"] == f"{ROUTER} password"
    assert "forget_passwords" in made["router-password"]["delete"]
    assert made["router-configuration"]["create"] == f"{ROUTER} deliver bird 1795571655"


def test_the_password_is_a_secret_and_the_configuration_is_not() -> None:
    made = with_password()
    stdin = made["router-password"]["stdin"]
    assert pulumi.runtime.rpc._special_sig_key in stdin
    assert stdin["value"] == WORD + "\n"
    # What it answers is marked as a secret by the provider; the command line and the text stay readable.
    assert made["router-configuration"]["stdin"] == TEXT + END
    assert isinstance(made["router-configuration"]["create"], str)
    del made["router-password"]
    assert WORD not in str(made)


def test_a_generation_that_is_not_known_yet_does_not_fail_a_preview() -> None:
    made = recorded(lambda: declared(password=WORD), preview=True).of(COMMAND)
    assert "router-configuration" in made


def test_the_old_bird_has_a_command_for_each_of_its_daemons() -> None:
    made = with_password(configurations={"bird": "four\n", "bird6": "six\n"}, version="1.6")
    assert made["router-package"]["create"] == f"{ROUTER} install 1.6"
    assert made["router-configuration"]["stdin"] == "four\n" + END
    six = made["router-configuration-bird6"]
    assert (six["create"], six["stdin"]) == (f"{ROUTER} deliver bird6 1795571655", "six\n" + END)
    assert "restore bird6" in six["delete"]


def test_a_pinned_package_is_named_on_the_command_line() -> None:
    made = recorded(lambda: declared(package_version="2.0.12-7")).of(COMMAND)
    assert made["router-package"]["create"] == f"{ROUTER} install 2 2.0.12-7"


def test_package_files_are_copied_before_the_installation_which_checks_them(tmp_path: Path) -> None:
    (tmp_path / "bird2_1_amd64.deb").write_bytes(b"one")
    (tmp_path / "libssh_1_amd64.deb").write_bytes(b"two")
    paths = sorted(str(path) for path in tmp_path.iterdir())
    recorder = recorded(lambda: declared("debian", package_files=paths))
    copies = recorder.of(COPY)
    assert sorted(inputs["remotePath"] for inputs in copies.values()) == [
        "/var/lib/calico-peering-files/bird2_1_amd64.deb",
        "/var/lib/calico-peering-files/libssh_1_amd64.deb",
    ]
    made = recorder.of(COMMAND)
    # The login writes there, and sudo says who it is.
    assert made["router-files-folder"]["create"] == f"sudo -n {ROUTER} receive"
    lines = made["router-package"]["stdin"].splitlines()
    assert lines[0] == f"{sha256(b'one').hexdigest()}  bird2_1_amd64.deb"
    names = [each.name for each in recorder.made]
    assert names.index("router-package") > max(names.index(name) for name in copies)


def test_package_files_are_copied_again_to_another_instance(tmp_path: Path) -> None:
    (tmp_path / "bird2.deb").write_bytes(b"one")

    def program() -> None:
        instance = pulumi.Output.from_input("instance-7")
        declared(package_files=[str(tmp_path / "bird2.deb")], instance=instance)

    [copied] = recorded(program).of(COPY).values()
    assert copied["triggers"] == ["instance-7"]


def test_package_files_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(pulumi.RunError) as raised:
        checksums([tmp_path / "no.deb", tmp_path / "neither.deb"])
    assert "birdPackageFiles" in str(raised.value)
    assert "/no.deb: No such file" in str(raised.value) and "/neither.deb" in str(raised.value)


def test_two_package_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bird2.deb").write_bytes(b"")
    with pytest.raises(pulumi.RunError, match=r"another file is called bird2\.deb"):
        checksums([tmp_path / "a/bird2.deb", tmp_path / "b/bird2.deb"])


def test_every_command_is_undone_and_none_is_replaced(recorder: Recorder) -> None:
    undone = {
        "router-script": "remove",
        "router-package": "uninstall",
        "router-guard": "guard_back",
        "router-sysctls": "sysctls_back",
        "router-configuration": "restore",
    }
    for name, inputs in recorder.of(COMMAND).items():
        assert undone[name] in inputs["delete"]
        assert inputs["update"] == inputs["create"]
        # A changed trigger without `update` would be a replacement; none is used here at all.
        assert not inputs.get("triggers")


def test_the_script_is_whole_and_a_truncated_one_does_nothing(recorder: Recorder) -> None:
    script = recorder.of(COMMAND)["router-script"]["stdin"]
    assert script == router_script()
    assert script.endswith('main "$@"\n')
    assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0
    cut = subprocess.run(["sh"], input=script.removesuffix('main "$@"\n'), text=True)
    assert cut.returncode == 0


def test_taking_everything_away_needs_no_script_on_the_machine(recorder: Recorder) -> None:
    # Its standard input is the script.
    assert recorder.of(COMMAND)["router-script"]["delete"] == "sh -s remove"


def test_nothing_secret_is_in_a_command_or_its_standard_input(recorder: Recorder) -> None:
    for inputs in recorder.of(COMMAND).values():
        texts = [inputs[key] for key in ("create", "update", "delete", "stdin") if key in inputs]
        assert not any(KEY in text for text in texts)


def test_the_connection_verifies_the_host_and_gives_up_in_a_minute(recorder: Recorder) -> None:
    for inputs in recorder.of(COMMAND).values():
        # The provider's schema makes the whole connection a secret.
        assert pulumi.runtime.rpc._special_sig_key in inputs["connection"]
        connection = inputs["connection"]["value"]
        assert connection["hostKey"] == "ssh-ed25519 A"
        assert connection["dialErrorLimit"] * connection["perDialTimeout"] <= 60


BASTION = {"host": "jump", "host_key": "ssh-ed25519 B", "user": "hop", "port": 2222}


@pytest.mark.parametrize(("own", "used"), [({}, KEY), ({"private_key": "KEY B"}, "KEY B")])
def test_the_bastion_is_verified_too_and_has_the_logins_key_unless_it_has_its_own(
    own: dict[str, str], used: str
) -> None:
    login: Any = {"host": "peer", "host_key": "ssh-ed25519 A", "private_key": KEY, "bastion": BASTION | own}

    def program() -> None:
        connection = ExistingMachine("machine", login).connection
        BirdRouter("router", {"connection": connection, "configurations": {"bird": ""}})

    for inputs in recorded(program).of(COMMAND).values():
        connection = inputs["connection"]["value"]
        proxy = connection["proxy"]
        assert connection["hostKey"] == "ssh-ed25519 A"
        assert (proxy["host"], proxy["port"], proxy["user"]) == ("jump", 2222, "hop")
        assert proxy["hostKey"] == "ssh-ed25519 B"
        assert used in str(proxy["privateKey"])
        assert proxy["dialErrorLimit"] * proxy["perDialTimeout"] <= 60


@pytest.mark.parametrize("user", ["root", "debian"])
def test_another_user_than_root_uses_sudo_without_asking(user: str) -> None:
    for inputs in recorded(lambda: declared(user)).of(COMMAND).values():
        for key in ("create", "update", "delete"):
            assert inputs[key].startswith("sudo -n ") == (user != "root")


def test_the_key_is_a_secret_even_when_it_comes_in_clear() -> None:
    seen: list[bool] = []

    async def look(key: pulumi.Output[str]) -> None:
        seen.append(await key.is_secret())

    def program() -> pulumi.Output[None]:
        machine = ExistingMachine(
            "machine", {"host": "peer", "host_key": "ssh-ed25519 A", "private_key": KEY}
        )
        key = pulumi.Output.from_input(machine.connection.private_key or "")
        return pulumi.Output.from_input(look(key))

    recorded(program)
    assert seen == [True]


def test_a_configuration_that_is_not_known_yet_does_not_fail_a_preview() -> None:
    def program() -> None:
        later = pulumi.CustomResource("test:index:Later", "later", {"value": None})
        declared(configuration=later.id)

    made = recorded(program, preview=True).of(COMMAND)
    assert "router-configuration" in made
    assert made["router-configuration"].get("stdin") is None
