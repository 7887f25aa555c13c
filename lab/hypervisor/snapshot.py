"""What Neutron's API says of ports and security groups, in the shapes that Neutron's own server hands to
its agents.

Pure, and without anything of Neutron's: it is used with OpenStack's Python (lab/hypervisor/enforcer.py)
and tested without. How rules and members become what a firewall driver takes is Neutron's code; here
are only the answers that Neutron would have looked up in its database.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
# An address or network of a group's member, and the MAC that goes with it if that is known.
Member = tuple[str, str | None]

# What a tap is called: Neutron's drivers cut the port's id, as names of links are short.
TAP = "tap"
ID_LENGTH = 11


def tap(port_id: str) -> str:
    """The name of the switch's end of a port's link."""
    return TAP + port_id[:ID_LENGTH]


@dataclass(frozen=True)
class Snapshot:
    """Everything at one moment, keyed by id; the default is a Neutron with nothing in it."""

    ports: Mapping[str, Json] = field(default_factory=dict)
    groups: Mapping[str, Json] = field(default_factory=dict)
    address_groups: Mapping[str, Json] = field(default_factory=dict)

    @staticmethod
    def of(answers: Mapping[str, list[Json]]) -> "Snapshot":
        """From the lists `ports`, `security_groups` and `address_groups` of the API's answers."""

        def by_id(name: str) -> dict[str, Json]:
            return {item["id"]: item for item in answers[name]}

        return Snapshot(by_id("ports"), by_id("security_groups"), by_id("address_groups"))

    def plugged(self, links: Iterable[str]) -> dict[str, str]:
        """Tap → port id, for those of these links that belong to a port."""
        taps = {tap(port): port for port in self.ports}
        return {link: taps[link] for link in links if link in taps}

    def device(self, port_id: str) -> Json:
        """A port as Neutron's agents know it; its groups' rules are filled in by Neutron's code."""
        port = self.ports[port_id]
        return {
            **port,
            "device": tap(port_id),
            "fixed_ips": [fixed["ip_address"] for fixed in port["fixed_ips"]],
            "security_groups": list(port["security_groups"]),
            "security_group_rules": [],
            "security_group_source_groups": [],
            "security_group_remote_address_groups": [],
        }

    def rules(self, group: str) -> list[Json]:
        """A group's rules; none for a group that is gone."""
        return list(self.groups[group]["security_group_rules"]) if group in self.groups else []

    def stateful(self, group: str) -> bool:
        """Whether connections through the group are followed."""
        return bool(self.groups[group].get("stateful", True)) if group in self.groups else True

    def members(self, group: str) -> set[Member]:
        """The addresses of a security group's ports, their allowed pairs included."""
        found: set[Member] = set()
        for port in self.ports.values():
            if group in port["security_groups"]:
                found.update((fixed["ip_address"], None) for fixed in port["fixed_ips"])
                pairs = port.get("allowed_address_pairs", [])
                found.update((pair["ip_address"], pair["mac_address"]) for pair in pairs)
        return found

    def addresses(self, address_group: str) -> set[Member]:
        """The networks in an address group."""
        found = self.address_groups.get(address_group, {"addresses": []})
        return {(network, None) for network in found["addresses"]}


@dataclass(frozen=True)
class Changes:
    """What an agent is to be told: devices by tap name, groups by id."""

    removed: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    updated: frozenset[str] = frozenset()
    rules_of: frozenset[str] = frozenset()
    members_of: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return any((self.removed, self.new, self.updated, self.rules_of, self.members_of))


def _remote(snapshot: Snapshot, key: str) -> set[str]:
    rules = [rule for group in snapshot.groups for rule in snapshot.rules(group)]
    return {rule[key] for rule in rules if rule.get(key)}


# A port's counters and times change with everything about it, whatever a firewall may care for.
FIREWALL_FIELDS = (
    "allowed_address_pairs",
    "device_owner",
    "fixed_ips",
    "mac_address",
    "port_security_enabled",
    "security_groups",
)


def _concerns_firewall(port: Json) -> list[Any]:
    return [port.get(name) for name in FIREWALL_FIELDS]


def changes(before: Snapshot, had: Collection[str], after: Snapshot, links: Collection[str]) -> Changes:
    """What changed, for the ports whose taps were in the switch (`had`) and are in it now (`links`)."""
    old, new = before.plugged(had), after.plugged(links)
    both = old.keys() & new.keys()
    uses_address_group = {
        group
        for group in after.groups
        for rule in after.rules(group)
        if (remote := rule.get("remote_address_group_id"))
        and before.addresses(remote) != after.addresses(remote)
    }
    return Changes(
        removed=frozenset(old.keys() - new.keys()),
        new=frozenset(new.keys() - old.keys()),
        updated=frozenset(
            name
            for name in both
            if _concerns_firewall(before.ports[old[name]]) != _concerns_firewall(after.ports[new[name]])
        ),
        rules_of=frozenset(
            group
            for group in before.groups.keys() | after.groups.keys()
            if (before.rules(group), before.stateful(group)) != (after.rules(group), after.stateful(group))
        )
        | uses_address_group,
        members_of=frozenset(
            group
            for group in _remote(before, "remote_group_id") | _remote(after, "remote_group_id")
            if before.members(group) != after.members(group)
        ),
    )
