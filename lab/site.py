"""The reference network of the lab: machines, addresses, networks and AS numbers.

These are the values of the scenario that the lab reproduces, and beside each of its IPv4 networks one of
IPv6, where a machine's address ends in the digits of its IPv4 address. Nothing here does anything.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

NODE_NETWORK = IPv4Network("172.34.8.0/24")
POD_NETWORK = IPv4Network("192.168.0.0/16")
SERVICE_NETWORK = IPv4Network("10.96.0.0/12")
NODE_NETWORK6 = IPv6Network("fd00:172:34:8::/64")
POD_NETWORK6 = IPv6Network("fd00:192:168::/48")
# Kubernetes has at most 20 bits for the services of a network.
SERVICE_NETWORK6 = IPv6Network("fd00:10:96::/112")
CALICO_AS = 64512

SWITCH = "switch"
PEER = "peer"
MGMT = "mgmt"
NODES: dict[str, IPv4Address] = {
    "node1": IPv4Address("172.34.8.10"),
    "node2": IPv4Address("172.34.8.30"),
    "node3": IPv4Address("172.34.8.76"),
    "node4": IPv4Address("172.34.8.87"),
}
HOSTS: dict[str, IPv4Address] = {
    **NODES,
    PEER: IPv4Address("172.34.8.45"),
    MGMT: IPv4Address("172.34.8.2"),
}


def second(address: IPv4Address) -> IPv6Address:
    """The IPv6 address of the machine that has this one: 172.34.8.45's is fd00:172:34:8::45."""
    return IPv6Address(f"{NODE_NETWORK6.network_address}{address.packed[-1]}")


NODES6: dict[str, IPv6Address] = {name: second(address) for name, address in NODES.items()}
HOSTS6: dict[str, IPv6Address] = {name: second(address) for name, address in HOSTS.items()}


def mac(address: IPv4Address) -> str:
    """The MAC of a machine's eth0: OpenStack's prefix, then the address's last three octets in hex.

    Fixed, so that the machines are there before Neutron is, and its ports are made to fit them.
    """
    return ":".join(["fa:16:3e", *(f"{octet:02x}" for octet in address.packed[1:])])
