"""BIRD 2.0.12 from Debian's package, to check rendered configurations."""

import os
import subprocess
from collections.abc import Callable

import pytest

from lab.debian import tools
from lab.layout import Layout


@pytest.fixture(scope="session")
def bird2() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs BIRD 2 with arguments; fetched from Debian's packages where the cache has it not."""
    unpacked = tools(Layout())
    environment = {**os.environ, **unpacked.environment()}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(unpacked.path("bird2")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    return run
