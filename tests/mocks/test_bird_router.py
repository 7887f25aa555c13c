"""What BirdRouter declares: the four commands on the machine, in order, and what they are given."""

from __future__ import annotations

import subprocess
from typing import Any

import pulumi
import pytest

from components.bird.bird_router import BirdRouter, router_script
from components.machine.existing_machine import ExistingMachine
from tests.mocks.recorder import Recorder, recorded

COMMAND = "command:remote:Command"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"


def declared(user: str = "root", configuration: pulumi.Input[str] = "router id 172.34.8.45;\n") -> None:
    machine = ExistingMachine(
        "machine", {"host": "peer", "host_key": "ssh-ed25519 A", "user": user, "private_key": KEY}
    )
    arguments: Any = {
        "connection": machine.connection,
        "sudo": machine.sudo,
        "configuration": configuration,
        "sysctls": "address 172.34.8.45\n",
    }
    BirdRouter("router", arguments)


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return recorded(declared, preview=request.param)


def test_script_package_kernel_and_configuration_in_this_order(recorder: Recorder) -> None:
    names = [made.name for made in recorder.made if made.typ == COMMAND]
    assert names == ["router-script", "router-package", "router-sysctls", "router-configuration"]
    for urn in recorder.urns(COMMAND):
        assert "calico-peering:index:BirdRouter$" in urn


@pytest.mark.parametrize(("repairs", "more"), [(0, ""), (2.0, " # repair 2")])
def test_after_a_repair_everything_runs_again(repairs: float, more: str) -> None:
    def program() -> None:
        machine = ExistingMachine("machine", {"host": "peer", "host_key": "ssh-ed25519 A"})
        number: Any = pulumi.Output.from_input(repairs)
        given: Any = {"connection": machine.connection, "configuration": "", "repairs": number}
        BirdRouter("router", given)

    for inputs in recorded(program).of(COMMAND).values():
        # In the text of updates only: in a first preview it is not known yet, and that of creation is.
        assert inputs["update"] == inputs["create"] + more


def test_the_configuration_travels_readable_on_standard_input(recorder: Recorder) -> None:
    inputs = recorder.of(COMMAND)["router-configuration"]
    assert inputs["stdin"] == "router id 172.34.8.45;\n"
    assert inputs["create"] == inputs["update"] == "/var/lib/calico-peering/router deliver"


def test_every_command_is_undone_and_none_is_replaced(recorder: Recorder) -> None:
    undone = {
        "router-script": "remove",
        "router-package": "uninstall",
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
        BirdRouter("router", {"connection": connection, "configuration": ""})

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
