"""What the filters do, by BIRDs that run: they take and announce exactly what the settings say.

The networks to be judged are routes of a static protocol beside the rendered configuration, the oracle is the
standard library's ipaddress.
"""

import json
import re
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.bird.bird_config import PASSWORD_FILE, bird_config, daemons
from components.networks import IPNetwork, within
from components.settings.settings import SettingsError, read_settings
from tests.unit.bird_cases import ADVERTISE, CASES, FAR
from tests.unit.bird_strategies import LENGTHS, NETWORKS, PASSWORDS, bits, sites, subnetworks
from tests.unit.example import values
from tests.unit.real_birds import NAMES, Birds
from tests.unit.running_bird import RunningBird, running

SECONDS = 3
EMPTY = "router id 192.0.2.1;\nprotocol device {\n}\n"
SITES = sites(most_clusters=1, families=((4, 6),))


class Asked:
    """A BIRD that runs, and what it is for."""

    def __init__(self, version: str, service: str, bird: RunningBird, folder: Path) -> None:
        self.version, self.bird, self._service, self._folder = version, bird, service, folder
        self._text = EMPTY
        self.families = {"bird": (4,), "bird6": (6,)}[service] if version == "1.6" else (4, 6)

    def configure(self, texts: dict[str, str], more: str = "", password: str = "secret") -> None:
        """Have it use the configuration of these settings."""
        # There is no VRF here, of which BIRD 3.1.8 dies when a multihop session in it has a password.
        config = bird_config(read_settings({**texts, "birdVersion": self.version, "vrf": ""}))
        beside = self._folder / "password"
        beside.write_text(f'define PASSWORD = "{password}";\n')
        text = self._text = daemons(config)[self._service].replace(PASSWORD_FILE, str(beside))
        text = text.replace("log syslog all;", f'log "{self._folder}/log" {{ error, bug, fatal }};')
        (self._folder / "bird.conf").write_text(text + more)
        self.bird.configure()

    def errors(self) -> list[str]:
        """What it has logged as an error so far."""
        log = self._folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def probes(self, networks: set[IPNetwork]) -> str:
        """A protocol for each family that has these networks."""
        protocols = []
        for version in self.families:
            channel = f"ipv{version};" if self.version != "1.6" else ""
            routes = [f"route {network} unreachable;" for network in networks if network.version == version]
            protocols.append(f"protocol static probes{version} {{ {channel} {' '.join(routes)} }}\n")
        return "\n" + "".join(protocols)

    def passing(self, what: str) -> set[str]:
        """The networks that pass the filters `from` or `to`, of the families that it is for."""
        names = re.findall(rf"^filter ({what}_\w+) ", self._text, re.MULTILINE)
        return {network for name in names for network in self.bird.passing(name)}


@pytest.fixture(scope="module", params=NAMES)
def asked(
    request: pytest.FixtureRequest, birds: Birds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    """Each of the BIRDs in turn, running."""
    version, service, bird = birds.called(request.param)
    folder = tmp_path_factory.mktemp("bird")
    (folder / "bird.conf").write_text(EMPTY)
    with running(bird, folder) as one:
        yield Asked(version, service, one, folder)


def near(network: IPNetwork, lengths: tuple[int, int]) -> set[IPNetwork]:
    """The networks beside, above and in a network, where a wrong prefix set would err."""
    most = bits(network.version)
    above = network.supernet() if network.prefixlen else network
    inside = {
        one
        for length in {network.prefixlen + 1, most, *(end + step for end in lengths for step in (-1, 0, 1))}
        if network.prefixlen <= length <= most
        for one in (ip_network((network[0], length)), ip_network((network[-1], length), strict=False))
    }
    return {network, above, *above.subnets(), *inside}


def taken(texts: dict[str, str]) -> list[tuple[IPNetwork, int, int]]:
    """The networks that the settings take, with the shortest and longest prefix."""
    found: list[tuple[IPNetwork, int, int]] = []
    for name, lengths in zip(NETWORKS, LENGTHS, strict=True):
        for network in map(ip_network, json.loads(texts[name])):
            limits = texts.get(lengths + ("" if network.version == 4 else "6"))
            shortest, longest = limits.split("-") if limits else (0, bits(network.version))
            found.append((network, int(shortest), int(longest)))
    return found


@given(texts=SITES.map(lambda site: site[""]), data=st.data())
@settings(max_examples=max(20, (settings.default.max_examples if settings.default else 0) // 20))
def test_a_filter_takes_what_the_settings_say(
    asked: Asked, texts: dict[str, str], data: st.DataObject
) -> None:
    sets = taken(texts)
    behind = [ip_network(text) for text in json.loads(texts["machineNetworks"])]
    probes = {ip_network("0.0.0.0/0"), ip_network("::/0"), *behind}
    for network, shortest, longest in [*sets, *((network, 0, 0) for network in behind)]:
        probes |= near(network, (shortest, longest))
        probes.add(data.draw(subnetworks(network, bits(network.version))))
    probes = {network for network in probes if network.version in asked.families}
    asked.configure({**texts, "importPolicy": "expected"}, asked.probes(probes))
    wanted = {
        str(probe)
        for probe in probes
        if any(within(probe, network) and low <= probe.prefixlen <= high for network, low, high in sets)
    }
    announced = {str(network) for network in behind if network.version in asked.families}
    names = {str(probe) for probe in probes}
    deadline = time.monotonic() + SECONDS
    # BIRD 3 takes routes over in threads of its own.
    while asked.passing("from") & names != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert asked.passing("from") & names == wanted
    if texts["advertise"] == "true":
        assert asked.passing("to") & names == announced


def test_every_golden_configuration_is_run_after_every_other_without_an_error(asked: Asked) -> None:
    before = len(asked.errors())
    for case in CASES.values():
        texts = values(**case)
        used = {family.version for family in read_settings(texts).families}
        # A daemon of 1.6 has one family, and is not there where it is not in use.
        if asked.version == "1.6" and not used & set(asked.families):
            continue
        asked.configure(texts)
        said = asked.bird.ask("show protocols")
        assert re.search(r"calico6?.* BGP .*(Passive|Idle|Active)", said), f"{case}: {said}"
    assert asked.errors()[before:] == []


def test_a_network_that_an_interface_is_in_is_announced_over_several_hops_too(asked: Asked) -> None:
    if 4 not in asked.families:
        return
    asked.configure({**values(), **ADVERTISE, **FAR})
    deadline = time.monotonic() + SECONDS
    while "direct1" not in asked.bird.ask("show route 10.50.0.0/24") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "direct1" in asked.bird.ask("show route 10.50.0.0/24")
    assert asked.passing("to") == {"10.50.0.0/24", "10.60.0.0/16"}


@given(text=PASSWORDS | st.text(max_size=90))
@settings(max_examples=max(30, (settings.default.max_examples if settings.default else 0) // 20))
def test_a_password_is_what_bird_reads(asked: Asked, text: str) -> None:
    texts = values(bgpPassword=text or "x")
    try:
        read_settings(texts)
    except SettingsError as error:
        assert len(text) < 8 or text not in str(error)
        return
    if 4 in asked.families:
        asked.configure(texts, password=texts["bgpPassword"])
        assert asked.bird.evaluated("PASSWORD") == texts["bgpPassword"]
