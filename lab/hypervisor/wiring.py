"""Plugs machines into the switch under the names that Neutron's drivers give: taps and bridges.

The bridge's name matters to more than people: Neutron's iptables rules give what comes in through a
bridge of a network's name (from the external machine, say) the same conntrack zone as that network's
ports, without which the two halves of a connection would be strangers to each other.
"""

import json

from lab.hypervisor.instance import Interface
from lab.hypervisor.snapshot import ID_LENGTH, tap
from lab.network import BRIDGE, ip, ip_batch
from lab.openstack.made import Made
from lab.site import SWITCH


def bridge(network_id: str) -> str:
    """The name of a network's bridge."""
    return "brq" + network_id[:ID_LENGTH]


def plug(name: str, interfaces: list[Interface]) -> None:
    """Make the namespace `name` with these interfaces, as eth0, eth1, …, each in its network's bridge.

    They are down inside: that is for the machine to change.
    """
    ip_batch([f"netns add {name}"])
    links = json.loads(ip("-netns", SWITCH, "-json", "link"))
    bridges = {link["ifname"] for link in links}
    lines = []
    for number, interface in enumerate(interfaces):
        place, outer = bridge(interface.network), tap(interface.port)
        if place not in bridges:
            bridges.add(place)
            lines += [f"link add {place} type bridge", f"link set {place} up"]
        inner = f"name eth{number} address {interface.mac} mtu {interface.mtu} netns {name}"
        lines += [
            f"link add {outer} mtu {interface.mtu} type veth peer {inner}",
            f"link set {outer} master {place} up",
        ]
    ip_batch(lines, SWITCH)


def unplug(name: str, interfaces: list[Interface]) -> None:
    """Take away what `plug` made, but for the bridges.

    The links by themselves: the kernel takes down a namespace's when it gets to it.
    """
    ip_batch([f"link del {tap(interface.port)}" for interface in interfaces], SWITCH)
    ip_batch([f"netns del {name}"])


def _renamed(old: str, new: str) -> list[str]:
    # Older kernels rename no link that is up. Packets are lost for a moment, addresses are not.
    return [f"link set {old} down", f"link set {old} name {new}", f"link set {new} up"]


def adopt(made: Made) -> None:
    """Give the switch's bridge and the links of the machines with a port their names of Neutron's.

    They exist before Neutron does, so that the cluster need not wait for it.
    """
    lines = [line for name, port in made.ports.items() for line in _renamed(name, tap(port))]
    ip_batch([*_renamed(BRIDGE, bridge(made.network)), *lines], SWITCH)
