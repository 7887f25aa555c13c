"""How Neutron binds ports in the lab: the ML2 mechanism driver `lab`.

Neutron's own drivers bind a port only on a host from which an agent reports, over a message queue. The
lab has neither, so this one binds any port to the host that Nova names, as a tap device, and the port
is ACTIVE from then on. It wires nothing and waits for nobody who does.

Found by its entry point (lab_mechanism-1.dist-info beside this file, which serve.py's folder makes
visible). Ports that no machine uses (the nodes') are never bound and stay DOWN.
"""

from typing import Any

from neutron_lib.api.definitions import portbindings
from neutron_lib.constants import PORT_STATUS_ACTIVE
from neutron_lib.plugins.ml2 import api

# The device is named `tap` and the first 11 characters of the port's id; security groups apply to it.
DETAILS = {
    portbindings.CAP_PORT_FILTER: True,
    portbindings.VIF_DETAILS_CONNECTIVITY: portbindings.CONNECTIVITY_L2,
}


class LabMechanism(api.MechanismDriver):  # type: ignore[misc]  # Neutron has no types
    """Binds every port of an ordinary network card to its network's first segment."""

    def initialize(self) -> None:
        """Nothing to prepare."""

    @property
    def connectivity(self) -> str:
        """What a bound port is connected to."""
        return str(portbindings.CONNECTIVITY_L2)

    def bind_port(self, context: Any) -> None:
        """Bind the port and say that it is ACTIVE."""
        if context.current[portbindings.VNIC_TYPE] != portbindings.VNIC_NORMAL:
            return
        segment = context.segments_to_bind[0]
        context.set_binding(segment[api.ID], portbindings.VIF_TYPE_TAP, DETAILS, status=PORT_STATUS_ACTIVE)
