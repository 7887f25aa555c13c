"""The job by hand: `up`, `refresh` or `destroy` of one stack, after its typed confirmation.

    python -m tools.pipeline.operate destroy STACK --confirm "destroy STACK"

Not for changes: these go through a pull request. Exit code 0: done; 1: failed, or not confirmed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.change_request.engine import open_stack
from tools.change_request.origin import find_origin
from tools.pipeline.job import FAILED, PROJECT, add_summary, run_job
from tools.pipeline.update_body import Update, outcome, render_update
from tools.pipeline.update_run import run_update

ACTIONS = ("up", "refresh", "destroy")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.pipeline.operate", description="Runs one action on a stack."
    )
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("stack", metavar="STACK", help="name of the stack")
    parser.add_argument(
        "--confirm", required=True, metavar="TEXT", help="action and stack, such as `destroy production`"
    )
    parser.add_argument(
        "--folder", type=Path, default=PROJECT, help="folder of the program; default: this one"
    )
    return parser.parse_args(arguments)


def operate(options: argparse.Namespace, hidden: Sequence[str]) -> int:
    """Run it; the exit code. Raises EngineError."""
    expected = f"{options.action} {options.stack}"
    if options.confirm != expected:
        print(f"error: confirmation: expected {expected!r}, found {options.confirm!r}", file=sys.stderr)
        return FAILED
    opened = open_stack(options.stack, options.folder, hidden)
    run = run_update(opened, options.folder, [options.action, "--yes"], hidden)
    origin = find_origin(os.environ, options.folder, pulumi=opened.pulumi)
    update = Update(f"{opened.project}/{opened.stack.name}", options.action, run, origin)
    add_summary(render_update(update))
    print(f"{update.name}: {outcome(update)}")
    return FAILED if run.preview.failed else 0


if __name__ == "__main__":
    given = parse(sys.argv[1:])
    sys.exit(run_job(lambda hidden: operate(given, hidden)))
