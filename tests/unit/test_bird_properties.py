"""Whatever right settings say, a real BIRD takes the rendered configuration.

How many it draws is said in tests/conftest.py.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given

from components.bird.bird_config import machine_config
from components.settings.settings import read_settings
from tests.unit.bird_strategies import sites
from tests.unit.real_birds import Birds


@given(sites())
def test_a_bird_takes_whatever_right_settings_say(birds: Birds, site: dict[str, dict[str, str]]) -> None:
    config = machine_config({name: read_settings(texts) for name, texts in site.items()})
    password = next(iter(site.values()))["bgpPassword"]
    with TemporaryDirectory() as folder:
        assert birds.complaints(config, Path(folder), password) == []
