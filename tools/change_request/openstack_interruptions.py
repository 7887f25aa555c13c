"""What changes in OpenStack interrupt: VMs, addresses, allowed address pairs, security groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.change_request.markdown import code
from tools.change_request.preview import UNKNOWN, Properties, Step

Found = Iterator[tuple[str, str]]

FLAVOR = ("flavorName", "flavorId")


def vm(step: Step) -> Found:
    """What boots from an image goes, is made anew, or gets another flavor."""
    if "userData" not in step.found:
        return
    if step.operation == "replace":
        yield (
            "the VM is made anew",
            "no session and no route until it has booted and BIRD is installed there, which takes minutes;"
            " what else is on its disk is lost",
        )
    elif step.operation == "delete":
        yield "the VM is deleted", "all of its sessions and routes end"
    elif step.changed.intersection(FLAVOR):
        yield (
            "another flavor of the VM",
            "Nova stops and starts it: no session and no packet passes until it has booted",
        )
    elif "powerState" in step.changed and step.found.get("powerState") == "active":
        yield "the VM is switched off", "all of its sessions end and no packet passes"


def fixed_address(step: Step) -> Found:
    """A port's address is another one, or the port goes."""
    before, after = _fixed(step.found), _fixed(step.after)
    if not before:
        return
    if step.operation == "delete":
        yield f"the port with {_all(before)} goes", "no packet reaches the machine by this address"
    elif before != after:
        yield (
            f"the machine's address changes from {_all(before)} to {_all(after or [UNKNOWN])}",
            "every session ends, and the nodes open them to the new address",
        )
    elif step.operation == "replace":
        yield "the machine's port is made anew", "no packet passes until it is there"


def address_pairs(step: Step) -> Found:
    """A network goes from a port's allowed address pairs."""
    for network in removed_networks(step):
        yield (
            f"{code(network)} goes from allowed address pairs",
            "Neutron drops packets from and to it at the ports that lose it",
        )


def removed_networks(step: Step) -> list[str]:
    """What goes from the pairs; where it is known which came with this stack, the others stay."""
    before, after = _pairs(step.found), _pairs(step.after)
    added = step.outputs.get("added")
    gone = [network for network in before if network not in after]
    return [network for network in gone if network in added] if isinstance(added, list) else gone


def port_groups(step: Step) -> Found:
    """A security group is taken off a port."""
    before, after = _groups(step.found), _groups(step.after)
    if before and (gone := [group for group in before if group not in after]) and UNKNOWN not in after:
        yield (
            f"security group {_all(gone)} is taken off ports",
            "they drop what only this group admits, such as BGP from the machine",
        )


def rule_gone(step: Step) -> Found:
    """A rule of a security group goes, or is made anew."""
    found = step.found
    if "direction" not in found or step.operation not in ("delete", "replace"):
        return
    if step.operation == "replace" and _admits(found) == _admits(step.after):
        yield (
            f"the rule for {code(_admits(found))} is made anew",
            "connections that only it admits are refused meanwhile",
        )
    else:
        yield (
            f"the rule for {code(_admits(found))} goes",
            "connections that only it admitted are refused",
        )


def _admits(rule: Properties) -> str:
    protocol, port = rule.get("protocol"), rule.get("portRangeMin")
    what = f"{protocol}/{port}" if protocol and port else str(protocol or "everything")
    way = "from" if rule.get("direction") == "ingress" else "to"
    return f"{what} {way} {rule.get('remoteIpPrefix') or rule.get('remoteGroupId') or 'everywhere'}"


def _all(values: list[str]) -> str:
    return ", ".join(map(code, values))


def _fixed(properties: Properties) -> list[str]:
    return [
        str(each.get("ipAddress")) for each in properties.get("fixedIps") or [] if isinstance(each, Mapping)
    ]


def _pairs(properties: Properties) -> list[str]:
    """Of a whole port, or of our part of another's."""
    if "port_id" in properties:
        networks: Any = properties.get("networks")
        return [str(each) for each in networks] if isinstance(networks, list) else []
    pairs: Any = properties.get("allowedAddressPairs")
    return (
        [str(each.get("ipAddress")) for each in pairs if isinstance(each, Mapping)]
        if isinstance(pairs, list)
        else []
    )


def _groups(properties: Properties) -> list[str]:
    groups: Any = properties.get("securityGroupIds")
    if isinstance(groups, list):
        return [str(each) for each in groups]
    group = properties.get("security_group")
    return [str(group)] if "port_id" in properties and group else []
