"""What this very run of a provider's process saw and did, about things in objects that others own.

The state tells what is ours, and a killed run leaves it behind what was written. Where that leaves a
doubt, what happened in the present process is certain. `where` is a port's id, or the name of an object with
that of its cluster (calico_api.in_cluster), since a run may speak with several; `what` a network, a security
group, a place in the object or the object itself. Nothing here outlives the process.
"""

import threading
from collections.abc import Iterable


class ThisRun:
    """What this process itself learnt and did, by object and by what is put there.

    A state that was saved before a crash may be older than the objects are. What happened in this very
    process is certain, and decides where the state alone would leave a doubt.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._absent: set[tuple[str, str]] = set()
        self._settled: set[tuple[str, str]] = set()

    def saw_absent(self, where: str, *things: str) -> None:
        """They were looked for before our first write, and not there."""
        with self._lock:
            self._absent.update((where, what) for what in things)

    def absent_before_us(self, where: str, things: Iterable[str]) -> set[str]:
        """Those of `things` that were not there when this process looked, before it wrote any."""
        with self._lock:
            return {what for what in things if (where, what) in self._absent}

    def wrote(self, where: str, *things: str) -> None:
        """We are about to write these, or whatever there is: from now on what is there may be ours."""
        with self._lock:
            self._absent = {
                one for one in self._absent if one[0] != where or (things and one[1] not in things)
            }

    def settle(self, where: str, things: Iterable[str]) -> None:
        """What was ours of these is gone from there, and the rest is left to others."""
        with self._lock:
            self._settled.update((where, what) for what in things)

    def settled(self, where: str, what: str) -> bool:
        """Whether that was decided in this process."""
        with self._lock:
            return (where, what) in self._settled


THIS_RUN = ThisRun()
