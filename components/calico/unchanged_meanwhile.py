"""A read and a write of one of the cluster's objects, again and again until nobody changed it in between.

The write has to carry the resourceVersion that was read, so that Kubernetes refuses it (409) when somebody
was faster. Not here: a port's pairs, whose writers are many, so that time and not attempts ends it
(components/ports/port_pairs.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

from components.calico.calico_api import ChangedMeanwhileError

T = TypeVar("T")

# Kubelets write their nodes every few seconds, but seldom between our read and our write.
ATTEMPTS = 12


def unless_changed_meanwhile(once: Callable[[], T]) -> T:
    """What `once`, which reads and writes, returns. Raises ChangedMeanwhileError after ATTEMPTS, and whatever
    else it raises at once."""
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(ChangedMeanwhileError),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    )
    return again(once)
