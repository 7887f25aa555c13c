"""The lab's plugins carry the versions that the pinned Python packages ask the engine for."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab.engine.products import COMMAND_PLUGIN_VERSION, PLUGINS


@pytest.mark.parametrize(("name", "version"), {**PLUGINS, "command": COMMAND_PLUGIN_VERSION}.items())
def test_a_plugin_is_of_the_version_that_its_package_asks_for(name: str, version: str) -> None:
    package = find_spec(f"pulumi_{name}")
    assert package and package.origin
    asked = json.loads((Path(package.origin).parent / "pulumi-plugin.json").read_text())
    assert asked["version"] == version
