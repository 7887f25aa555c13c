"""Both families at once, and IPv6 alone: the same promises over IPv6, kept by packets."""

import json
from functools import partial

from openstack.connection import Connection

from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_ADDRESS6, SERVICE_URL6
from lab.external import External
from lab.site import (
    HOSTS6,
    NODE_NETWORK6,
    NODES,
    NODES6,
    PEER,
    POD_NETWORK,
    POD_NETWORK6,
    SERVICE_NETWORK,
    SERVICE_NETWORK6,
)
from tests.integration.conftest import Calico, Changed, Stack, bird_routes
from tests.integration.packets import (
    answers,
    change,
    closed_to_the_machine,
    port,
    route,
    silent,
    throughout,
    within,
)
from tests.integration.test_connection import SCENARIO

HOPS = [str(address) for address in NODES6.values()]
SCENARIO6 = {str(network): HOPS for network in (SERVICE_NETWORK6, *(pod.block6 for pod in PODS))}
URLS = (*(pod.url6 for pod in PODS), SERVICE_URL6)
PAIRS6 = {str(POD_NETWORK6), str(SERVICE_NETWORK6)}
PEER6 = "bgppeer-external-v6"
BOTH = {
    "machineAddress6": str(HOSTS6[PEER]),
    "nodeNetwork6": str(NODE_NETWORK6),
    "nodes": [str(address) for address in (*NODES.values(), *NODES6.values())],
    "podNetworks": [str(POD_NETWORK), str(POD_NETWORK6)],
    "serviceNetworks": [str(SERVICE_NETWORK), str(SERVICE_NETWORK6)],
}
ALONE = {
    "machineAddress": str(HOSTS6[PEER]),
    "nodeNetwork": str(NODE_NETWORK6),
    "nodes": HOPS,
    "podNetworks": [str(POD_NETWORK6)],
    "serviceNetworks": [str(SERVICE_NETWORK6)],
    "routerId": "192.0.2.45",
}


def routes6(machine: External) -> dict[str, list[str]]:
    """The kernel's IPv6 routes that BIRD made: prefix → next hops."""
    answer = machine.run("ip", "-6", "-j", "route", "show", "proto", "bird").stdout
    return {
        route["dst"]: sorted(hop["gateway"] for hop in route.get("nexthops", [route]))
        for route in json.loads(answer or "[]")
    }


def all_pairs(cloud: Connection, name: str) -> list[dict[str, str]]:
    """A node's port's pairs."""
    return list(port(cloud, name).allowed_address_pairs)


def pairs(cloud: Connection, name: str) -> set[str]:
    """The networks among them that are of IPv6."""
    return {pair["ip_address"] for pair in all_pairs(cloud, name) if ":" in pair["ip_address"]}


def nothing_of_it(cloud: Connection, calico: Calico, machine: External) -> None:
    """See that nothing of the program's is left."""
    assert not routes6(machine) and not bird_routes(machine)
    assert not any(pairs(cloud, name) for name in NODES)
    assert calico.find("bgppeers", PEER6) is None and calico.find("bgppeers", "bgppeer-external") is None
    listed = (calico.find("bgpconfigurations", "default") or {"spec": {}})["spec"].get("serviceClusterIPs")
    assert not listed


def states(stack: Stack) -> dict[str, str]:
    """The sessions in the outputs: neighbor → state."""
    return {session["neighbor"]: session["state"] for session in stack.output("sessions")}


def test_one_up_connects_both_families_and_destroy_leaves_nothing_of_either(
    bare_stack: Stack, changed: Changed, cloud: Connection, calico: Calico, machine: External
) -> None:
    bare_stack.destroy()
    unpaired = changed(**BOTH, nodePortNetwork="")
    bare_stack.run("up", "--yes", "--skip-preview", environment=unpaired)
    assert states(bare_stack) == dict.fromkeys(BOTH["nodes"], "Established")
    assert bird_routes(machine) == SCENARIO
    assert routes6(machine) == SCENARIO6
    told = {route["prefix"]: sorted(route["nextHops"]) for route in bare_stack.output("routes")}
    assert told == {prefix: sorted(hops) for prefix, hops in (SCENARIO | SCENARIO6).items()}
    for url in URLS:
        throughout(f"{url} is silent, though its route is there", partial(silent, machine, url))

    both = changed(**BOTH)
    bare_stack.run("up", "--yes", "--skip-preview", environment=both)
    assert [pairs(cloud, name) for name in NODES] == [PAIRS6] * len(NODES)
    for node in NODES:
        for pod in PODS:
            with route(machine, str(pod.address6), node):
                within(f"{pod.name} answers by way of {node}", partial(answers, machine, pod.url6))
        with route(machine, str(SERVICE_ADDRESS6), node):
            within(f"the service answers through {node}", partial(answers, machine, SERVICE_URL6))
    within("IPv4 answers as ever", partial(answers, machine, PODS[0].url))
    # One resource for each port, though each node has two addresses.
    assert sum(":PortPairs" in resource["type"] for resource in bare_stack.resources()) == len(NODES)
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=both)

    bare_stack.run("destroy", "--yes", "--skip-preview", environment=both)
    nothing_of_it(cloud, calico, machine)


def test_a_machine_with_ipv6_alone_is_connected_by_the_programs_rules_and_given_back(
    bare_stack: Stack, changed: Changed, cloud: Connection, calico: Calico, machine: External
) -> None:
    bare_stack.destroy()
    alone = changed(**ALONE, nodeSecurityGroup=True)
    with closed_to_the_machine(cloud):
        bare_stack.run("up", "--yes", "--skip-preview", environment=alone)
        assert states(bare_stack) == dict.fromkeys(HOPS, "Established")
        assert routes6(machine) == SCENARIO6 and not bird_routes(machine)
        for url in URLS:
            within(f"{url} answers", partial(answers, machine, url))
        for name in NODES:
            kept = [pair for pair in all_pairs(cloud, name) if ":" not in pair["ip_address"]]
            change(cloud, name, allowed_address_pairs=kept)
        for url in URLS:
            within(f"{url} falls silent without the pairs", partial(silent, machine, url))
        bare_stack.run("up", "--yes", "--skip-preview", "--refresh", environment=alone)
        for url in URLS:
            within(f"{url} answers again", partial(answers, machine, url))
        bare_stack.run("destroy", "--yes", "--skip-preview", environment=alone)
    nothing_of_it(cloud, calico, machine)
