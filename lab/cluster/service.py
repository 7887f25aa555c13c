"""The Service `web`: its objects in the API and, on every node, what kube-proxy would set up for it.

No kube-proxy runs: the rules are fixed, as the Service and its endpoints are. Every node takes the
Service's traffic, spreads connections over the pods, and masquerades what comes from outside the pod
network so that the answer comes back the same way.
"""

from ipaddress import IPv4Address
from typing import Any

from lab.cluster.pods import NAMESPACE, PODS, PORT
from lab.debian import Tools
from lab.hosts import Hosts
from lab.site import NODES, POD_NETWORK

SERVICE = "web"
SERVICE_ADDRESS = IPv4Address("10.96.0.80")
SERVICE_PORT = 80
SERVICE_URL = f"http://{SERVICE_ADDRESS}/"


def objects() -> list[dict[str, Any]]:
    """The Service and its EndpointSlice."""
    metadata = {"name": SERVICE, "namespace": NAMESPACE}
    # Without a selector: there are no Pod objects and no controller that would look for them.
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "clusterIP": str(SERVICE_ADDRESS),
            "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": PORT}],
        },
    }
    endpoints = [
        {"addresses": [str(pod.address)], "nodeName": pod.node, "conditions": {"ready": True}} for pod in PODS
    ]
    slices = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": SERVICE}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": PORT, "protocol": "TCP"}],
        "endpoints": endpoints,
    }
    return [service, slices]


def rules() -> str:
    """The nftables rules of a node."""
    pods = ", ".join(f"{number} : {pod.address}" for number, pod in enumerate(PODS))
    return f"""
table ip services {{
    chain prerouting {{
        type nat hook prerouting priority dstnat
        ip daddr {SERVICE_ADDRESS} tcp dport {SERVICE_PORT} \
dnat to numgen random mod {len(PODS)} map {{ {pods} }} : {PORT}
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat
        ct status dnat ip saddr != {POD_NETWORK} masquerade
    }}
}}
"""


def bring_up(hosts: Hosts, tools: Tools) -> None:
    """Set the rules on every node."""
    for node in NODES:
        hosts[node].run(str(tools.path("nft")), "-f", "-", stdin=rules(), env=tools.environment())
