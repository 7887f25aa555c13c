"""Two machines of one cluster in one stack: the lab's own, and one made on OpenStack beside it.

What they share at the cluster stays for the one when the other is taken out of the settings.
"""

from typing import Any

from openstack.connection import Connection

from lab.cluster.pods import PODS
from lab.external import External
from lab.openstack.site import FLAVOR, IMAGE, NETWORK
from lab.site import HOSTS, MGMT, NODES, PEER
from tests.integration.conftest import Calico, bird_routes
from tests.integration.made_machine import ADDRESS, HOPS, KEY, NAME, Site
from tests.integration.packets import answers, port
from tests.integration.test_connection import SCENARIO

OWN = "external"
PAIRS = {"10.96.0.0/12", "192.168.0.0/16"}


def machines(site: Site, *names: str) -> dict[str, Any]:
    """The setting `machines` with some of the two."""
    known = {
        OWN: {"machineAddress": str(HOSTS[PEER])},
        NAME: {
            "machineSource": "openstack",
            "machineAddress": ADDRESS,
            "machineAsNumber": 65113,
            "machineNetwork": NETWORK,
            "machineImage": IMAGE,
            "machineFlavor": FLAVOR,
            "machineSshNetworks": [f"{HOSTS[MGMT]}/32"],
            "sshHostKey": "",
            KEY: site.host_key,
        },
    }
    return {name: known[name] for name in names}


def pairs(cloud: Connection) -> list[set[str]]:
    """The address pairs of each node's port."""
    return [
        {pair["ip_address"] for pair in port(cloud, node).allowed_address_pairs} & PAIRS for node in NODES
    ]


def test_one_machine_may_go_and_the_other_stays_connected(
    site: Site, machine: External, cloud: Connection, calico: Calico, changed: Any
) -> None:
    def up(*names: str) -> None:
        environment = changed(machines=machines(site, *names))
        site.stack.run("up", "--yes", "--skip-preview", environment=environment)

    up(OWN, NAME)
    sessions = site.stack.output("sessions")
    assert {name: [one["neighbor"] for one in seen] for name, seen in sessions.items()} == {
        OWN: HOPS,
        NAME: HOPS,
    }
    for one in (machine, site.machine()):
        assert bird_routes(one) == SCENARIO
    assert calico.spec("bgppeers", f"bgppeer-{NAME}")["asNumber"] == 65113
    assert pairs(cloud) == [PAIRS] * len(NODES)

    up(OWN)
    assert site.leftovers() == []
    assert calico.find("bgppeers", f"bgppeer-{NAME}") is None
    assert pairs(cloud) == [PAIRS] * len(NODES)
    assert bird_routes(machine) == SCENARIO
    assert answers(machine, PODS[0].url)

    site.stack.run("destroy", "--yes", "--skip-preview", environment=changed(machines=machines(site, OWN)))
    assert pairs(cloud) == [set()] * len(NODES)
    assert bird_routes(machine) == {}
