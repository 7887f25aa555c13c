"""Why Nova could not make the machine, and what to do then.

pulumi-openstack says no more than that the instance is in ERROR, and Pulumi keeps such an instance in its
state: the next `up` would wait ten minutes for its sshd. So the reason is told when the VM fails, and
an `up` that finds it so stops at once. No Pulumi here.
"""

from __future__ import annotations

from components.machine.machine_left_over import METADATA
from components.ports.openstack_api import clear_errors, connect


def find_fault(machine_name: str, stack: str, urn: str, cloud: str | None = None) -> str | None:
    """What Nova says of this stack's instance when that is in ERROR. Raises ProviderError.

    `urn` is the VM's in the stack, for the advice how to make it anew. A port tells nothing here: Nova lets
    go of it when it gives up.
    """
    with clear_errors(cloud):
        for server in connect(cloud).compute.servers(status="ERROR"):
            if server.name == machine_name and server.metadata.get(METADATA) == stack:
                said = (server.fault or {}).get("message", "no reason given")
                return (
                    f"the machine's instance {server.id} is in ERROR; Nova says: {said}\n"
                    f"When that is mended, have it made anew: pulumi up --replace '{urn}'"
                )
    return None
