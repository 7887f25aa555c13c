"""The Service `web`: its objects in the API and, on every node, what kube-proxy would set up for it.

No kube-proxy runs: the rules are fixed, as the Service and its endpoints are. Every node takes the
Service's traffic, spreads connections over the pods, and masquerades what comes from outside the pod
network so that the answer comes back the same way.
"""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from lab.cluster.pods import NAMESPACE, PODS, PORT
from lab.debian import Tools
from lab.hosts import Hosts
from lab.site import NODES, POD_NETWORK, POD_NETWORK6

SERVICE = "web"
SERVICE_ADDRESS = IPv4Address("10.96.0.80")
SERVICE_ADDRESS6 = IPv6Address("fd00:10:96::80")
SERVICE_PORT = 80
SERVICE_URL = f"http://{SERVICE_ADDRESS}/"
SERVICE_URL6 = f"http://[{SERVICE_ADDRESS6}]/"


def objects() -> list[dict[str, Any]]:
    """The Service, of both families, and its EndpointSlices."""
    metadata = {"name": SERVICE, "namespace": NAMESPACE}
    # Without a selector: there are no Pod objects and no controller that would look for them.
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "clusterIP": str(SERVICE_ADDRESS),
            "clusterIPs": [str(SERVICE_ADDRESS), str(SERVICE_ADDRESS6)],
            "ipFamilies": ["IPv4", "IPv6"],
            "ipFamilyPolicy": "RequireDualStack",
            "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": PORT}],
        },
    }
    pods = {
        "IPv4": {pod.node: str(pod.address) for pod in PODS},
        "IPv6": {pod.node: str(pod.address6) for pod in PODS},
    }
    slices = [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{SERVICE}-{family.lower()}",
                "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": SERVICE},
            },
            "addressType": family,
            "ports": [{"name": "http", "port": PORT, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": [address], "nodeName": node, "conditions": {"ready": True}}
                for node, address in addresses.items()
            ],
        }
        for family, addresses in pods.items()
    ]
    return [service, *slices]


def _table(family: str, service: object, pods: list[object], pod_network: object) -> str:
    spread = ", ".join(f"{number} : {address}" for number, address in enumerate(pods))
    return f"""
table {family} services {{
    chain prerouting {{
        type nat hook prerouting priority dstnat
        {family} daddr {service} tcp dport {SERVICE_PORT} \
dnat to numgen random mod {len(pods)} map {{ {spread} }} : {PORT}
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat
        ct status dnat {family} saddr != {pod_network} masquerade
    }}
}}
"""


def rules() -> str:
    """The nftables rules of a node."""
    return _table("ip", SERVICE_ADDRESS, [pod.address for pod in PODS], POD_NETWORK) + _table(
        "ip6", SERVICE_ADDRESS6, [pod.address6 for pod in PODS], POD_NETWORK6
    )


def bring_up(hosts: Hosts, tools: Tools) -> None:
    """Set the rules on every node."""
    for node in NODES:
        hosts[node].run(str(tools.path("nft")), "-f", "-", stdin=rules(), env=tools.environment())
