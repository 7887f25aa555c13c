"""BGPFilters of others on our sessions (`bgpFilters`): what they reject goes, either way and in either
family, and the first rule of the first filter decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster.node_bird import NodeBird
from lab.debian import tools
from lab.external import External
from lab.hosts import Host
from lab.layout import Layout
from lab.site import HOSTS, HOSTS6, PEER
from tests.acceptance.conftest import DUAL_STACK, base_routes
from tests.acceptance.kernel_routes import ALL, FAMILIES, IPV4, IPV6, Family, KernelRoutes
from tests.acceptance.services import Services
from tests.on_the_lab import Calico, Json, Stack, poll, with_settings

FIRST, SECOND = "asked-first", "asked-second"
BEHIND = {IPV4: "10.50.0.0/24", IPV6: "fd00:10:50::/64"}
AROUND = {IPV4: "10.50.0.0/16", IPV6: "fd00:10:50::/48"}
WITHHELD = {IPV4: "10.100.50.0/24", IPV6: "fd00:10:96::a00/120"}
BOTH = set(FAMILIES)
NODE = "node2"


class Filters:
    """The two filters, and what nodes learn from the machine by way of them."""

    def __init__(self, calico: Calico, layout: Layout, machine: External) -> None:
        self.calico = calico
        self.nodes = [NodeBird(node, layout, tools(layout)) for node in ALL]
        # A node's kernel may have an IPv6 neighbor's link-local address as the next hop.
        link = machine.run("ip", "-br", "-6", "address", "show", "dev", "eth0", "scope", "link").stdout
        self.hops = {
            IPV4: [str(HOSTS[PEER])],
            IPV6: [str(HOSTS6[PEER]), *(word.split("/")[0] for word in link.split()[2:])],
        }

    def put(self, name: str, **rules: list[Json]) -> None:
        """Write one by hand; rules by BGPFilter's field without the family: `import`, `export`."""
        self.calico.put("bgpfilters", "BGPFilter", name, dict(rules))

    def rules(self, way: str, families: set[Family], *actions: tuple[str, str]) -> dict[str, list[Json]]:
        """Rules of some families: `Equal` about the network behind the machine, `In` about what is around."""
        return {
            f"{way}V{family.version}": [
                {"cidr": cidr(way, family, operator), "matchOperator": operator, "action": action}
                for operator, action in actions
            ]
            for family in families
        }

    def learnt(self) -> set[Family] | None:
        """Of which families every node has the network behind the machine from it, and of the others none.

        None while only some have it.
        """
        found = set()
        for family in FAMILIES:
            has = [self._has(node, family) for node in self.nodes]
            if all(has):
                found.add(family)
            elif any(has):
                return None
        return found

    def _has(self, node: NodeBird, family: Family) -> bool:
        words = ("ip", f"-{family.version}", "route", "show", BEHIND[family], "proto", "bird")
        found = Host(node.name, node.layout).run(*words).stdout
        return any(f"via {hop} dev eth0" in found for hop in self.hops[family])

    def become(self, wanted: set[Family], what: str) -> None:
        """Wait for what nodes learn."""
        poll(f"{what}: learnt are {[family.name for family in wanted]}", lambda: self.learnt() == wanted, 60)


def cidr(way: str, family: Family, operator: str) -> str:
    """What a rule is about."""
    if way == "export":
        return str(family.services)
    return BEHIND[family] if operator == "Equal" else AROUND[family]


@pytest.fixture(scope="module")
def filters(
    bare_stack: Stack,
    calico: Calico,
    layout: Layout,
    machine: External,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Filters]:
    """The stack with both filters, empty ones, before its own; the machine announces what is behind it."""
    made = Filters(calico, layout, machine)
    for name in (FIRST, SECOND):
        made.put(name)
    asked = {
        "bgpFilters": [FIRST, SECOND],
        "advertise": True,
        "machineNetworks": [*BEHIND.values()],
        "withheldNetworks": [*WITHHELD.values()],
    }
    folder: Path = tmp_path_factory.mktemp("filters")
    try:
        environment = with_settings(layout, folder, **DUAL_STACK, **asked)
        bare_stack.run("up", "--yes", "--skip-preview", environment=environment)
        yield made
    finally:
        without = with_settings(layout, folder, **DUAL_STACK)
        bare_stack.run("up", "--yes", "--skip-preview", environment=without)
        for name in (FIRST, SECOND):
            calico.delete("bgpfilters", name)


@pytest.fixture
def both(filters: Filters) -> Iterator[Filters]:
    """Empty filters before and after."""
    filters.become(BOTH, "nothing is rejected")
    yield filters
    for name in (FIRST, SECOND):
        filters.put(name)


@pytest.mark.parametrize("rejected", [{IPV4}, {IPV6}, BOTH], ids=["IPv4", "IPv6", "both"])
@pytest.mark.main_path("both")
def test_what_an_import_rule_rejects_no_node_learns_from_the_machine(
    both: Filters, rejected: set[Family]
) -> None:
    both.put(FIRST, **both.rules("import", rejected, ("Equal", "Reject")))
    both.become(BOTH - rejected, "rejected by the first filter")
    both.put(FIRST)
    both.become(BOTH, "the filter is empty again")


@pytest.mark.main_path
def test_the_first_rule_of_the_first_filter_decides(both: Filters) -> None:
    accept, reject = ("In", "Accept"), ("Equal", "Reject")
    both.put(FIRST, **both.rules("import", BOTH, reject, accept))
    both.become(set(), "reject before accept")
    both.put(FIRST, **both.rules("import", BOTH, accept, reject))
    both.become(BOTH, "accept before reject")
    both.put(SECOND, **both.rules("import", BOTH, reject))
    both.put(FIRST, **both.rules("import", {IPV4}, accept))
    both.become({IPV4}, "what the first filter leaves open the second decides")


@pytest.mark.parametrize("rejected", [{IPV4}, {IPV6}, BOTH], ids=["IPv4", "IPv6", "both"])
@pytest.mark.main_path("both")
def test_what_an_export_rule_rejects_the_machine_does_not_learn(
    both: Filters, machine: External, rejected: set[Family]
) -> None:
    services = Services()
    tables = {family: KernelRoutes(machine, family, base_routes(family)) for family in FAMILIES}
    try:
        local = {family: services.create(family, f"local-{family.version}", [NODE]) for family in FAMILIES}
        for family in FAMILIES:
            address = family.of(WITHHELD[family], 1)
            services.create(family, f"withheld-{family.version}", [NODE], clusterIP=address)
            tables[family].become({local[family]: [NODE]}, "nothing is rejected but what is withheld")
        both.put(FIRST, **both.rules("export", rejected, ("In", "Reject")))
        for family, table in tables.items():
            pods = KernelRoutes(machine, family, dict.fromkeys(family.blocks, ALL))
            if family in rejected:
                pods.become({}, "the service network is rejected, with all that is in it")
            else:
                table.become({local[family]: [NODE]}, "the other family is as it was")
        both.put(FIRST)
        for family, table in tables.items():
            table.become({local[family]: [NODE]}, "nothing is rejected again")
    finally:
        services.delete_all()
