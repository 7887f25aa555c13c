"""BIRD's configuration: the rendered texts as they should be, each accepted by the real BIRDs it is for."""

from pathlib import Path

import pytest

from components.bird.bird_config import bird_config, daemons, next_hop_limit
from components.settings.machine_settings import MachineSettings
from components.settings.network_settings import NetworkSettings
from components.settings.router_settings import RouterSettings
from components.settings.settings import read_settings
from tests import golden
from tests.unit.bird_cases import CASES, FILES
from tests.unit.example import values
from tests.unit.real_birds import Birds

# Settings that are no part of BIRD's configuration.
ELSEWHERE = """
    birdPackageVersion birdPackageFiles nodeRestartTime sysctls machineName nodesFromCluster
""".split()


@pytest.mark.parametrize(("version", "case"), FILES)
def test_the_rendered_configuration(version: str, case: str, tmp_path: Path, birds: Birds) -> None:
    config = bird_config(read_settings(values(birdVersion=version, **CASES[case])))
    for service, text in daemons(config).items():
        golden.compare(f"bird/{version}-{case}{'-bird6' if service == 'bird6' else ''}.conf", text)
    assert birds.complaints(config, tmp_path) == []


def test_every_golden_file_is_of_a_case() -> None:
    here = {f"{version}-{case}" for version, case in FILES} | {"2-two-clusters"}
    there = {path.stem.removesuffix("-bird6") for path in (golden.FOLDER / "bird").iterdir()}
    assert there == here
    assert len(there) >= 60


def test_every_setting_of_bird_is_in_a_case() -> None:
    named = {key for case in CASES.values() for key in case} | {"birdVersion"}
    fields = set(NetworkSettings.model_fields) - set(MachineSettings.model_fields)
    wanted = {str(NetworkSettings.model_fields[field].alias) for field in fields} - set(ELSEWHERE)
    assert set(RouterSettings.model_fields) - set(MachineSettings.model_fields) <= fields
    assert wanted - named == set()


@pytest.mark.parametrize(("version", "services"), [("1.6", 2), ("2", 1), ("3", 1)])
def test_the_birds_of_these_tests_refuse_what_is_wrong(
    version: str, services: int, tmp_path: Path, birds: Birds
) -> None:
    settings = read_settings(values(birdVersion=version, **CASES["password-dual-stack"]))
    said = birds.complaints(bird_config(settings), tmp_path, password='"')
    asked = [bird for key, some in birds.by_service.items() if key[0] == version for bird in some]
    assert len({service for key, service in birds.by_service if key == version}) == services
    for bird in asked:
        assert any(line.startswith(f"BIRD {bird.name}: ") for line in said)


@pytest.mark.parametrize(
    ("nodes", "limit"), [(0, 16), (4, 16), (16, 16), (17, 32), (129, 255), (255, 255), (999, 255)]
)
def test_a_route_has_room_for_all_nodes(nodes: int, limit: int) -> None:
    assert next_hop_limit("2", nodes) == limit
    assert next_hop_limit("3", nodes) == 255
