"""Real BIRDs from Debian's packages, to check rendered configurations."""

import subprocess
from collections.abc import Callable

import pytest

from lab.errors import LabError
from tests.unit.real_birds import Birds, real_birds


@pytest.fixture(scope="session")
def birds() -> Birds:
    """Every BIRD; fetched from Debian's packages where the cache has them not."""
    try:
        return real_birds()
    except LabError as error:
        pytest.fail(f"a BIRD to ask could not be had: {error}", pytrace=False)


@pytest.fixture(scope="session")
def bird2(birds: Birds) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs BIRD 2.0.12 with arguments."""
    return birds.by_service["2", "bird"][0].run
