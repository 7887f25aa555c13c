"""Many Services at once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.kernel_routes import Family, KernelRoutes
from tests.acceptance.services import Services

MANY = 50
VISIBLE, GONE = 20, 60


@pytest.mark.main_path("IPv6")
def test_fifty_services_are_routed_within_20_s_and_gone_within_60_s(
    routes: KernelRoutes, services: Services, family: Family
) -> None:
    names = [f"many-{number}" for number in range(MANY)]
    start = time.monotonic()
    with ThreadPoolExecutor(8) as together:
        addresses = list(together.map(lambda name: services.create(family, name, ["node3"]), names))
    assert len(set(addresses)) == MANY
    routes.become(dict.fromkeys(addresses, ("node3",)), f"{MANY} Services, from the first", VISIBLE, start)
    start = time.monotonic()
    with ThreadPoolExecutor(8) as together:
        list(together.map(lambda name: services.scale(family, name, []), names))
    routes.become({}, f"{MANY} Services without an endpoint", GONE, start)
