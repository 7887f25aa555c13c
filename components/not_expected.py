"""What of a cluster the verification cannot wait for, by what the cluster itself says, each with its reason.

Pure. A node that is not Ready or runs no Calico has no session. A node with the exclude label announces no
service network; Calico's confd heeds only its value "true", and kubeadm sets an empty one. A pod network
without a block of an exported pool has no route. Where nothing would be left of a kind, nothing is left out:
then the verification says what is wrong. It changes nothing that is configured: every listed node stays a
neighbor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.bird.expectation import NotExpected
from components.calico.cluster_nodes import EXCLUDED
from components.networks import IPAddress, IPNetwork, network_or_none, overlap
from components.settings.network_settings import Family
from components.settings.peering_nodes import ClusterNode
from components.settings.settings import Settings
from components.shared.some_of import some_of

MOST_NAMES = 10

Specs = Sequence[Mapping[str, Any]]


def not_expected(
    settings: Settings, nodes: Sequence[ClusterNode] | None, pools: Specs | None, blocks: Specs | None
) -> NotExpected:
    """What is not waited for.

    `nodes`: the cluster's; `pools` and `blocks`: the specs of its IPPools and BlockAffinities. Each is None
    where they may not be read, and then all of it is expected.
    """
    neighbors = {address for family in settings.families for address in family.neighbors}
    known = [node for node in nodes or () if neighbors.intersection(node.addresses)]
    reasons: list[str] = []
    not_ready = _without(known, lambda node: node.ready is False)
    no_calico = _without(known, lambda node: not node.calico and node.ready is not False)
    if not settings.route_reflectors:
        reasons += _told(not_ready, "is not Ready", "are not Ready", "no session is expected with it")
        reasons += _told(no_calico, "runs no Calico", "run no Calico", "no session is expected with it")
    absent = _addresses([*not_ready, *no_calico]) if not settings.route_reflectors else frozenset[IPAddress]()
    if neighbors <= absent:
        absent, reasons = frozenset(), []
    silent = _without(known, lambda node: node.labels.get(EXCLUDED) == "true")
    if neighbors <= _addresses(silent) or settings.route_reflectors:
        silent = []
    reasons += _told(
        silent,
        f'has the label {EXCLUDED}="true"',
        f'have the label {EXCLUDED}="true"',
        "it announces no service network",
    )
    empty = {
        network: why
        for family in settings.families
        for network in _pods(family)
        if (why := _no_route(network, pools, blocks))
    }
    reasons += [
        f"no route into the pod network {network} is expected: {why}" for network, why in empty.items()
    ]
    return NotExpected(absent, _addresses(silent), frozenset(empty), tuple(reasons))


def wrong_lengths(settings: Settings, pools: Specs | None, blocks: Specs | None) -> list[str]:
    """A clause for each pod network whose blocks all have lengths that the machine's BIRD does not take."""
    wrong = []
    for family in settings.families:
        lengths = settings.pod_prefix_lengths if family.version == 4 else settings.pod_prefix_lengths6
        for network in _pods(family):
            there = {block.prefixlen for block in _blocks(network, pools, blocks)}
            there = there or {int(pool.get("blockSize") or 0) for pool in _pools(network, pools)} - {0}
            if lengths and there and not any(lengths.shortest <= one <= lengths.longest for one in there):
                found = " and ".join(f"/{one}" for one in sorted(there))
                wrong.append(
                    f"{network}: expected prefixes of /{lengths.shortest} to /{lengths.longest}, found in the"
                    f" cluster blocks of {found}, which BIRD would refuse"
                )
    return wrong


def _pods(family: Family) -> Sequence[IPNetwork]:
    return family.networks["pod_networks"]


def _pools(network: IPNetwork, pools: Specs | None) -> list[Mapping[str, Any]]:
    """Those for pods in a network."""
    return [
        pool
        for pool in pools or ()
        if (own := network_or_none(pool.get("cidr")))
        and overlap(own, network)
        and "Workload" in (pool.get("allowedUses") or ["Workload"])
    ]


def _blocks(network: IPNetwork, pools: Specs | None, blocks: Specs | None) -> list[IPNetwork]:
    """The nodes' blocks in a network, of pools that are exported."""
    hidden = [
        own
        for pool in pools or ()
        if pool.get("disableBGPExport") is True and (own := network_or_none(pool.get("cidr")))
    ]
    return [
        block
        for spec in blocks or ()
        if spec.get("state", "confirmed") == "confirmed"
        and (block := network_or_none(spec.get("cidr")))
        and overlap(block, network)
        and not any(overlap(block, own) for own in hidden)
    ]


def _no_route(network: IPNetwork, pools: Specs | None, blocks: Specs | None) -> str | None:
    """Why no node can announce a prefix in it; None when one can, or when that is not known."""
    its = _pools(network, pools)
    # Without any pool the network is not Calico's, which the verification says in its own words.
    if pools is None or blocks is None or not its or _blocks(network, pools, blocks):
        return None
    names = some_of(sorted(str(pool.get("cidr")) for pool in its), MOST_NAMES)
    if all(pool.get("disableBGPExport") is True for pool in its):
        return f"its IP pool {names} has disableBGPExport"
    if all(pool.get("disabled") is True for pool in its):
        return f"its IP pool {names} is disabled and no node has a block of it"
    return f"no node has a block of its IP pool {names} yet"


def _without(nodes: Sequence[ClusterNode], applies: Any) -> list[ClusterNode]:
    return [node for node in nodes if applies(node)]


def _addresses(nodes: Sequence[ClusterNode]) -> frozenset[IPAddress]:
    return frozenset(address for node in nodes for address in node.addresses)


def _told(nodes: Sequence[ClusterNode], one: str, several: str, so: str) -> list[str]:
    if not nodes:
        return []
    names = some_of([node.name for node in nodes], MOST_NAMES)
    if len(nodes) == 1:
        return [f"node {names} {one}: {so}"]
    so = so.replace("with it", "with them").replace("it announces", "they announce")
    return [f"nodes {names} {several}: {so}"]
