"""BIRD's configuration: the rendered texts as they should be, each accepted by a real BIRD."""

import subprocess
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.bird.bird_config import Taken, bird_config, daemons, next_hop_limit, render
from components.bird.router_settings import PrefixLengths
from components.settings import SettingsError, read_settings
from tests import golden
from tests.unit.example import values


class Bird(Protocol):
    """BIRD 2's program: runs it with arguments."""

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]: ...


CASES: dict[str, dict[str, str]] = {
    "reference": {},
    "multihop": {"machineAddress": "10.9.9.9", "multihop": "3"},
    "import-all": {"importPolicy": "all"},
    "several-networks": {
        "podNetworks": '["192.168.0.0/16", "10.244.0.0/16"]',
        "serviceNetworks": '["10.96.0.0/12", "203.0.113.7/32"]',
        "importLimit": "50",
    },
    "big": {
        "nodeNetwork": "10.20.0.0/16",
        "machineAddress": "10.20.255.1",
        "nodes": str([f"10.20.0.{last}" for last in range(1, 101)]).replace("'", '"'),
        "machineAsNumber": "4200000001",
        "calicoAsNumber": "4200000000",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_the_rendered_configuration(case: str, tmp_path: Path, bird2: Bird) -> None:
    text = daemons(bird_config(read_settings(values(**CASES[case]))))["bird"]
    golden.compare(f"bird/{case}.conf", text)
    file = tmp_path / "bird.conf"
    file.write_text(text)
    done = bird2("-p", "-c", str(file))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bird_of_these_tests_refuses_what_is_wrong(tmp_path: Path, bird2: Bird) -> None:
    file = tmp_path / "bird.conf"
    file.write_text(render(bird_config(read_settings(values()))).replace("neighbor", "neighbour"))
    assert bird2("-p", "-c", str(file)).returncode != 0


@pytest.mark.parametrize(
    ("nodes", "limit"), [(0, 16), (4, 16), (16, 16), (17, 32), (129, 255), (255, 255), (999, 255)]
)
def test_a_route_has_room_for_all_nodes(nodes: int, limit: int) -> None:
    assert next_hop_limit(nodes) == limit


@given(st.text(), st.sampled_from(["nodeNetwork", "machineAddress", "machineAsNumber", "multihop"]))
def test_no_text_breaks_out_of_its_place(text: str, key: str) -> None:
    try:
        rendered = render(bird_config(read_settings(values(**{key: text}))))
    except SettingsError:
        return
    assert len(rendered.splitlines()) < 80
    assert text == "" or text.strip() in rendered or key == "multihop" or text.strip().isdigit()


@given(st.integers(0, 32), st.integers(0, 2**32 - 1))
def test_only_the_network_itself_and_longer_prefixes_are_taken(length: int, number: int) -> None:
    network = IPv4Network((number, length), strict=False)
    model = bird_config(read_settings(values()))
    [peering] = model.peerings
    taken = {"pod networks": [Taken(network, PrefixLengths(length, 32))]}
    text = render(replace(model, peerings=[replace(peering, taken=taken)]))
    assert f"[ {network}{{{length},32}} ]" in text
