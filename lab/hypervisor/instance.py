"""What Nova's and Neutron's APIs say of one instance, as what a machine is made of.

Pure: the name of its namespace, its interfaces, and the seed from which cloud-init's data source NoCloud
takes user data, meta data and network configuration. Nothing is made here (lab/hypervisor/instances.py).
"""

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

Json = dict[str, Any]

ACTIVE = "ACTIVE"
SHUTOFF = "SHUTOFF"
# In a machine's folder, for who looks at the lab from outside.
ABOUT = "instance.json"
SEED = "var/lib/cloud/seed/nocloud"
NO_USER_DATA = b"#cloud-config\n{}\n"
# Of names of hosts, and enough for those of namespaces and of nspawn's machines.
NAME_LENGTH = 48


def machine_name(server: Json, taken: Collection[str]) -> str:
    """The name of an instance's machine: its host name where nobody else has it, else with its id."""
    wanted = server.get("OS-EXT-SRV-ATTR:hostname") or server["name"]
    name = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:NAME_LENGTH].strip("-")
    if name and name not in taken:
        return name
    return f"{name or 'instance'}-{server['id'][:8]}"


@dataclass(frozen=True)
class Interface:
    """One of an instance's interfaces, with what Neutron says of it."""

    port: str
    network: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    """With their prefix lengths."""
    routes: tuple[tuple[str, str], ...]
    """Destination and gateway."""
    nameservers: tuple[str, ...]


def interfaces(
    server: Json, ports: list[Json], subnets: Mapping[str, Json], networks: Mapping[str, Json]
) -> list[Interface]:
    """An instance's interfaces in the order in which it was given them.

    Neutron answers its ports in any order; in Nova's answer the addresses are in the right one.
    """
    order = [
        address["OS-EXT-IPS-MAC:mac_addr"]
        for addresses in server["addresses"].values()
        for address in addresses
    ]

    def place(port: Json) -> tuple[int, str]:
        mac = port["mac_address"]
        return (order.index(mac) if mac in order else len(order), port["id"])

    return [_interface(port, subnets, networks[port["network_id"]]) for port in sorted(ports, key=place)]


def _interface(port: Json, subnets: Mapping[str, Json], network: Json) -> Interface:
    fixed = [(item["ip_address"], subnets[item["subnet_id"]]) for item in port["fixed_ips"]]
    routes: dict[str, str] = {}
    for _, subnet in fixed:
        if subnet["gateway_ip"]:
            routes.setdefault("::/0" if subnet["ip_version"] == 6 else "0.0.0.0/0", subnet["gateway_ip"])
        for route in subnet["host_routes"]:
            routes.setdefault(route["destination"], route["nexthop"])
    return Interface(
        port=port["id"],
        network=port["network_id"],
        mac=port["mac_address"],
        mtu=network["mtu"],
        addresses=tuple(f"{ip}/{ip_network(subnet['cidr']).prefixlen}" for ip, subnet in fixed),
        routes=tuple(routes.items()),
        nameservers=tuple(dict.fromkeys(ip for _, subnet in fixed for ip in subnet["dns_nameservers"])),
    )


def network_config(found: list[Interface]) -> Json:
    """cloud-init's network configuration, version 2."""
    ethernets = {}
    for number, interface in enumerate(found):
        name = f"eth{number}"
        ethernets[name] = {
            "match": {"macaddress": interface.mac},
            "set-name": name,
            "mtu": interface.mtu,
            "addresses": list(interface.addresses),
            "routes": [{"to": to, "via": via} for to, via in interface.routes],
            "nameservers": {"addresses": list(interface.nameservers)},
        }
    return {"version": 2, "ethernets": ethernets}


def seed(server: Json, found: list[Interface], keys: list[str]) -> dict[str, bytes]:
    """The files of the seed folder; `keys` are public keys for the image's own user.

    JSON is YAML, which is what cloud-init reads.
    """
    hostname = server.get("OS-EXT-SRV-ATTR:hostname") or server["name"]
    meta = {
        "instance-id": server["id"],
        "hostname": hostname,
        "local-hostname": hostname,
        "public-keys": keys,
    }
    data = server.get("OS-EXT-SRV-ATTR:user_data")
    return {
        "meta-data": json.dumps(meta, indent=2).encode(),
        "network-config": json.dumps(network_config(found), indent=2).encode(),
        "user-data": base64.b64decode(data) if data else NO_USER_DATA,
    }
