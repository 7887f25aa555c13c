"""The stack with an external machine that it makes itself, for the tests of that.

The machine has another address than the lab's own external one, which is there beside it and untouched.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openstack import connect
from openstack.connection import Connection

from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_URL
from lab.external import KeyPair
from lab.hosts import Host
from lab.hypervisor.instance import ABOUT
from lab.layout import Layout
from lab.machine import Machine, machines_folder
from lab.openstack.site import FLAVOR, IMAGE, NETWORK
from lab.parts import Parts
from lab.site import HOSTS, MGMT, NODES
from tests.on_the_lab import Stack, bird_routes, encrypted, with_settings

NAME = "gateway"
ADDRESS = "172.34.8.46"
BEHIND = "10.30.0.0/16"
HOPS = [str(address) for address in NODES.values()]
HOST = KeyPair.new()
KEY = "sshHostPrivateKey"


@dataclass
class Site:
    """The stack with a machine that it makes itself."""

    stack: Stack
    layout: Layout
    cloud: Connection
    folder: Path

    @cached_property
    def host_key(self) -> Any:
        """The private host key, as the engine encrypts it for the stack."""
        return encrypted(self.folder, self.layout, KEY, HOST.private)

    def environment(self, **settings: Any) -> dict[str, str]:
        """The environment in which the stack has these settings beside the machine's."""
        made = {
            "machineSource": "openstack",
            "machineName": NAME,
            "machineAddress": ADDRESS,
            "machineNetwork": NETWORK,
            "machineImage": IMAGE,
            "machineFlavor": FLAVOR,
            "machineSshNetworks": [f"{HOSTS[MGMT]}/32"],
            "machineNetworks": [BEHIND],
            "sshHostKey": "",
            KEY: self.host_key,
            **settings,
        }
        return with_settings(self.layout, self.folder, **made)

    def run(self, *words: str, check: bool = True, **settings: Any) -> str:
        """Run the engine, and return all that it says."""
        done = self.stack.run(*words, check=check, environment=self.environment(**settings))
        assert check or done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def up(self, *options: str, check: bool = True, **settings: Any) -> str:
        """`pulumi up`."""
        return self.run("up", "--yes", "--skip-preview", *options, check=check, **settings)

    def server(self) -> Any:
        """The instance, as Nova has it."""
        (server,) = self.cloud.compute.servers(name=f"^{NAME}$")
        return server

    def machine(self) -> Machine:
        """The machine that the hypervisor made for the instance."""
        for about in machines_folder(self.layout).glob(f"*/{ABOUT}"):
            if json.loads(about.read_text())["instance"] == self.server().id:
                return Machine(self.layout, Host(about.parent.name, self.layout))
        raise AssertionError("the hypervisor has no machine for the instance")

    def leftovers(self) -> list[str]:
        """What is in OpenStack of all that the component makes."""
        compute, network = self.cloud.compute, self.cloud.network
        made = [
            *compute.servers(),
            *(self.cloud.block_storage.volumes() if Parts.of_running(self.layout).cinder else []),
            *compute.keypairs(),
            *(port for port in network.ports() if port.name == NAME),
            *(group for group in network.security_groups() if group.name.startswith("calico-peering")),
            *network.ips(),
        ]
        return [str(one.name or one.id) for one in made]


@contextmanager
def made_here(stack: Stack, layout: Layout, folder: Path) -> Iterator[Site]:
    """The site with nothing on it; nothing of it stays afterwards. `folder` is for settings."""
    stack.destroy()
    yield Site(stack, layout, connect(cloud="lab"), folder)
    stack.destroy()


def assert_connected(site: Site) -> None:
    """Sessions with all nodes, routes over all of them in the machine's kernel, pods and service answer."""
    sessions = site.stack.output("sessions")
    assert [session["neighbor"] for session in sessions] == HOPS
    assert {session["state"] for session in sessions} == {"Established"}
    machine = site.machine()
    assert bird_routes(machine) == {
        "10.96.0.0/12": HOPS,
        "192.168.204.0/26": HOPS,
        "192.168.219.128/26": HOPS,
    }
    for url in (*(pod.url for pod in PODS), SERVICE_URL):
        answer = machine.run("curl", "-sS", "--max-time", "5", url).stdout
        assert any(pod.name in answer for pod in PODS)
