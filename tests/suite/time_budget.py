"""The time after which no further file of tests is begun; a file that has begun is finished.

It deliberately ends no test: what is cut off would leave its resources behind. An expired budget is no
failure of the run either; the files that were not run are printed, remembered, and the first of the next run.
"""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class TimeBudget:
    """`until` in seconds since 1970; None for no limit."""

    until: float | None

    def is_over(self) -> bool:
        """Whether no further file may begin."""
        return self.until is not None and time.time() >= self.until
