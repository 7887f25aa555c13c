"""The resource that says whether the machine is as it was left: what it counts, and what it cannot see."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from pulumi.runtime.rpc import UNKNOWN

from components.machine.machine_state_provider import MachineStateProvider, reach
from components.machine_secrets import secret_text
from tests.unit.example import HOST_KEY, LOGIN_PRIVATE_KEY

CONFIG = {"calico-peering:sshPrivateKey": LOGIN_PRIVATE_KEY, "calico-peering:machines": "{}"}


@pytest.fixture
def closed() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def provider() -> MachineStateProvider:
    made = MachineStateProvider()
    made.configure(ConfigureRequest(Config(CONFIG, "calico-peering")))
    return made


def props(port: int = 22, **more: Any) -> dict[str, Any]:
    where = {"host": "127.0.0.1", "port": float(port), "user": "root", "host_key": HOST_KEY}
    return {"machine": "", "reach": where, "deviations": [], **more}


def test_making_it_looks_at_nothing(provider: MachineStateProvider, closed: int) -> None:
    made = provider.create(props(closed))
    assert made.outs == props(closed, repairs=0)
    assert not provider.diff("machine", made.outs, props(closed)).changes


def test_a_machine_that_is_not_reached_is_a_deviation_and_no_failure(
    provider: MachineStateProvider, closed: int
) -> None:
    found = provider.read("machine", props(closed, repairs=3.0))
    assert found.inputs is not None
    [line] = found.inputs["deviations"]
    place = f"root@127.0.0.1 port {closed}"
    assert line == f"the machine could not be looked at: {place} was not reached: connection refused"
    assert found.outs == {**found.inputs, "repairs": 3}
    assert provider.diff("machine", found.outs, props(closed)).changes


def test_only_an_update_after_a_deviation_counts_as_a_repair(provider: MachineStateProvider) -> None:
    drifted = props(deviations=["bird.service is inactive, not active"], repairs=3.0)
    assert provider.update("machine", drifted, props()).outs == props(repairs=4)
    moved = provider.update("machine", props(2222, repairs=3.0), props())
    assert moved.outs == props(repairs=3)


def test_a_host_that_is_not_known_yet_is_a_change(provider: MachineStateProvider) -> None:
    assert provider.diff("machine", props(), {**props(), "reach": UNKNOWN}).changes


def test_no_key_is_an_input() -> None:
    there = reach(
        {
            "host": "peer",
            "host_key": HOST_KEY,
            "private_key": LOGIN_PRIVATE_KEY,
            "bastion": {"host": "jump", "host_key": HOST_KEY, "port": 2222, "private_key": LOGIN_PRIVATE_KEY},
        }
    )
    assert there == {
        "host": "peer",
        "port": 22,
        "user": "root",
        "host_key": HOST_KEY,
        "bastion": {"host": "jump", "port": 2222, "user": "root", "host_key": HOST_KEY},
    }


def test_a_machines_own_key_comes_before_the_one_for_all() -> None:
    machines = '{"left": {"sshPrivateKey": "its own"}, "right": {}}'
    config = Config({**CONFIG, "calico-peering:machines": machines}, "calico-peering")
    assert secret_text(config, "left", "sshPrivateKey") == "its own"
    assert secret_text(config, "right", "sshPrivateKey") == LOGIN_PRIVATE_KEY
    assert secret_text(config, "", "sshPrivateKey") == LOGIN_PRIVATE_KEY
    assert secret_text(config, "left", "sshBastionPrivateKey") is None


def test_a_key_that_cannot_be_read_is_not_repeated(closed: int) -> None:
    provider = MachineStateProvider()
    damaged = {"calico-peering:sshPrivateKey": LOGIN_PRIVATE_KEY.replace("b3Bl", "c2Vj")}
    provider.configure(ConfigureRequest(Config(damaged, "calico-peering")))
    [line] = (provider.read("machine", props(closed)).outs or {})["deviations"]
    assert line.endswith("a key of the configuration cannot be read")
