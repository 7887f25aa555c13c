"""Steady traffic from the external machine to pods and service, and how much of it was lost.

Datagrams to each pod and new connections to the service, a probe every few milliseconds, each a flow of its
own, so that all next hops are used (with a hash over ports: fib_multipath_hash_policy=1). The sender is
lab/traffic_sender.py, on the machine itself.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.cluster.pods import PODS, PORT
from lab.cluster.service import SERVICE_ADDRESS, SERVICE_PORT
from lab.errors import LabError
from lab.hosts import last_lines
from lab.machine import Machine

SENDER = Path(__file__).with_name("traffic_sender.py")
# Probes a second, over all targets: one every five milliseconds.
RATE = 200
# Seconds that an echo may take: a pod's, on a busy machine, is a process that waits for a processor.
PATIENCE = 5.0
TARGETS = (
    *(f"udp:{pod.address}:{PORT}" for pod in PODS),
    f"tcp:{SERVICE_ADDRESS}:{SERVICE_PORT}",
)


@dataclass
class Traffic:
    """What became of it; filled when it has ended."""

    sent: int = 0
    lost: list[float] = field(default_factory=list)
    """When the lost probes were sent, in order, in seconds of time.monotonic()."""
    by_target: dict[str, int] = field(default_factory=dict)
    """How many were lost of each target's."""
    blind: float = 0.0
    """Seconds: the longest time without a probe. An outage as short may have been missed."""

    @property
    def outage(self) -> float:
        """Seconds from the first lost probe to the last; 0 when at most one was lost."""
        return self.lost[-1] - self.lost[0] if self.lost else 0.0

    def __str__(self) -> str:
        within = f" within {self.outage:.2f} s" if len(self.lost) > 1 else ""
        return f"{len(self.lost)} of {self.sent} lost{within} ({self.blind:.2f} s without a probe at most)"


@contextmanager
def traffic(machine: Machine, rate: float = RATE) -> Iterator[Traffic]:
    """Send while the block runs; what it yields is filled after it.

    Raises:
        LabError: when the sender itself fails.
    """
    found = Traffic()
    command = machine.command("python3", "-I", "-c", SENDER.read_text(), str(rate), str(PATIENCE), *TARGETS)
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield found
    finally:
        output, errors = process.communicate()
    if process.returncode != 0:
        raise LabError(f"the sender on {machine.title} failed:\n{last_lines(errors)}")
    told = json.loads(output)
    found.blind = told["blind"]
    found.sent = sum(told["sent"].values())
    found.by_target = {target: len(times) for target, times in told["lost"].items()}
    found.lost = sorted(time for times in told["lost"].values() for time in times)
