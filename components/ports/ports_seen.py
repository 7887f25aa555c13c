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

from components.ports.neutron_ports import Port, list_ports, list_ports_any, read_port

# Seconds for which a list says what the ports hold; a refresh of 200 ports takes less.
FRESH = 20


class PortsSeen:
    """Ports by id as they were last seen. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ports: dict[str, tuple[float, Port]] = {}
        self._listing = threading.Lock()

    def port(self, connection: Connection, port_id: str, network_id: str | None = None) -> Port:
        """A port no older than FRESH seconds. Raises PortGoneError.

        When it has to be asked for and its network is known, all ports of that network are listed
        instead, for whoever asks next.
        """
        with self._listing:
            known = self._fresh(port_id)
            if known is None:
                old = self.ever(port_id)
                network_id = network_id or (str(old["network_id"]) if old else None)
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

    def ever(self, port_id: str) -> Port | None:
        """A port as it was seen in this run, however long ago: good enough to try a write onto."""
        return self._ports.get(port_id, (0.0, None))[1]

    def forget(self, port_id: str) -> None:
        """Ask again next time."""
        self._ports.pop(port_id, None)

    def _fresh(self, port_id: str) -> Port | None:
        at, port = self._ports.get(port_id, (0.0, None))
        return port if port is not None and time.monotonic() - at < FRESH else None

    def _keep(self, ports: Iterable[Port]) -> None:
        now = time.monotonic()
        self._ports.update((str(port["id"]), (now, port)) for port in ports)


SEEN = PortsSeen()
