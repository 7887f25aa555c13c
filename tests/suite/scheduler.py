"""Which worker runs which file: pytest-xdist's scheduler by file, in the order of the collection.

It differs from `--dist loadfile` in three ways: a worker receives its next file when it begins the last test
of the one before, instead of one test earlier, so that a long file does not wait behind another; files keep
their order; and none is begun once the time budget is over, except each worker's first.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.suite.time_budget import TimeBudget


class FileScheduler(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Hands out one file after the other."""

    def __init__(self, config: pytest.Config, log: Producer, budget: TimeBudget) -> None:
        super().__init__(config, log)
        self._budget = budget
        # In the order of the collection, not by the number of tests.
        config.option.loadscopereorder = False

    def _reschedule(self, node: WorkerController) -> None:
        """Give the worker files until it can run a test, or end it when there are none.

        A worker needs to know its next test before it runs one, since fixtures end between them.
        """
        if self._budget.is_over():
            self.workqueue.clear()
        # More than one when a file has a single test, also for a worker that takes a crashed one's place.
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) <= 1:
            super()._reschedule(node)
        # With an empty queue the worker is told to end after what it has.
        if not self.workqueue:
            super()._reschedule(node)
