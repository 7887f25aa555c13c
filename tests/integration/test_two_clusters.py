"""One machine and two clusters: what is delivered to the machine, and the verification of each.

The one cluster is the lab's, with Calico on its nodes; its BGPPeer is made here by hand. The other one is
two BIRDs that speak as Calico's nodes do, in an AS of their own, with networks of their own. It has no
Kubernetes and no Calico, so the program's part in a second cluster's API is not shown here: the settings of
both are rendered and verified by the program's own code, and brought by its script.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest

from components.bird.bird_config import daemons, machine_config
from components.bird.bird_router import END
from components.bird.expectation import expectation
from components.bird.observed import parse
from components.settings.site import read_site
from lab.cluster.added_node import switch_port
from lab.debian import Tools, tools
from lab.external import External
from lab.hosts import Host, Service
from lab.layout import Layout
from lab.routing import Routing
from lab.site import HOSTS, NODES, PEER
from tests.integration.conftest import Calico, bird_routes, poll
from tests.integration.delivered import Delivery
from tests.integration.test_connection import SCENARIO
from tests.unit.example import values

OTHERS = {"other1": IPv4Address("172.34.8.141"), "other2": IPv4Address("172.34.8.142")}
HOPS = [str(address) for address in OTHERS.values()]
SERVICES = "10.128.0.0/16"
BLOCKS = ["10.244.1.0/26", "10.244.2.0/26"]
STRANGERS = "192.168.7.0/26"
"""Of the first cluster's pod network."""
SECOND = {SERVICES: HOPS, **dict.fromkeys(BLOCKS, HOPS)}
CLUSTERS = {
    "first": {"nodeNetwork": "172.34.8.0/25"},
    "second": {
        "nodeNetwork": "172.34.8.128/25",
        "nodes": HOPS,
        "multihop": 2,
        "podNetworks": ["10.244.0.0/16"],
        "serviceNetworks": [SERVICES],
        "calicoAsNumber": 64513,
    },
}


def node(address: IPv4Address, announced: list[str]) -> str:
    """A node of the second cluster, with the options that confd renders."""
    routes = "".join(f"  route {prefix} blackhole;\n" for prefix in announced)
    return f"""router id {address};
protocol device {{ }}
protocol static {{
{routes}}}
protocol bgp machine {{
  local {address} as 64513;
  neighbor {HOSTS[PEER]} as 65112;
  multihop;
  import all;
  export where source = RTS_STATIC;
  graceful restart;
  connect delay time 1;
  connect retry time 2;
}}
"""


@dataclass
class SecondCluster:
    """Its two nodes."""

    layout: Layout
    tools: Tools
    services: dict[str, Service]

    def start(self, name: str, *more: str) -> None:
        """BIRD of a node, which announces every block, and what else is said."""
        folder = self.layout.run / name
        folder.mkdir(exist_ok=True)
        (folder / "bird.cfg").write_text(node(OTHERS[name], [SERVICES, *BLOCKS, *more]))
        command = (str(self.tools.path("bird1")), "-d", "-c", "bird.cfg", "-s", "bird.ctl")
        self.services[name] = Host(name, self.layout).start(
            f"{name}-bird", *command, env=self.tools.environment(), cwd=folder
        )

    def stop(self, name: str) -> None:
        """It tells the machine that it goes."""
        self.services.pop(name).stop()


@pytest.fixture
def second(layout: Layout) -> Iterator[SecondCluster]:
    """The second cluster, which announces its networks."""
    with ExitStack() as stack:
        for name, address in OTHERS.items():
            stack.enter_context(switch_port(name, address))
        made = SecondCluster(layout, tools(layout), {})
        for name in OTHERS:
            made.start(name)
        yield made
        for name in list(made.services):
            made.stop(name)


@contextmanager
def first_cluster(calico: Calico) -> Iterator[None]:
    """The lab's cluster speaks with the machine."""
    found = calico.find("bgpconfigurations", "default")
    spec = dict(found["spec"]) if found else {}
    peer = {"peerIP": str(HOSTS[PEER]), "asNumber": 65112}
    calico.put("bgppeers", "BGPPeer", "by-hand", peer)
    calico.put(
        "bgpconfigurations",
        "BGPConfiguration",
        "default",
        spec | {"serviceClusterIPs": [{"cidr": "10.96.0.0/12"}]},
    )
    try:
        yield
    finally:
        calico.delete("bgppeers", "by-hand")
        if found:
            calico.put("bgpconfigurations", "BGPConfiguration", "default", spec)
        else:
            calico.delete("bgpconfigurations", "default")


@pytest.fixture
def site(installed: Delivery, calico: Calico) -> Iterator[Delivery]:
    """The machine and the first cluster; nothing is on the machine but BIRD."""
    with first_cluster(calico):
        yield installed
        installed.run("restore bird")


def test_one_machine_peers_with_two_clusters_and_each_is_verified_alone(
    site: Delivery, second: SecondCluster, machine: External, layout: Layout
) -> None:
    routing = Routing(layout)
    settings = read_site(values(clusters=json.dumps(CLUSTERS))).of_machine("external")
    [text] = daemons(machine_config(settings)).values()

    def verify(cluster: str, seconds: int = 60) -> str:
        """What is missing; what was seen is the whole cluster otherwise."""
        patient = settings[cluster].model_copy(update={"verify_timeout": seconds})
        done = site.run("verify", expectation(patient), check=False)
        if done.returncode == 0:
            states = {one["neighbor"]: one["state"] for one in parse(done.stdout)["sessions"]}
            assert states == dict.fromkeys(map(str, settings[cluster].nodes), "Established")
        return done.stderr

    assert "BIRD uses the configuration" in site.run("deliver bird", text + END).stdout
    assert (verify("first"), verify("second")) == ("", "")
    assert bird_routes(machine) == SCENARIO | SECOND

    # What is the one's to announce is not the other's.
    start = time.time()
    second.stop("other1")
    second.start("other1", STRANGERS, "10.96.0.0/12")
    refused = (
        f"calico-peering: {STRANGERS} from {HOPS[0]} is not in the pod networks nor in the service networks"
    )
    poll(
        "the announcement to be refused",
        lambda: refused in routing.log(start),
    )
    poll("both clusters' routes", lambda: bird_routes(machine) == SCENARIO | SECOND)

    # And a node that is missing is one cluster's.
    second.stop("other2")
    assert verify("first") == ""
    wrong = verify("second", 5)
    assert (
        f"missing session with {HOPS[1]}" in wrong and f"missing next hops of {SERVICES}: {HOPS[1]}." in wrong
    )
    assert not any(str(address) in wrong for address in NODES.values()), wrong
