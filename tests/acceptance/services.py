"""Services as they come and go in the cluster, with the EndpointSlices that Kubernetes would write for them.

No controller runs in the lab that would look for pods, so a replica is an endpoint on a node. A Service
here is of one family: of one with both, Calico's confd (3.31) looks only at the EndpointSlice that changed
last, and withdraws the routes when that is the second family's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kubernetes.client import CoreV1Api, DiscoveryV1Api

from lab.cluster.pods import PODS, PORT
from tests.acceptance.kernel_routes import Family

NAMESPACE = "default"
LABEL = {"calico-peering": "acceptance"}
SELECTOR = "calico-peering=acceptance"
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


@dataclass(frozen=True)
class Services:
    """Those that tests make."""

    # Any: the client takes plain objects, its types say nothing of that.
    core: Any = field(default_factory=CoreV1Api)
    discovery: Any = field(default_factory=DiscoveryV1Api)

    def create(
        self, family: Family, name: str, nodes: Iterable[str], policy: str = "Local", **spec: Any
    ) -> str:
        """A Service and its endpoints, one on each of the nodes; its cluster address as a prefix.

        `policy` is externalTrafficPolicy, and `spec` what else its spec has.
        """
        made = self.core.create_namespaced_service(
            NAMESPACE,
            {
                "metadata": {"name": name, "labels": LABEL},
                "spec": {
                    "type": "NodePort",
                    "externalTrafficPolicy": policy,
                    "ipFamilies": [family.name],
                    "ipFamilyPolicy": "SingleStack",
                    "ports": [{"name": "http", "port": 80, "targetPort": PORT}],
                    **spec,
                },
            },
        )
        self.discovery.create_namespaced_endpoint_slice(NAMESPACE, self._slice(family, name, nodes))
        return f"{made.spec.cluster_ip}/{family.bits}"

    def _slice(self, family: Family, name: str, nodes: Iterable[str]) -> dict[str, Any]:
        address = str(PODS[0].address if family.version == 4 else PODS[0].address6)
        return {
            "metadata": {"name": name, "labels": {**LABEL, "kubernetes.io/service-name": name}},
            "addressType": family.name,
            "ports": [{"name": "http", "port": PORT, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": [address], "nodeName": node, "conditions": {"ready": True}} for node in nodes
            ],
        }

    def scale(self, family: Family, name: str, nodes: Iterable[str]) -> None:
        """Have its endpoints on these nodes."""
        self.discovery.replace_namespaced_endpoint_slice(name, NAMESPACE, self._slice(family, name, nodes))

    def change(self, name: str, **spec: Any) -> None:
        """Change something of its spec."""
        self.core.patch_namespaced_service(name, NAMESPACE, {"spec": spec})

    def balance(self, name: str, address: str) -> None:
        """Give it the address of a load balancer, as whoever hands these out does."""
        status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        self.core.patch_namespaced_service_status(name, NAMESPACE, status)

    def delete(self, name: str) -> None:
        """The Service, and its endpoints, which Kubernetes takes away with it."""
        self.core.delete_namespaced_service(name, NAMESPACE)
        self.discovery.delete_namespaced_endpoint_slice(name, NAMESPACE)

    def delete_all(self) -> None:
        """All that are left."""
        found = self.core.list_namespaced_service(NAMESPACE, label_selector=SELECTOR)
        for service in found.items:
            self.delete(service.metadata.name)

    def exclude(self, node: str, yes: bool) -> None:
        """Label a node so that it announces no Service, or take the label away."""
        self.core.patch_node(node, {"metadata": {"labels": {EXCLUDED: "true" if yes else None}}})
