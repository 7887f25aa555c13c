"""The cluster's objects as dictionaries, in the order in which they are to be written.

Pure: nothing is sent (lab/cluster/writer.py does). What Calico publishes (custom resource definitions,
the roles of its API server) is read from the files of its Go module; the rest is said here. Neither
BGPConfiguration/default nor a BGPPeer is among them: those are for the program to make.
"""

import base64
import re
from collections.abc import Iterator
from hashlib import sha3_256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

import yaml

from lab.cluster import service
from lab.cluster.overlay import TUNNEL_NETWORK, TUNNEL_NETWORK6
from lab.cluster.pki import CALICO_API_NAMESPACE, CALICO_NAMESPACE
from lab.cluster.pods import PODS
from lab.errors import LabError
from lab.site import NODE_NETWORK, NODE_NETWORK6, NODES, NODES6, POD_NETWORK, POD_NETWORK6

Object = dict[str, Any]
CALICO_API_PORT = 5443
RBAC = "rbac.authorization.k8s.io"
CRD_GROUP = "crd.projectcalico.org"
# Of Calico's own manifest for its API server; its Deployment, Service and APIService do not fit here.
TAKEN_KINDS = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding")


def read(path: Path) -> list[Object]:
    """The objects in one of Calico's files.

    Raises:
        LabError: when the file is not there.
    """
    try:
        return [found for found in yaml.load_all(path.read_bytes(), yaml.CSafeLoader) if found]
    except FileNotFoundError as error:
        raise LabError(
            f"wanted Calico's {path.name}, but {path} does not exist; the build of calico-confd puts"
            " it there: remove the lab's cache folder and bring the lab up again"
        ) from error


def definitions(calico_files: Path) -> list[Object]:
    """Calico's custom resource definitions."""
    paths = sorted((calico_files / "crd").glob("*.yaml"))
    if not paths:
        raise LabError(f"wanted Calico's definitions, but {calico_files / 'crd'} holds no .yaml file")
    return [found for path in paths for found in read(path)]


def _role(name: str, subject: Object, rules: list[Object]) -> Iterator[Object]:
    yield {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }
    yield {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [subject],
    }


def _rule(group: str, resources: list[str], verbs: str) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs.split()}


def roles(calico_files: Path) -> Iterator[Object]:
    """Namespaces, service accounts and roles: of Calico's API server, and of calico-node."""
    yield from (found for found in read(calico_files / "apiserver.yaml") if found["kind"] in TAKEN_KINDS)
    # Without it the garbage collector cannot list Calico's policies, and never gets ready.
    controllers = {"kind": "User", "name": "system:kube-controller-manager", "apiGroup": RBAC}
    tiers = [_rule("projectcalico.org", ["tiers"], "get")]
    yield from _role("calico-tier-getter", controllers, tiers)

    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CALICO_NAMESPACE}}
    account = {"name": "calico-node", "namespace": CALICO_NAMESPACE}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
    # What confd watches. Secrets are not among it, as in Calico: whoever makes one for a BGPPeer's
    # password lets calico-node read it.
    watched = (
        "blockaffinities bgpconfigurations bgpfilters bgppeers caliconodestatuses clusterinformations ippools"
    )
    rules = [
        _rule("", ["nodes", "services"], "get list watch"),
        _rule("discovery.k8s.io", ["endpointslices"], "get list watch"),
        _rule(CRD_GROUP, watched.split(), "get list watch"),
        # Its status reporter answers by them.
        _rule(CRD_GROUP, ["caliconodestatuses"], "update"),
    ]
    yield from _role("calico-node", {"kind": "ServiceAccount", **account}, rules)


def api_service(authority: bytes) -> list[Object]:
    """Registers projectcalico.org/v3; `authority` (PEM) signed the certificate of Calico's API server.

    The Service is an ExternalName, since kube-apiserver here routes no ClusterIP.
    """
    reference = {"name": "calico-api", "namespace": CALICO_API_NAMESPACE}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": reference,
            "spec": {
                "type": "ExternalName",
                "externalName": "localhost",
                "ports": [{"name": "apiserver", "port": CALICO_API_PORT, "protocol": "TCP"}],
            },
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v3.projectcalico.org"},
            "spec": {
                "group": "projectcalico.org",
                "version": "v3",
                "groupPriorityMinimum": 1500,
                "versionPriority": 200,
                "caBundle": base64.b64encode(authority).decode(),
                "service": {**reference, "port": CALICO_API_PORT},
            },
        },
    ]


def node(name: str, address: IPv4Address, address6: IPv6Address | None = None) -> Object:
    """A node, as kubelet and calico-node would have left it."""
    own: list[tuple[object, int]] = [(address, NODE_NETWORK.prefixlen)]
    if address6:
        own.append((address6, NODE_NETWORK6.prefixlen))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {
                f"projectcalico.org/IPv{version}Address": f"{one}/{length}"
                for version, (one, length) in zip((4, 6), own, strict=False)
            },
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "status": {
            "addresses": [
                *({"type": "InternalIP", "address": str(one)} for one, _ in own),
                {"type": "Hostname", "address": name},
            ],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def plain(calico_files: Path, authority: bytes) -> list[Object]:
    """Everything of Kubernetes' own kinds."""
    return [
        *roles(calico_files),
        *api_service(authority),
        *(node(name, address, NODES6[name]) for name, address in NODES.items()),
        *service.objects(),
    ]


def _calico(kind: str, name: str, spec: Object, labels: dict[str, str] | None = None) -> Object:
    return {
        "apiVersion": f"{CRD_GROUP}/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
    }


def affinity(block: IPv4Network | IPv6Network, node: str) -> Object:
    """Says that a block of a pod network is the node's.

    confd finds its node's blocks by the labels, which Calico's IPAM sets: see
    `EnsureBlockAffinityLabels` in libcalico-go/lib/backend/model.
    """
    digest = base64.b32encode(sha3_256(node.encode()).digest()).decode().rstrip("=")
    labels = {
        "projectcalico.org/hostname-hash": digest,
        "projectcalico.org/affinity-type": "host",
        "projectcalico.org/ip-version": str(block.version),
    }
    name = f"{node}-{re.sub('[.:/]', '-', str(block))}"
    spec = {
        "cidr": str(block),
        "node": node,
        "state": "confirmed",
        "type": "host",
        "deleted": "false",
    }
    return _calico("BlockAffinity", name, spec, labels)


def _pools(version: int, pods: object, tunnels: object) -> Iterator[Object]:
    """The pools of one family: the pods' own, and the one for what the tunnels' ends have."""
    pool = {
        "cidr": str(pods),
        "blockSize": 26 if version == 4 else 122,
        "ipipMode": "Never",
        "vxlanMode": "Always",
        "natOutgoing": True,
        "nodeSelector": "all()",
        "allowedUses": ["Workload"],
    }
    yield _calico("IPPool", f"default-ipv{version}-ippool", pool)
    own = {
        **pool,
        "cidr": str(tunnels),
        "natOutgoing": False,
        "disableBGPExport": True,
        "allowedUses": ["Tunnel"],
    }
    yield _calico("IPPool", "tunnels" if version == 4 else "tunnels-v6", own)


def calico() -> list[tuple[str, Object]]:
    """Calico's objects with their plurals, as calico-node and its IPAM would have left them.

    Written through crd.projectcalico.org/v1 as those do, before v3 is served.
    """
    information = {"datastoreReady": True, "clusterType": "k8s,bgp,kdd"}
    blocks = [(block, pod.node) for pod in PODS for block in (pod.block, pod.block6)]
    pools = [*_pools(4, POD_NETWORK, TUNNEL_NETWORK), *_pools(6, POD_NETWORK6, TUNNEL_NETWORK6)]
    return [
        ("clusterinformations", _calico("ClusterInformation", "default", information)),
        *(("ippools", pool) for pool in pools),
        *(("blockaffinities", affinity(*each)) for each in blocks),
    ]
