"""Waiting with a deadline for something that a probe can see; never a blind sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

from lab.errors import LabError

T = TypeVar("T")


def wait_for(
    what: str,
    probe: Callable[[], T | bool | None],
    timeout: float,
    every: float = 0.1,
    hint: Callable[[], str] | None = None,
) -> T:
    """Return the probe's first truthy answer.

    `timeout` and `every` are seconds. The probe is asked at least once, also with timeout 0.

    Raises:
        LabError: when the deadline passes; `hint` then adds what is known (a log's last lines).
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = probe()
        if answer:
            return answer  # type: ignore[return-value]  # truthy, so neither None nor False
        if time.monotonic() >= deadline:
            more = f"\n{hint()}" if hint else ""
            raise LabError(f"waited {timeout:g} s in vain for {what}{more}")
        time.sleep(every)
