"""`up` succeeds on a healthy cluster of which not everything can be there, and says what it did not wait for.

Each of these made the verification wait for what never comes. The nodes' own BIRDs make of it what they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from kubernetes import client

from lab.external import External
from lab.site import NODES
from tests.integration.conftest import Calico, Changed, Stack, bird_routes
from tests.integration.test_connection import SCENARIO

EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
SERVICES = "10.96.0.0/12"
EMPTY, DISABLED, HIDDEN = "10.77.0.0/24", "10.78.0.0/24", "10.79.0.0/24"
POOLS = {
    EMPTY: {},
    DISABLED: {"disabled": True},
    HIDDEN: {"disableBGPExport": True},
}


@contextmanager
def pool(calico: Calico, network: str) -> Iterator[None]:
    """An IP pool of which no node has a block."""
    name = "pool-" + network.replace(".", "-").replace("/", "-")
    # Its selector matches no node, so Calico's own allocation leaves it alone.
    spec = {"cidr": network, "vxlanMode": "Always", "nodeSelector": "!all()", **POOLS[network]}
    calico.put("ippools", "IPPool", name, spec)
    try:
        yield
    finally:
        calico.delete("ippools", name)


@contextmanager
def label(node: str, value: str) -> Iterator[None]:
    """The label by which load balancers leave a node out."""
    core = client.CoreV1Api()
    core.patch_node(node, {"metadata": {"labels": {EXCLUDED: value}}})
    try:
        yield
    finally:
        core.patch_node(node, {"metadata": {"labels": {EXCLUDED: None}}})


@contextmanager
def virtual_node() -> Iterator[None]:
    """A Node on which no Calico runs and which has no port in the cloud, as virtual-kubelet's has none."""
    core = client.CoreV1Api()
    core.create_node(client.V1Node(metadata=client.V1ObjectMeta(name="virtual")))
    try:
        addresses = [{"type": "InternalIP", "address": "172.34.8.98"}]
        ready = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ok"}]
        core.patch_node_status("virtual", {"status": {"addresses": addresses, "conditions": ready}})
        yield
    finally:
        core.delete_node("virtual")


def reasons(stack: Stack) -> list[str]:
    """The stack's output of what was not waited for."""
    return list(stack.output("notExpected"))


@pytest.mark.usefixtures("stack")
def test_excluded_and_virtual_nodes_and_pools_without_routes_are_left_out_with_their_reasons(
    bare_stack: Stack, changed: Changed, calico: Calico, machine: External
) -> None:
    environment = changed(nodesFromCluster=True, nodes=[], podNetworks=["192.168.0.0/16", *POOLS])
    with ExitStack() as cluster:
        cluster.enter_context(label("node2", "true"))
        # kubeadm's, which Calico does not heed.
        cluster.enter_context(label("node1", ""))
        cluster.enter_context(virtual_node())
        for network in POOLS:
            cluster.enter_context(pool(calico, network))
        said = bare_stack.run("up", "--yes", "--skip-preview", environment=environment).stdout
        assert "node virtual runs no Calico" in " ".join(said.split())
        found = reasons(bare_stack)
        assert found == [
            f'node node2 has the label {EXCLUDED}="true": it announces no service network',
            f"no route into the pod network {EMPTY} is expected: no node has a block of its IP pool {EMPTY}"
            " yet",
            f"no route into the pod network {DISABLED} is expected: its IP pool {DISABLED} is disabled and no"
            " node has a block of it",
            f"no route into the pod network {HIDDEN} is expected: its IP pool {HIDDEN} has disableBGPExport",
        ]
        hops = [str(address) for name, address in NODES.items() if name != "node2"]
        assert bird_routes(machine) == {**SCENARIO, SERVICES: hops}
        # What is really missing is still noticed: the label says nothing of another node.
        bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=environment)
    bare_stack.up("--refresh")
    assert reasons(bare_stack) == []
    assert bird_routes(machine) == SCENARIO
