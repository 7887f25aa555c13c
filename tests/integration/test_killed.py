"""`kill -9` of the engine in the middle of its work: the next run finishes the job, and nothing of ours
is taken for somebody else's."""

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from openstack.connection import Connection

from lab.external import External
from lab.layout import Layout
from lab.recording_proxy import Call
from tests.integration.conftest import Calico, Stack, bird_routes, poll, with_settings
from tests.integration.test_leaving import on_machine
from tests.integration.watched import Watched, watched

OURS = {"192.168.0.0/16", "10.96.0.0/12"}
SETTINGS: dict[str, Any] = {"nodeSecurityGroup": True, "machineNetworks": ["10.50.0.0/16"]}


@dataclass(frozen=True)
class Moment:
    """When to strike: at a part of a run's usual duration, or when the nth such call has been answered,
    before the caller hears of it."""

    part: float = 0
    call: str = ""
    count: int = 1

    def __str__(self) -> str:
        return f"{self.part:.0%}" if self.part else f"{self.call.replace('/', ' ')} {self.count}"


UP = [
    *(Moment(part) for part in (0.3, 0.45, 0.6, 0.75, 0.9)),
    Moment(call="PUT ports", count=1),
    Moment(call="PUT ports", count=2),
    Moment(call="PUT ports", count=4),
    Moment(call="POST bgpfilters"),
    Moment(call="POST bgppeers"),
    Moment(call="POST bgpconfigurations"),
]
DESTROY = [
    *(Moment(part) for part in (0.2, 0.35, 0.5, 0.65, 0.85)),
    Moment(call="PUT ports", count=1),
    Moment(call="PUT ports", count=3),
    Moment(call="PUT ports", count=4),
    Moment(call="DELETE bgppeers"),
    Moment(call="DELETE bgpfilters"),
    Moment(call="DELETE bgpconfigurations"),
]


@dataclass(frozen=True)
class Victim:
    """The stack through the proxies, and how long its runs usually take (s)."""

    stack: Stack
    environment: dict[str, str]
    ways: Watched
    durations: dict[str, float]

    def run(self, command: str) -> float:
        """A whole run, and its duration."""
        start = time.monotonic()
        self.stack.run(command, "--yes", "--skip-preview", environment=self.environment)
        return time.monotonic() - start

    def kill(self, command: str, moment: Moment) -> None:
        """Begin a run and kill its engine at the moment; again, earlier, when it was quicker than usual."""
        for _ in range(4):
            if self._killed(command, moment):
                return
            self.run("destroy" if command == "up" else "up")
            self.durations[command] *= 0.7
        pytest.fail(f"{command} ends before {moment}")

    def _killed(self, command: str, moment: Moment) -> bool:
        """Begin a run and kill its engine at the moment; whether it had not ended before."""
        engine = self.stack.start_to_kill(command, self.environment)
        answered = itertools.count(1)

        def strike(call: Call) -> None:
            method, _, kind = moment.call.partition(" ")
            wanted = call.wrote and call.method == method and f"/{kind}" in call.path
            if wanted and "dryRun" not in call.path and next(answered) == moment.count:
                os.killpg(engine.pid, signal.SIGKILL)

        recordings = (self.ways.neutron, self.ways.cluster)
        try:
            if moment.call:
                for one in recordings:
                    one.on_answer = strike
                engine.wait(120)
            else:
                try:
                    engine.wait(self.durations[command] * moment.part)
                except subprocess.TimeoutExpired:
                    os.killpg(engine.pid, signal.SIGKILL)
                    engine.wait()
        finally:
            for one in recordings:
                one.on_answer = None
        # What the API has begun for the killed engine it finishes; the next run is somebody's later.
        poll("the writes under way", lambda: not any(one.writing for one in recordings))
        self.stack.unlock()
        return engine.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def victim(bare_stack: Stack, layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("ways")
    with watched(layout, folder) as ways:
        environment = {**ways.environment, **with_settings(layout, folder, **SETTINGS)}
        made = Victim(bare_stack, environment, ways, {})
        bare_stack.destroy()
        made.durations["up"] = made.run("up")
        made.durations["destroy"] = made.run("destroy")
        yield made


def on_site(cloud: Connection, calico: Calico, machine: External) -> dict[str, Any]:
    """Everything that the program may touch."""
    default = calico.find("bgpconfigurations", "default")
    return {
        "pairs": {port.name: port.allowed_address_pairs for port in cloud.network.ports()},
        "groups of ports": {port.name: port.security_group_ids for port in cloud.network.ports()},
        "groups": sorted((group.name, group.id) for group in cloud.network.security_groups()),
        "default": default and default["spec"],
        "peer": calico.find("bgppeers", "bgppeer-external") is not None,
        "filter": calico.find("bgpfilters", "bgpfilter-external") is not None,
        **on_machine(machine),
    }


def check_whole(cloud: Connection, calico: Calico, machine: External) -> None:
    """The job is finished."""
    nodes = [port for port in cloud.network.ports() if port.name.startswith("node")]
    groups = [
        group.id for group in cloud.network.security_groups() if group.name == "calico-peering-external"
    ]
    assert len(nodes) == 4 and len(groups) == 1
    for port in nodes:
        assert {pair["ip_address"] for pair in port.allowed_address_pairs} >= OURS
        assert groups[0] in port.security_group_ids
    assert {"cidr": "10.96.0.0/12"} in calico.spec("bgpconfigurations", "default")["serviceClusterIPs"]
    assert calico.spec("bgppeers", "bgppeer-external")["filters"] == ["bgpfilter-external"]
    assert calico.find("bgpfilters", "bgpfilter-external")
    assert len(bird_routes(machine)) == 3


@pytest.mark.parametrize(("up", "destroy"), list(zip(UP, DESTROY, strict=True)), ids=str)
@pytest.mark.main_path("PUT ports 2-PUT ports 3")
def test_the_next_run_finishes_the_job(
    victim: Victim, cloud: Connection, calico: Calico, machine: External, up: Moment, destroy: Moment
) -> None:
    """Longer than a minute on a busy machine: four runs of the engine, two of them killed."""
    before = on_site(cloud, calico, machine)
    victim.kill("up", up)
    victim.run("up")
    check_whole(cloud, calico, machine)
    victim.kill("destroy", destroy)
    victim.run("destroy")
    after = on_site(cloud, calico, machine)
    for name, was in before.items():
        assert after[name] == was, name


def test_what_a_killed_up_left_on_ports_and_in_calico_goes_with_a_destroy(
    victim: Victim, cloud: Connection, calico: Calico, machine: External
) -> None:
    before = on_site(cloud, calico, machine)
    victim.kill("up", Moment(call="PUT ports", count=1))
    victim.run("destroy")
    after = on_site(cloud, calico, machine)
    for name in ("pairs", "groups of ports", "default"):
        assert after[name] == before[name], name
    # What is ours alone and was being made then, the engine does not know; an `up` takes it in.
    victim.run("up")
    victim.run("destroy")
    after = on_site(cloud, calico, machine)
    for name, was in before.items():
        assert after[name] == was, name
