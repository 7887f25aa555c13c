"""Sixty others change pairs of the same four ports while we come and go: nobody loses anything.

The number of rounds is in the environment variable WRITERS_ROUNDS (default 1).
"""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from openstack.connection import Connection

from tests.integration.conftest import Stack

WRITERS = 60
ROUNDS = int(os.environ.get("WRITERS_ROUNDS", "1"))
OURS = {"192.168.0.0/16", "10.96.0.0/12"}
# Of Neutron's ten pairs a port, two are ours and one was there before everybody.
SLOTS = 7


@dataclass
class Writer:
    """Adds its own pair to a port, holds it a while, takes it away again; careful, as we are."""

    cloud: Connection
    port_id: str
    network: str
    slots: threading.Semaphore
    there: bool = False
    lost: list[str] = field(default_factory=list)
    writes: int = 0
    missed: int = 0

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not self.slots.acquire(timeout=0.5):
                continue
            self._change(True)
            if stop.wait(random.uniform(0.5, 2)):
                return
            self._change(False)
            self.slots.release()

    def _change(self, wanted: bool) -> None:
        while True:
            port = self.cloud.network.get(f"/ports/{self.port_id}").json()["port"]
            pairs = port["allowed_address_pairs"]
            if any(pair["ip_address"] == self.network for pair in pairs) != self.there:
                self.lost.append(f"{self.network} of {port['name']}")
                self.there = not self.there
            kept = [pair for pair in pairs if pair["ip_address"] != self.network]
            answer = self.cloud.network.put(
                f"/ports/{self.port_id}",
                json={
                    "port": {"allowed_address_pairs": [*kept, *[{"ip_address": self.network}][: int(wanted)]]}
                },
                headers={"If-Match": f"revision_number={port['revision_number']}"},
            )
            if answer.status_code == 200:
                self.there = wanted
                self.writes += 1
                return
            assert answer.status_code == 412, answer.text
            self.missed += 1
            threading.Event().wait(random.uniform(0, 1))


@contextmanager
def writing(cloud: Connection, ports: dict[str, str]) -> Iterator[list[Writer]]:
    """All writers at work, a quarter of them on each port; at the end each has ended its change."""
    slots = {port: threading.Semaphore(SLOTS) for port in ports.values()}
    ids = [*ports.values()]
    writers = [
        Writer(cloud, ids[place % len(ids)], f"10.{100 + place}.0.0/16", slots[ids[place % len(ids)]])
        for place in range(WRITERS)
    ]
    stop = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(stop,)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def networks(cloud: Connection, port_id: str) -> set[str]:
    """The networks among a port's pairs, now."""
    pairs = cloud.network.get(f"/ports/{port_id}").json()["port"]["allowed_address_pairs"]
    return {pair["ip_address"] for pair in pairs}


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_nothing_is_lost_among_sixty_writers(bare_stack: Stack, cloud: Connection, number: int) -> None:
    """Longer than a minute: each write of ours waits its turn among theirs, in three runs of the engine."""
    bare_stack.destroy()
    ports = {port.name: port.id for port in cloud.network.ports() if port.name.startswith("node")}
    assert len(ports) == 4
    before = {port_id: networks(cloud, port_id) for port_id in ports.values()}
    try:
        with writing(cloud, ports) as writers:
            bare_stack.up()
            for port_id in ports.values():
                assert networks(cloud, port_id) >= OURS
            bare_stack.up("--refresh", "--expect-no-changes")
            for port_id in ports.values():
                assert networks(cloud, port_id) >= OURS
            bare_stack.destroy()
        lost = [what for writer in writers for what in writer.lost]
        assert not lost
        writes, missed = sum(one.writes for one in writers), sum(one.missed for one in writers)
        print(f"round {number}: {writes} writes of others, {missed} of theirs came too late")
        assert writes > WRITERS
        for port_id in ports.values():
            theirs = {one.network for one in writers if one.port_id == port_id and one.there}
            assert networks(cloud, port_id) == before[port_id] | theirs
    finally:
        for name, port_id in ports.items():
            kept = [{"ip_address": network} for network in before[port_id]]
            cloud.network.update_port(port_id, allowed_address_pairs=kept, name=name)
