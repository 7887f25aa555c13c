"""The job by hand: `up`, `refresh` or `destroy` of one stack, after its typed confirmation.

Not for changes: these go through a pull request.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.change_request.command import add_summary
from tools.change_request.engine import open_stack
from tools.change_request.origin import find_origin
from tools.pipeline.job import FAILED
from tools.pipeline.update_body import Update, outcome, render_update
from tools.pipeline.update_run import run_update


def operate(action: str, stack: str, folder: Path, hidden: Sequence[str], confirmation: str) -> int:
    """Run it; the exit code: 0, or 1 when it failed or was not confirmed. Raises EngineError."""
    expected = f"{action} {stack}"
    if confirmation != expected:
        print(f"error: confirmation: expected {expected!r}, found {confirmation!r}", file=sys.stderr)
        return FAILED
    opened = open_stack(stack, folder, hidden)
    # An update without it would leave what was changed by hand.
    command = [action, "--yes", *(["--refresh"] if action == "up" else [])]
    run = run_update(opened, folder, command, hidden)
    origin = find_origin(os.environ, folder, pulumi=opened.pulumi)
    update = Update(f"{opened.project}/{opened.stack.name}", action, run, origin)
    add_summary(render_update(update))
    print(f"{update.name}: {outcome(update)}")
    return FAILED if run.preview.failed else 0
