"""What one run knows of Neutron's ports: one list for all resources of the provider's process.

The engine calls the provider for every port by itself, four at a time. What one of these calls lists
serves the others, so that looking at all ports costs a constant number of requests. A port as it was
seen is good for writing (the revision tells when it is not that port any more) and, for some seconds,
for saying what it holds. Nothing here outlives the process; the state that does is the resources'.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence

from openstack.connection import Connection

from components.neutron_ports import Port, list_ports, list_ports_any, read_port

# Seconds for which a list says what the ports hold; a refresh of 200 ports takes less.
FRESH = 20


class PortsSeen:
    """Ports by id as they were last seen. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ports: dict[str, tuple[float, Port]] = {}
        self._listing = threading.Lock()

    def port(self, connection: Connection, port_id: str, network_id: str | None) -> Port:
        """A port no older than FRESH seconds. Raises PortGoneError.

        When it has to be asked for and `network_id` is known, all ports of that network are listed
        instead, for whoever asks next.
        """
        with self._listing:
            known = self._fresh(port_id)
            if known is None and network_id:
                self._keep(list_ports(connection, network_id=network_id))
                known = self._fresh(port_id)
            if known is None:
                # On another network by now, or gone.
                known = read_port(connection, port_id)
                self._keep([known])
            return known

    def those(self, connection: Connection, port_ids: Sequence[str]) -> dict[str, Port]:
        """Of these ports the ones that are there, no older than FRESH seconds."""
        with self._listing:
            unknown = [one for one in port_ids if self._fresh(one) is None]
            if unknown:
                self._keep(list_ports_any(connection, "id", unknown))
            found = {one: self._fresh(one) for one in port_ids}
            return {one: port for one, port in found.items() if port is not None}

    def now(self, connection: Connection, port_id: str) -> Port:
        """A port as it is now. Raises PortGoneError."""
        self.forget(port_id)
        port = read_port(connection, port_id)
        self._keep([port])
        return port

    def keep(self, port: Port) -> None:
        """Take a port from Neutron's answer to our own change."""
        self._keep([port])

    def forget(self, port_id: str) -> None:
        """Ask again next time."""
        self._ports.pop(port_id, None)

    def _fresh(self, port_id: str) -> Port | None:
        at, port = self._ports.get(port_id, (0.0, None))
        return port if port is not None and time.monotonic() - at < FRESH else None

    def _keep(self, ports: Iterable[Port]) -> None:
        now = time.monotonic()
        self._ports.update((str(port["id"]), (now, port)) for port in ports)


class ThisRun:
    """What this process itself learnt and did, by port and by what is put on it.

    A state that was saved before a crash may be older than the ports are. What happened in this very
    process is certain, and decides where the state alone would leave a doubt.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._absent: set[tuple[str, str]] = set()
        self._settled: set[tuple[str, str]] = set()

    def saw_absent(self, port_id: str, what: str) -> None:
        """It was looked for before our first write, and not there."""
        with self._lock:
            self._absent.add((port_id, what))

    def absent_before_us(self, port_id: str, things: Iterable[str]) -> set[str]:
        """Those of `things` that were not there when this process looked, before it wrote any."""
        with self._lock:
            return {what for what in things if (port_id, what) in self._absent}

    def wrote(self, port_id: str) -> None:
        """We are about to write: from now on what is there may be ours."""
        with self._lock:
            self._absent = {one for one in self._absent if one[0] != port_id}

    def settle(self, port_id: str, things: Iterable[str]) -> None:
        """What was ours of these is off the port, and the rest is left to others."""
        with self._lock:
            self._settled.update((port_id, what) for what in things)

    def settled(self, port_id: str, what: str) -> bool:
        """Whether that was decided in this process."""
        with self._lock:
            return (port_id, what) in self._settled


SEEN = PortsSeen()
THIS_RUN = ThisRun()
