"""Puts Neutron's wishes for every port into the switch, with Neutron's own agent code and driver.

Runs in namespace `switch` with OpenStack's Python as `python -m lab.hypervisor.enforcer READY`. On
standard input it gets a JSON object a line, each the whole state (lab/hypervisor/reporter.py); it ends
when that does. Which ports are plugged in it sees itself: their taps are links of this namespace. The
file READY is made when the first state is in force.

Between the API's answers and iptables everything is Neutron's: the server's code that turns groups into
rules and members (SecurityGroupInfoAPIMixin), the agent's that decides what to write anew
(SecurityGroupAgentRpc), the iptables driver. What is not done, as nobody does since the Linux bridge
agent is gone: guarding ARP. A port that is set down (`admin_state_up`) goes on.
"""

import logging
import os
import select
import socket
import sys
import time
import warnings
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

from neutron import privileged  # noqa: E402
from neutron.agent.linux.iptables_firewall import IptablesFirewallDriver  # noqa: E402
from neutron.agent.securitygroups_rpc import SecurityGroupAgentRpc  # noqa: E402
from neutron.conf.agent import common, securitygroups_rpc  # noqa: E402
from neutron.db.securitygroups_rpc_base import SecurityGroupInfoAPIMixin  # noqa: E402
from oslo_config import cfg  # noqa: E402
from oslo_privsep.priv_context import PrivContext  # noqa: E402

from lab.hypervisor.lines import newest  # noqa: E402
from lab.hypervisor.snapshot import TAP, Changes, Json, Member, Snapshot, changes  # noqa: E402

log = logging.getLogger("enforcer")
# Seconds after which a tap that came or went is seen.
PERIOD = 0.2


class Server(SecurityGroupInfoAPIMixin):  # type: ignore[misc]  # Neutron has no types
    """Neutron's server as its agents ask it; the answers come from a snapshot instead of a database."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()

    def security_group_info_for_devices(self, context: Any, devices: Iterable[str]) -> Json:
        """What the agent asks by RPC: devices, the rules of their groups, the members of those."""
        plugged = self.snapshot.plugged(devices)
        ports = {name: self.snapshot.device(port) for name, port in plugged.items()}
        found: Json = self.security_group_info_for_ports(context, ports)
        return found

    def _select_rules_for_ports(self, context: Any, ports: dict[str, Json]) -> list[tuple[str, Json]]:
        return [
            (name, rule)
            for name, port in ports.items()
            for group in port["security_groups"]
            for rule in self.snapshot.rules(group)
        ]

    def _select_sg_ids_for_ports(self, context: Any, ports: dict[str, Json]) -> list[tuple[str]]:
        return [(group,) for group in {group for port in ports.values() for group in port["security_groups"]}]

    def _select_ips_for_remote_group(self, context: Any, groups: Iterable[str]) -> dict[str, set[Member]]:
        return {group: self.snapshot.members(group) for group in groups}

    def _select_ips_for_remote_address_group(
        self, context: Any, groups: Iterable[str]
    ) -> dict[str, set[Member]]:
        return {group: self.snapshot.addresses(group) for group in groups}

    def _get_sgs_stateful_flag(self, context: Any, groups: Iterable[str]) -> dict[str, bool]:
        return {group: self.snapshot.stateful(group) for group in groups}


class Agent(SecurityGroupAgentRpc):  # type: ignore[misc]  # Neutron has no types
    """Neutron's agent with its iptables driver; refreshes only when told to."""

    def __init__(self, server: Server) -> None:
        super().__init__(context=None, plugin_rpc=server, defer_refresh_firewall=True)

    def init_firewall(self, defer_refresh_firewall: bool = False, integration_bridge: Any = None) -> None:
        """Where Neutron would load a driver by its name."""
        self.firewall = IptablesFirewallDriver()
        self.defer_refresh_firewall = defer_refresh_firewall
        self.devices_to_refilter: set[str] = set()

    def apply(self, found: Changes) -> None:
        """Tell everything that changed, and write it once."""
        self.remove_devices_filter(found.removed)
        if found.rules_of:
            self.security_groups_rule_updated(found.rules_of)
        if found.members_of:
            self.security_groups_member_updated(found.members_of)
        self.setup_port_filters(set(found.new), set(found.updated))


def configure(locks: Path) -> None:
    """Set Neutron's libraries up for a process that is root already and has no configuration."""
    common.register_root_helper(cfg.CONF)
    common.register_iptables_opts(cfg.CONF)
    securitygroups_rpc.register_securitygroups_opts(cfg.CONF)
    cfg.CONF([], project="neutron", default_config_files=[], default_config_dirs=[])
    cfg.CONF.set_override("lock_path", str(locks), "oslo_concurrency")
    for value in vars(privileged).values():
        if isinstance(value, PrivContext):
            value.set_client_mode(False)


def links() -> frozenset[str]:
    """The taps in this network namespace."""
    return frozenset(name for _, name in socket.if_nameindex() if name.startswith(TAP))


class Enforcer:
    """The last state that was put in force, and the step to the next."""

    def __init__(self) -> None:
        self.server = Server()
        self.agent = Agent(self.server)
        self.taps: Collection[str] = frozenset()

    def enforce(self, after: Snapshot, taps: Collection[str]) -> None:
        """Put a state in force for the taps that are there."""
        start = time.monotonic()
        found = changes(self.server.snapshot, self.taps, after, taps)
        self.server.snapshot, self.taps = after, taps
        if found:
            self.agent.apply(found)
            log.info("in force after %.3f s: %s", time.monotonic() - start, found)


def main(ready: Path) -> None:
    """Enforce until standard input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    log.setLevel(logging.INFO)
    configure(ready.parent)
    enforcer = Enforcer()
    rest, snapshot = b"", Snapshot()
    while True:
        if select.select([0], [], [], PERIOD)[0]:
            chunk = os.read(0, 1 << 20)
            if not chunk:
                log.warning("the reporter has ended: what is in force stays")
                return
            line, rest = newest(rest + chunk)
            if line is None:
                continue
            snapshot = Snapshot.of(line)
        enforcer.enforce(snapshot, links())
        if snapshot.ports:
            ready.touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # The driver's thread for conntrack never ends.
    os._exit(0)
