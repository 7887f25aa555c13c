"""How time and API calls grow with the number of node ports.

Run on the lab's management host: `python -m lab exec mgmt -- python bench/ports.py [COUNT…]`, by default
4, 50 and 200. It makes a network with so many ports in the lab's Neutron, runs bench/program on them with a
state of its own, and prints a Markdown table. Everything that it made goes at the end. What is measured is
the wall clock of `pulumi` with the lab's Neutron (SQLite, four threads), and every request to Neutron and
Keystone as proxies see it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import openstack
import yaml
from openstack.connection import Connection

from lab.layout import PROJECT
from lab.openstack.serving import KEYSTONE_URL, NEUTRON_URL
from lab.recording_proxy import Recording, recording

COUNTS = (4, 50, 200)
NETWORK = "bench"
ADDRESSES = IPv4Network("10.99.0.0/16")
OURS = ("192.168.0.0/16", "10.96.0.0/12")
MORE = ("10.112.0.0/12",)


@dataclass(frozen=True)
class Cell:
    """One run: seconds, and how many requests of which kind."""

    seconds: float
    lists: int
    single: int
    writes: int
    keystone: int

    def __str__(self) -> str:
        calls = f"{self.lists} + {self.single} + {self.writes}"
        return f"{self.seconds:.1f} s · {calls} · {self.keystone}"


@dataclass(frozen=True)
class Bench:
    """The engine with a state of its own, and the proxies in front of both APIs."""

    environment: dict[str, str]
    neutron: Recording
    keystone: Recording

    def run(self, *words: str, networks: Sequence[str] = OURS, nodes: Sequence[str] = ()) -> Cell:
        """`pulumi WORDS` for these nodes; without nodes the program is empty."""
        self.neutron.take()
        self.keystone.take()
        start = time.monotonic()
        done = subprocess.run(
            ["pulumi", *words, "--stack", "bench", "--non-interactive", "--color", "never"],
            cwd=PROJECT / "bench" / "program",
            env={
                **self.environment,
                "BENCH_NETWORK": NETWORK if nodes else "",
                "BENCH_NODES": " ".join(nodes),
                "BENCH_NETWORKS": " ".join(networks),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"pulumi {' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
        calls = self.neutron.take()
        reads = [call for call in calls if call.method == "GET"]
        single = sum("/ports/" in call.path for call in reads)
        return Cell(
            seconds,
            len(reads) - single,
            single,
            len(calls) - len(reads),
            len(self.keystone.take()),
        )


@contextmanager
def ports(cloud: Connection, count: int) -> Iterator[list[str]]:
    """A network with `count` ports, one of them in five with a pair of somebody else's; their addresses."""
    network = cloud.network.create_network(name=NETWORK)
    try:
        subnet = cloud.network.create_subnet(
            name=NETWORK,
            network_id=network.id,
            ip_version=4,
            cidr=str(ADDRESSES),
            enable_dhcp=False,
            gateway_ip=None,
        )
        addresses = [str(ADDRESSES[place + 10]) for place in range(count)]
        for place, address in enumerate(addresses):
            cloud.network.create_port(
                name=f"bench{place}",
                network_id=network.id,
                fixed_ips=[{"subnet_id": subnet.id, "ip_address": address}],
                allowed_address_pairs=[] if place % 5 else [{"ip_address": "10.200.0.0/16"}],
            )
        yield addresses
    finally:
        for port in cloud.network.ports(network_id=network.id):
            cloud.network.delete_port(port)
        cloud.network.delete_network(network)


@contextmanager
def bench() -> Iterator[Bench]:
    """Proxies, a clouds.yaml that leads through them, and an empty stack."""
    with (
        tempfile.TemporaryDirectory() as place,
        recording(NEUTRON_URL) as neutron,
        recording(KEYSTONE_URL.removesuffix("/v3")) as keystone,
    ):
        folder = Path(place)
        clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())
        clouds["clouds"]["lab"]["network_endpoint_override"] = f"{neutron.url}/v2.0"
        clouds["clouds"]["lab"]["auth"]["auth_url"] = f"{keystone.url}/v3"
        path = folder / "clouds.yaml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(clouds))
        environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "OS_CLIENT_CONFIG_FILE": str(path),
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
        }
        for unwanted in ("PULUMI_OPTION_CONFIG_FILE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK"):
            environment.pop(unwanted, None)
        made = Bench(environment, neutron, keystone)
        made.run("stack", "init")
        yield made


def measure(one: Bench, nodes: list[str]) -> dict[str, Cell]:
    """All runs for these nodes, from nothing to nothing."""
    yes = ("--yes", "--skip-preview")
    more = (*OURS, *MORE)
    return {
        "preview of an empty program": one.run("preview"),
        "first preview": one.run("preview", nodes=nodes),
        "first up": one.run("up", *yes, nodes=nodes),
        "preview, nothing to do": one.run("preview", "--expect-no-changes", nodes=nodes),
        "preview --refresh, nothing to do": one.run(
            "preview", "--refresh", "--expect-no-changes", nodes=nodes
        ),
        "up, nothing to do": one.run("up", "--expect-no-changes", *yes, nodes=nodes),
        "up, one network more": one.run("up", *yes, nodes=nodes, networks=more),
        "destroy": one.run("destroy", *yes),
    }


def main(arguments: list[str]) -> None:
    """Measure and print the table."""
    counts = [int(text) for text in arguments] or list(COUNTS)
    cloud = openstack.connect(cloud="lab")
    columns: dict[int, dict[str, Cell]] = {}
    with bench() as one:
        for count in counts:
            with ports(cloud, count) as nodes:
                columns[count] = measure(one, nodes)
    print(f"| | {' | '.join(f'{count} ports' for count in counts)} |")
    print("|---" * (len(counts) + 1) + "|")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(str(columns[count][name]) for count in counts)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
