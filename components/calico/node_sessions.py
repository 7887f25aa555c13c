"""Waits until the nodes' BGP sessions among themselves stand, as the nodes themselves report it.

What is asked is Calico's own: a CalicoNodeStatus for each node, which calico-node there answers with what
its BIRD says. They are made by us for the time of the wait, and removed again. What should stand is read
from the cluster each time: its nodes with their marks, and the mesh's switch; so one wait fits before and
after any change (expected_sessions.py). No Pulumi here.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, TypeVar, cast

from kubernetes.client import CustomObjectsApi

from components.calico.calico_api import (
    REQUEST_TIMEOUT,
    STACK_ANNOTATION,
    CalicoClient,
    ChangedMeanwhileError,
    NotServedError,
    clear_errors,
)
from components.calico.expected_sessions import Node, Report, View, lacking, report
from components.calico.node_marks import ANNOTATION, LABEL
from components.calico.rest import request
from components.networks import address_or_none
from components.shared.provider_errors import ProviderError

PLURAL = "caliconodestatuses"
RIGHTS = f"get, create and delete on {PLURAL} and get on bgpconfigurations of Calico's API, and list on nodes"
# Reports hold all routes of a node, so only so many are asked at a time.
BATCH = 50
AT_ONCE = 8
# Seconds between two reports of a node, and between two looks at them.
PERIOD = 1
LOOK = 0.5
# Looks after which the nodes and the mesh's switch are read anew.
FRESH = 10
# How many of the missing ones an error names.
TOLD = 6

T = TypeVar("T")
S = TypeVar("S")


def wait_for_sessions(client: CalicoClient, stack: str, cluster_id: str, timeout: float) -> int:
    """Wait until every node that is ready reports what it should have; how many nodes these are.

    `stack` marks what is made for it; `timeout` in seconds. Raises ProviderError, naming nodes and sessions,
    when they do not stand by then, and when the cluster does not answer or allow it.
    """
    deadline = time.monotonic() + timeout
    own: set[str] = set()
    names = [node.name for node in view(client, cluster_id).ready]
    for first in range(0, len(names), BATCH):
        batch = names[first : first + BATCH]
        with _asked(client, stack, batch) as reported:
            _wait(client, cluster_id, reported, set(batch), own, deadline, timeout)
    return len(names)


def view(client: CalicoClient, cluster_id: str) -> View:
    """The cluster as it is configured now. Raises ProviderError."""
    with clear_errors(client, "listing the nodes", RIGHTS):
        nodes = [node_of(one, cluster_id) for one in request(client, "GET", "/api/v1/nodes")["items"]]
    return View(nodes, mesh_is_on(client))


def mesh_is_on(client: CalicoClient) -> bool:
    """The switch of the node-to-node mesh; Calico's default is on. Raises ProviderError."""
    try:
        with clear_errors(client, "reading BGPConfiguration default", RIGHTS):
            found: Any = CustomObjectsApi(client).get_cluster_custom_object(
                *client.calico, "bgpconfigurations", "default", _request_timeout=REQUEST_TIMEOUT
            )
    except NotServedError:
        return True
    return (found.get("spec") or {}).get("nodeToNodeMeshEnabled") is not False


def node_of(found: Mapping[str, Any], cluster_id: str) -> Node:
    """A Node object, as JSON has it, in Calico's eyes."""
    metadata = found["metadata"]
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    addresses = [
        str(address)
        for version in (4, 6)
        if (address := address_or_none(annotations.get(f"projectcalico.org/IPv{version}Address")))
    ]
    conditions = (found.get("status") or {}).get("conditions") or []
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
    its = annotations.get(ANNOTATION) or ""
    ours = its == cluster_id and labels.get(LABEL) == cluster_id
    return Node(metadata["name"], addresses, its, ours, ready and bool(addresses))


def _wait(
    client: CalicoClient,
    cluster_id: str,
    reported: Callable[[Sequence[str]], dict[str, Report | None]],
    waiting: set[str],
    own: set[str],
    deadline: float,
    timeout: float,
) -> None:
    looks = 0
    while True:
        if looks % FRESH == 0:
            now = view(client, cluster_id)
        looks += 1
        nodes = {node.name: node for node in now.ready if node.name in waiting}
        reports = reported(list(nodes))
        own |= {one for node in now.reflectors if (its := reports.get(node.name)) for one in its.own}
        wrong = {name: lacking(now, node, reports[name], own) for name, node in nodes.items()}
        waiting = {name for name, lines in wrong.items() if lines}
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise ProviderError(_told([line for lines in wrong.values() for line in lines], timeout))
        time.sleep(LOOK)


def _told(wrong: Sequence[str], timeout: float) -> str:
    more = f"; and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
    return (
        f"waited {timeout:g} s in vain for the nodes' BGP sessions among themselves:"
        f" {'; '.join(wrong[:TOLD])}{more}. What carries the routes now was left in place; mend these nodes"
        " (one not Ready is not waited for) or raise calico-peering:reflectorTimeout, and run it again"
    )


@contextmanager
def _asked(
    client: CalicoClient, stack: str, nodes: Sequence[str]
) -> Iterator[Callable[[Sequence[str]], dict[str, Report | None]]]:
    """Have these nodes report while the block lasts; what it yields reads the reports."""
    api = CustomObjectsApi(client)
    names = {node: status_name(stack, node) for node in nodes}

    def make(node: str) -> None:
        body = {
            "apiVersion": str(client.calico),
            "kind": "CalicoNodeStatus",
            "metadata": {"name": names[node], "annotations": {STACK_ANNOTATION: stack}},
            "spec": {"node": node, "classes": ["BGP", "Routes"], "updatePeriodSeconds": PERIOD},
        }
        with clear_errors(client, f"asking node {node} for its BGP sessions ({PLURAL})", RIGHTS):
            api.create_cluster_custom_object(*client.calico, PLURAL, body, _request_timeout=REQUEST_TIMEOUT)

    def made(node: str) -> None:
        try:
            make(node)
        except ChangedMeanwhileError:
            # Left by a run that was killed, with a report that may be old.
            gone(node)
            make(node)

    def gone(node: str) -> None:
        with (
            contextlib.suppress(NotServedError),
            clear_errors(client, f"removing CalicoNodeStatus {names[node]}", RIGHTS),
        ):
            api.delete_cluster_custom_object(
                *client.calico, PLURAL, names[node], _request_timeout=REQUEST_TIMEOUT
            )

    def read(node: str) -> Report | None:
        try:
            with clear_errors(client, f"reading CalicoNodeStatus {names[node]}", RIGHTS):
                found = cast(
                    "dict[str, Any]",
                    api.get_cluster_custom_object(
                        *client.calico, PLURAL, names[node], _request_timeout=REQUEST_TIMEOUT
                    ),
                )
        except NotServedError:
            return None
        return report(found.get("status") or {})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            list(pool.map(made, nodes))
            yield lambda some: dict(zip(some, pool.map(read, some), strict=True))
        finally:
            list(pool.map(gone, nodes))


def status_name(stack: str, node: str) -> str:
    """The name of the CalicoNodeStatus of a node: two stacks may ask one at the same time."""
    key = sha256(stack.encode()).hexdigest()[:8]
    # An object's name has at most 253 characters, and a node's may have as many.
    short = node if len(node) <= 200 else sha256(node.encode()).hexdigest()
    return f"calico-peering-{key}-{short}"
