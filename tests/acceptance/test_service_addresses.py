"""External and load balancer addresses: announced as BGPConfiguration says by way of our settings, and no
longer when it says so no more.

Both families and both kinds at once: each step is one `up`.
"""

from pathlib import Path

import pytest

from lab.external import External
from lab.layout import Layout
from tests.acceptance.conftest import DUAL_STACK, base_routes
from tests.acceptance.kernel_routes import ALL, FAMILIES, Family, KernelRoutes
from tests.acceptance.services import Services
from tests.on_the_lab import Calico, Stack, with_settings

EXTERNAL, BALANCER = "externalNetworks", "loadBalancerNetworks"
CLUSTER, WRONG_ONE = "serviceNetworks", "a network that no Service has an address of"
RIGHT = {
    EXTERNAL: [network for family in FAMILIES for network in (family.external, family.single)],
    BALANCER: [family.load_balancer for family in FAMILIES],
}
WRONG = {EXTERNAL: [family.wrong for family in FAMILIES], BALANCER: []}
NONE: dict[str, list[str]] = {EXTERNAL: [], BALANCER: []}


@pytest.fixture
def up(dual_stack: Stack, layout: Layout, tmp_path: Path) -> "Up":
    """Brings the stack up with other networks; the next file's tests begin with their own."""
    return Up(dual_stack, layout, tmp_path)


class Up:
    """`up` with networks by setting."""

    def __init__(self, stack: Stack, layout: Layout, folder: Path) -> None:
        self.stack, self.layout, self.folder = stack, layout, folder

    def __call__(self, networks: dict[str, list[str]]) -> None:
        environment = with_settings(self.layout, self.folder, **DUAL_STACK, **networks)
        self.stack.run("up", "--yes", "--skip-preview", environment=environment)


def make(services: Services, family: Family) -> dict[str, str]:
    """Services of one family, each kind of address with both policies: the prefixes that nodes with an
    endpoint announce, and because of which setting."""
    version, bits = family.version, family.bits
    external, balancer = family.of(family.external, 11), family.of(family.load_balancer, 11)
    own = services.create(family, f"external-{version}", ["node2"], externalIPs=[external])
    services.create(family, f"wide-{version}", ALL, "Cluster", externalIPs=[family.of(family.external, 12)])
    balanced = services.create(family, f"balanced-{version}", ["node2"], type="LoadBalancer")
    services.balance(f"balanced-{version}", balancer)
    services.create(family, f"wide-balanced-{version}", ALL, "Cluster", type="LoadBalancer")
    services.balance(f"wide-balanced-{version}", family.of(family.load_balancer, 12))
    return {
        **dict.fromkeys([own, balanced], CLUSTER),
        f"{external}/{bits}": EXTERNAL,
        f"{balancer}/{bits}": BALANCER,
    }


def single(services: Services, family: Family) -> list[str]:
    """A Service for the whole cluster whose address is a network of its own: what every node announces of it.

    Its cluster address is among that (Calico 3.31).
    """
    address = family.single.partition("/")[0]
    own = services.create(family, f"single-{family.version}", ["node3"], "Cluster", externalIPs=[address])
    return [own, family.single]


@pytest.mark.main_path
def test_external_and_load_balancer_addresses_follow_the_configuration(
    up: "Up", services: Services, machine: External, calico: Calico
) -> None:
    tables = {family: KernelRoutes(machine, family, base_routes(family)) for family in FAMILIES}
    local = {family: make(services, family) for family in FAMILIES}
    singles = {family: single(services, family) for family in FAMILIES}

    def expect(what: str, kinds: set[str], nodes: tuple[str, ...], every: tuple[str, ...] = ALL) -> None:
        for family, table in tables.items():
            wide = {
                EXTERNAL: [family.external, *singles[family]],
                BALANCER: [family.load_balancer],
                WRONG_ONE: [family.wrong],
            }
            more = {prefix: nodes for prefix, kind in local[family].items() if kind in {CLUSTER, *kinds}}
            more |= {prefix: every for kind in kinds for prefix in wide[kind]}
            table.become({str(family.services): every} | more, what)

    up(RIGHT)
    expect("as configured, one endpoint", {EXTERNAL, BALANCER}, ("node2",))
    for family in FAMILIES:
        for name in ("external", "balanced"):
            services.scale(family, f"{name}-{family.version}", ALL)
    expect("as configured, four endpoints", {EXTERNAL, BALANCER}, ALL)
    up(NONE)
    expect("cleared", set(), ALL)
    spec = calico.spec("bgpconfigurations", "default")
    assert not spec.get("serviceExternalIPs") and not spec.get("serviceLoadBalancerIPs")
    up(WRONG)
    expect("a wrong network", {WRONG_ONE}, ALL)
    up(RIGHT)
    expect("restored", {EXTERNAL, BALANCER}, ALL)
    others = tuple(node for node in ALL if node != "node2")
    services.exclude("node2", True)
    expect("node2 excluded", {EXTERNAL, BALANCER}, others, others)
    services.exclude("node2", False)
    expect("node2 let in again", {EXTERNAL, BALANCER}, ALL)
    services.delete_all()
    for family, table in tables.items():
        networks = (family.external, family.load_balancer)
        table.become(dict.fromkeys(networks, ALL), "deleted, withdrawn")
