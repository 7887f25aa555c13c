"""Sends a steady stream of probes, each from a port of its own, and tells which were not answered.

Run as a file on the external machine by its own Python, until its standard input ends:
`python3 -I - RATE PATIENCE TARGET…`, RATE in probes a second over all targets in turn, PATIENCE in seconds.
A TARGET is `udp:ADDRESS:PORT` (a datagram, answered by any other one) or `tcp:ADDRESS:PORT` (a new
connection, answered when it stands). A lost packet is a lost probe, always, and nothing else is: no answer
to a datagram within PATIENCE, or a SYN that the kernel had to send again. When an answer is *read* says
nothing: on a busy machine the sender itself waits for seconds, and took what had been in its sockets all the
while for lost (seen). So it asks for a processor before everybody else, and tells how long it did not look.

On standard output: a JSON object with `sent`, the number of probes by target, `lost`, by target the times at
which the lost ones were sent, in seconds of CLOCK_MONOTONIC, which all machines of the lab share, and
`blind`, the longest time without a probe. It imports nothing of the lab.
"""

import contextlib
import errno
import json
import os
import resource
import selectors
import socket
import struct
import sys
import time
from collections import deque

KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
# Seconds that the loop rests at most, so that answers are read in time.
TICK = 0.05
# Source ports are used one after the other, from one stream to the next, so that at 200 a second none comes
# again while something on the way still remembers its last connection (120 s): then a SYN now and then is not
# answered (seen).
FIRST_PORT, PORTS = 32768, 28000
# Of the kernel's struct tcp_info: tcpi_total_retrans.
AGAIN = 100


class Stream:
    """The probes that are under way, and what became of the others."""

    def __init__(self, targets: list[str], patience: float) -> None:
        self.patience = patience
        self.waiting = selectors.DefaultSelector()
        self.under_way: deque[tuple[float, str, socket.socket]] = deque()
        self.port = int(time.monotonic() * PORTS / 140) % PORTS
        self.sent = dict.fromkeys(targets, 0)
        self.lost: dict[str, list[float]] = {target: [] for target in targets}
        self.before = time.monotonic()
        self.blind = 0.0

    def send(self, target: str) -> None:
        """One probe more."""
        kind, address, port = target.split(":")
        probe = socket.socket(socket.AF_INET, KINDS[kind])
        probe.setblocking(False)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port = (self.port + 1) % PORTS
        now = time.monotonic()
        self.blind, self.before = max(self.blind, now - self.before), now
        self.sent[target] += 1
        try:
            probe.bind(("", FIRST_PORT + self.port))
            if probe.connect_ex((address, int(port))) not in (0, errno.EINPROGRESS):
                raise OSError
            if kind == "udp":
                probe.send(self.sent[target].to_bytes(8, "big"))
        except OSError:
            # Without a route it does not even leave.
            probe.close()
            self.lost[target].append(now)
            return
        event = selectors.EVENT_READ if kind == "udp" else selectors.EVENT_WRITE
        self.waiting.register(probe, event, (target, now))
        self.under_way.append((now, target, probe))

    def listen(self, seconds: float) -> None:
        """Read what is answered within so many seconds."""
        for key, _ in self.waiting.select(max(seconds, 0)):
            target, sent = key.data
            probe = key.fileobj
            assert isinstance(probe, socket.socket)
            if probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or sent_again(probe):
                self.lost[target].append(sent)
            self.waiting.unregister(probe)
            probe.close()

    def give_up(self) -> None:
        """Count those as lost that were waited for long enough."""
        if not self.under_way or time.monotonic() - self.under_way[0][0] <= self.patience:
            return
        # It may have come in since, as long as it is between two lines of this program.
        now = time.monotonic()
        self.listen(0)
        while self.under_way and now - self.under_way[0][0] > self.patience:
            sent, target, probe = self.under_way.popleft()
            if probe.fileno() != -1:
                self.waiting.unregister(probe)
                probe.close()
                self.lost[target].append(sent)


def sent_again(probe: socket.socket) -> bool:
    """Whether the kernel had to send a SYN more than once."""
    if probe.type != socket.SOCK_STREAM:
        return False
    told = probe.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, AGAIN + 4)
    return bool(struct.unpack_from("I", told, AGAIN)[0])


def first() -> None:
    """Ask for a processor before everybody else, where that is allowed, and for sockets enough."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def main(rate: float, patience: float, targets: list[str]) -> None:
    """Send until standard input ends, then wait for the last answers and print."""
    first()
    stream = Stream(targets, patience)
    os.set_blocking(0, False)
    following, number = time.monotonic(), 0
    while True:
        try:
            if os.read(0, 1) == b"":
                break
        except BlockingIOError:
            pass
        while following <= time.monotonic():
            stream.send(targets[number % len(targets)])
            number += 1
            # What was missed while it waited itself is not sent in one burst, which no echo would stand.
            following = max(following + 1 / rate, time.monotonic() - TICK)
        stream.listen(min(following - time.monotonic(), TICK))
        stream.give_up()
    while stream.under_way:
        stream.listen(TICK)
        stream.give_up()
    lost = {target: sorted(times) for target, times in stream.lost.items()}
    print(json.dumps({"sent": stream.sent, "lost": lost, "blind": stream.blind}))


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
