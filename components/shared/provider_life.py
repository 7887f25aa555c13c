"""A dynamic provider's process ends with the engine that started it.

The engine gives plugins process groups of their own and the host of dynamic providers looks after nobody:
when the engine is killed, the process stays, and what it was about to write (it may be waiting for its
turn on a port for two minutes) it writes after the next run has looked. So a thread asks whether the
engine still listens, whose address is the host's one argument.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time

# Seconds between two looks, which is how long a process may outlive its engine.
EVERY = 0.5

_watching = threading.Lock()


def end_with_engine() -> None:
    """Watch from now on, once in a process. For a provider's `configure()`.

    In a process that has no engine's address as its argument (a test) this does nothing.
    """
    address = re.fullmatch(r"(127\.0\.0\.1|localhost):(\d+)", sys.argv[1]) if len(sys.argv) > 1 else None
    if address and _watching.acquire(blocking=False):
        place = (address[1], int(address[2]))
        threading.Thread(target=_watch, args=(place,), daemon=True, name="engine").start()


def _watch(place: tuple[str, int]) -> None:
    while True:
        time.sleep(EVERY)
        try:
            socket.create_connection(place, timeout=10).close()
        except ConnectionRefusedError:
            # Not sys.exit: other threads are waiting for Neutron, and must not write any more.
            os._exit(1)
        except OSError:
            continue
