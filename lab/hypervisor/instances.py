"""Makes a machine for every ACTIVE instance of the lab's Nova, and takes it away with the instance.

Runs in namespace `mgmt`, from where the APIs are reached, as `python -m lab.hypervisor.instances FOLDER`. A
machine is a namespace plugged into the switch with the ports' MACs, and the lab's Debian with the instance's
user data for cloud-init. An instance that is SHUTOFF is without power and keeps its disk; with a deleted one
everything goes. Every image and flavor is the same here. What an instance is given after its first boot
(interfaces, a rebuild) is not looked at, and a floating IP leads nowhere.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keystoneauth1.exceptions import ClientException
from openstack import connect
from openstack.connection import Connection
from openstack.exceptions import SDKException

from lab.errors import LabError
from lab.hosts import NETNS, Host, Service
from lab.hypervisor import wiring
from lab.hypervisor.instance import (
    ABOUT,
    ACTIVE,
    SEED,
    SHUTOFF,
    Interface,
    Json,
    interfaces,
    machine_name,
    seed,
)
from lab.hypervisor.watch import Watch
from lab.layout import Layout
from lab.machine import Machine, machines_folder, write_file
from lab.openstack.databases import NOVA
from lab.parts import Parts

# The first in which an instance's host name is in the answer, whoever asks.
MICROVERSION = "2.90"
# cloud-init writes this service's configuration; Debian has it, but does not start it.
NETWORKD = "systemd-networkd.service"


@dataclass
class Running:
    """An instance that has a machine, with its process while it has power."""

    machine: Machine
    plugged: list[Interface]
    service: Service | None = None


def say(text: str) -> None:
    """A line for the log."""
    print(text, flush=True)


class Cloud:
    """The questions to Nova and Neutron, as administrator."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _get(self, service: Any, path: str, key: str, **query: str) -> Any:
        version = {"microversion": MICROVERSION} if service is self.connection.compute else {}
        answer = service.get(path, params=query, **version)
        answer.raise_for_status()
        return answer.json()[key]

    def servers(self) -> list[Json]:
        """Every project's instances."""
        found: list[Json] = self._get(self.connection.compute, "/servers/detail", "servers", all_tenants="1")
        return found

    def keys(self, server: Json) -> list[str]:
        """The public key that the instance was made with, if it has one and it is still there."""
        if not server["key_name"]:
            return []
        path = f"/os-keypairs/{server['key_name']}"
        answer = self.connection.compute.get(
            path, params={"user_id": server["user_id"]}, microversion=MICROVERSION
        )
        if answer.status_code == 404:
            return []
        answer.raise_for_status()
        return [answer.json()["keypair"]["public_key"].strip()]

    def interfaces(self, server: Json) -> list[Interface]:
        """What Neutron says of the instance's ports."""
        network = self.connection.network

        def by_id(name: str) -> dict[str, Json]:
            return {item["id"]: item for item in self._get(network, f"/{name}", name)}

        ports = self._get(network, "/ports", "ports", device_id=server["id"])
        return interfaces(server, ports, by_id("subnets"), by_id("networks"))


class Instances:
    """The machines of all instances."""

    def __init__(self, layout: Layout, parts: Parts, cloud: Cloud) -> None:
        self.layout, self.parts, self.cloud = layout, parts, cloud
        self.found: dict[str, Running] = {}

    def follow(self, servers: list[Json]) -> None:
        """Make what is there like what Nova says; one that fails is told of and left as it is."""
        there = {server["id"] for server in servers}
        for gone in self.found.keys() - there:
            self._try(self._remove, gone)
        for server in servers:
            running = self.found.get(server["id"])
            if server["status"] == ACTIVE and (running is None or running.service is None):
                self._try(self._start, server)
            elif server["status"] == SHUTOFF and running and running.service:
                self._try(self._power_off, running)

    def _try(self, action: Any, *arguments: Any) -> None:
        try:
            action(*arguments)
        except LabError as error:
            say(f"error: {error}")

    def _start(self, server: Json) -> None:
        running, found = self.found.get(server["id"]), self.cloud.interfaces(server)
        if running:
            running.machine.mount(self.parts.debian)
            running.plugged = found
        else:
            keys = self.cloud.keys(server)
            # One without power has no namespace, and a pod no folder.
            taken = [*NETNS.iterdir(), *machines_folder(self.layout).iterdir()]
            name = machine_name(server, [path.name for path in taken])
            running = Running(Machine(self.layout, Host(name, self.layout)), found)
            running.machine.mount(self.parts.debian)
            self._lay_in(running.machine, server, found, keys)
            self.found[server["id"]] = running
        wiring.plug(running.machine.host.name, found)
        running.service = running.machine.boot(self.parts.tools)
        say(f"{running.machine.host.name}: booting, instance {server['id']}")

    def _lay_in(self, machine: Machine, server: Json, found: list[Interface], keys: list[str]) -> None:
        for name, content in seed(server, found, keys).items():
            # User data may hold private keys.
            write_file(machine.root / SEED / name, content, 0o600)
        wanted = machine.root / "etc/systemd/system/multi-user.target.wants"
        (wanted / NETWORKD).symlink_to(f"/lib/systemd/system/{NETWORKD}")
        addresses = [address.split("/")[0] for interface in found for address in interface.addresses]
        about = {"instance": server["id"], "addresses": addresses}
        write_file(machine.folder / ABOUT, json.dumps(about), 0o644)

    def _power_off(self, running: Running) -> None:
        assert running.service
        running.machine.end(running.service)
        running.service = None
        running.machine.unmount()
        wiring.unplug(running.machine.host.name, running.plugged)
        say(f"{running.machine.host.name}: without power")

    def _remove(self, identity: str) -> None:
        running = self.found.pop(identity)
        if running.service:
            self._power_off(running)
        shutil.rmtree(running.machine.folder)
        say(f"{running.machine.host.name}: removed")


def main(layout: Layout) -> None:
    """Follow Nova for ever."""
    cloud = Cloud(connect(cloud="admin"))
    instances = Instances(layout, Parts.of_running(layout), cloud)
    watch = Watch(layout.folder / "openstack" / "nova" / NOVA)
    while True:
        watch.wait()
        try:
            instances.follow(cloud.servers())
        except (SDKException, ClientException, OSError) as error:
            say(f"the lab's OpenStack does not answer, asked again: {error}")
            watch.again()


if __name__ == "__main__":
    main(Layout(folder=Path(sys.argv[1])))
