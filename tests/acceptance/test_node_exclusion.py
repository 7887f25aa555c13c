"""A node that is labelled to be left out of load balancing announces no Service, and nothing else changes."""

import pytest

from tests.acceptance.kernel_routes import ALL, Family, KernelRoutes
from tests.acceptance.services import Services

OUT = "node2"
OTHERS = tuple(node for node in ALL if node != OUT)


@pytest.mark.main_path("IPv4")
def test_an_excluded_node_is_no_next_hop_of_any_service_and_stays_one_of_the_pods(
    routes: KernelRoutes, services: Services, family: Family
) -> None:
    network = str(family.services)
    address = services.create(family, "local", ALL)
    routes.become({address: ALL}, "an endpoint on every node")
    services.exclude(OUT, True)
    routes.become({network: OTHERS, address: OTHERS}, f"{OUT} excluded")
    services.delete("local")
    routes.become({network: OTHERS}, f"deleted while {OUT} is excluded")
    address = services.create(family, "local", ALL)
    routes.become({network: OTHERS, address: OTHERS}, f"created while {OUT} is excluded")
    services.exclude(OUT, False)
    routes.become({address: ALL}, f"{OUT} let in again")
