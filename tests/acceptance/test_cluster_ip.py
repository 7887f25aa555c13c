"""Cluster addresses: the service network from every node, one address from those that have an endpoint."""

import pytest

from tests.acceptance.kernel_routes import ALL, Family, KernelRoutes
from tests.acceptance.services import Services


@pytest.mark.main_path("IPv4")
def test_a_local_service_is_routed_to_the_nodes_with_an_endpoint_and_a_cluster_wide_one_with_its_network(
    routes: KernelRoutes, services: Services, family: Family
) -> None:
    address = services.create(family, "local", ["node2"])
    services.create(family, "cluster-wide", ALL, policy="Cluster")
    routes.become({address: ["node2"]}, "one endpoint, one next hop; nothing of the other Service")
    services.scale(family, "local", ALL)
    routes.become({address: ALL}, "four endpoints, four next hops")
    services.scale(family, "local", ["node1", "node4"])
    routes.become({address: ["node1", "node4"]}, "two endpoints left, two next hops")
    services.delete("local")
    routes.become({}, "deleted, withdrawn")
