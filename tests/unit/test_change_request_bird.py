"""Which sessions a change ends is said as real BIRDs do it: they take each change over, and log it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.bird.bird_config import bird_config, daemons
from components.settings.settings import read_settings
from tests.unit.example import values
from tests.unit.real_birds import NAMES, Birds
from tests.unit.running_bird import RunningBird, running
from tools.change_request.bird_protocols import ended_sessions, parse_configuration

SIX = {
    "machineAddress": "fd00::45",
    "routerId": "172.34.8.45",
    "nodeNetwork": "fd00::/64",
    "nodes": '["fd00::10", "fd00::30"]',
    "podNetworks": '["fd01::/48"]',
    "serviceNetworks": '["fd02::/112"]',
}
PAIRS = {
    "another limit": ({}, {"importLimit": "77"}),
    "another policy": ({}, {"importPolicy": "all"}),
    "another description": ({"description": "a"}, {"description": "b"}),
    "other timers": ({}, {"holdTime": "30", "keepaliveTime": "10"}),
    "another restart time": ({}, {"restartTime": "60"}),
    "no graceful restart": ({}, {"gracefulRestart": "false"}),
    "another AS number": ({}, {"machineAsNumber": "65113"}),
    "another AS number of the nodes": ({}, {"calicoAsNumber": "64513"}),
    "a TTL": ({}, {"ttlSecurity": "true"}),
    "more hops": ({"multihop": "2"}, {"multihop": "3"}),
    "another router id": ({"routerId": "1.2.3.4"}, {"routerId": "1.2.3.5"}),
    "another metric": ({}, {"kernelMetric": "40"}),
    "listed neighbors": ({}, {"neighbors": "listed"}),
    "a network announced": ({}, {"advertise": "true", "machineNetworks": '["10.50.0.0/24"]'}),
    "nothing": ({}, {}),
}


@dataclass
class Logged:
    """A BIRD that runs and logs what it does with its protocols."""

    version: str
    service: str
    bird: RunningBird
    folder: Path

    def text(self, settings: dict[str, str]) -> str:
        """The configuration that the program renders of these settings."""
        base = SIX if self.service == "bird6" else {}
        if self.service == "bird6":
            settings = {key: value.replace("10.50.0.0/24", "fd50::/64") for key, value in settings.items()}
        more = {"birdVersion": self.version, **base, **settings}
        if self.version == "1.6":
            more.pop("neighbors", None)
        return daemons(bird_config(read_settings(values(**more))))[self.service]

    def take(self, text: str) -> str:
        """Have it use a text; what it has logged meanwhile."""
        log = self.folder / "log"
        before = len(log.read_text()) if log.exists() else 0
        text = text.replace("log syslog all;", f'log "{log}" all;')
        (self.folder / "bird.conf").write_text(text)
        self.bird.configure()
        return log.read_text()[before:]


@pytest.fixture(scope="module", params=NAMES)
def logged(
    request: pytest.FixtureRequest, birds: Birds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Logged]:
    """Each of the BIRDs in turn, running."""
    version, service, bird = birds.called(request.param)
    folder = tmp_path_factory.mktemp("bird")
    (folder / "bird.conf").write_text("router id 192.0.2.1;\nprotocol device {\n}\n")
    with running(bird, folder) as one:
        yield Logged(version, service, one, folder)


@pytest.mark.parametrize("what", PAIRS)
def test_the_sessions_that_end_are_those_that_bird_ends(logged: Logged, what: str) -> None:
    old, new = (logged.text(settings) for settings in PAIRS[what])
    logged.take(old)
    said = logged.take(new)
    names = {name for name, protocol in parse_configuration(old).protocols.items() if protocol.type == "bgp"}
    ended = {name for name in re.findall(r"(?:Restarting|Removing) protocol (\w+)", said) if name in names}
    expected = {name for name, _ in ended_sessions(parse_configuration(old), parse_configuration(new))}
    assert expected == ended, said
