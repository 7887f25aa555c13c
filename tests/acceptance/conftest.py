"""What Calico's own expectations are tested on: the stack with both families, and a test's own Services."""

from collections.abc import Iterator

import pytest
from kubernetes.client import ApiClient

from components.calico.calico_api import connect
from lab.external import External
from lab.layout import Layout
from lab.site import HOSTS6, NODE_NETWORK6, NODES, NODES6, PEER, POD_NETWORK, POD_NETWORK6
from tests.acceptance.kernel_routes import ALL, FAMILIES, Family, KernelRoutes
from tests.acceptance.services import Services
from tests.needed_extras import pytest_runtest_setup
from tests.on_the_lab import (
    Calico,
    Json,
    Stack,
    bare_stack,
    calico,
    changed,
    cloud,
    layout,
    machine,
    with_settings,
)

__all__ = ["bare_stack", "calico", "changed", "cloud", "layout", "machine", "pytest_runtest_setup"]

DUAL_STACK: dict[str, Json] = {
    "machineAddress6": str(HOSTS6[PEER]),
    "nodeNetwork6": str(NODE_NETWORK6),
    "nodes": [str(address) for address in (*NODES.values(), *NODES6.values())],
    "podNetworks": [str(POD_NETWORK), str(POD_NETWORK6)],
    "serviceNetworks": [str(family.services) for family in FAMILIES],
    # What is asserted are routes, not packets, and a port has no room for the pairs of all these networks.
    "nodePortNetwork": "",
}


def base_routes(family: Family) -> dict[str, tuple[str, ...]]:
    """What is routed without a Service: the service network and the pods' blocks, by way of every node."""
    return dict.fromkeys([str(family.services), *family.blocks], ALL)


@pytest.fixture(scope="module")
def dual_stack(
    bare_stack: Stack, calico: Calico, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> Stack:
    """The stack applied with both families, whatever was changed before."""
    environment = with_settings(layout, tmp_path_factory.mktemp("dual-stack"), **DUAL_STACK)
    bare_stack.run("up", "--yes", "--skip-preview", "--refresh", environment=environment)
    return bare_stack


@pytest.fixture(scope="module")
def cluster(bare_stack: Stack) -> ApiClient:
    """The lab's cluster, with all rights and nothing of the stack's."""
    bare_stack.destroy()
    return connect()


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> Family:
    """Each of both."""
    found: Family = request.param
    return found


@pytest.fixture
def services(dual_stack: Stack) -> Iterator[Services]:
    """The cluster's Services; none of the test's own is left, and no node excluded."""
    made = Services()
    yield made
    made.delete_all()
    for node in ALL:
        made.exclude(node, False)


@pytest.fixture
def routes(
    dual_stack: Stack, family: Family, machine: External, services: Services
) -> Iterator[KernelRoutes]:
    """The machine's routes of one family: pods' blocks and the service network, before and after the test."""
    found = KernelRoutes(machine, family, base_routes(family))
    found.become({}, "all nodes' routes")
    yield found
    services.delete_all()
    found.become({}, "all nodes' routes as before")
