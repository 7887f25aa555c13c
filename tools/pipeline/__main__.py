"""One command for one stack: `python -m tools.pipeline COMMAND STACK`. Each is described in its own file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.pipeline.job import PROJECT, run_job
from tools.pipeline.stacks import touches

COMMANDS = {
    "preview": "previews the stack and comments on the pull request",
    "apply": "applies the plan that was reviewed",
    "again": "applies the new plan, after `apply` was refused",
    "drift": "reports what differs from the program as an issue",
    "up": "by hand, with a confirmation",
    "refresh": "by hand, with a confirmation",
    "destroy": "by hand, with a confirmation",
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.pipeline",
        description="What a forge's jobs run for a stack. On a terminal nothing is commented.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n"
        + "\n".join(f"  {name:<10}{what}" for name, what in COMMANDS.items())
        + "\n\nexit codes: 0 done; 1 failed; 3 the plan is refused, nothing was written; 7 something differs",
    )
    parser.add_argument("command", metavar="COMMAND", choices=COMMANDS)
    parser.add_argument("stack", metavar="STACK", help="name of the stack")
    parser.add_argument(
        "--folder", type=Path, default=PROJECT, help="folder of the program; default: this one"
    )
    parser.add_argument(
        "--plan", type=Path, metavar="FILE", help="for apply and again: this plan, not the forge's"
    )
    parser.add_argument(
        "--since",
        metavar="COMMIT",
        help="for preview and apply: do nothing when what changed since then does not touch the stack",
    )
    parser.add_argument(
        "--confirm",
        default=os.environ.get("CONFIRMATION", ""),
        metavar="TEXT",
        help="for up, refresh, destroy: the command and the stack, such as `destroy production`",
    )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, hidden: Sequence[str]) -> int:
    """Run a command; its exit code. Raises EngineError, PostError, ChangeError."""
    if options.since is not None and not touches(options.folder, options.since, options.stack):
        print(f"What changed since {options.since} does not touch {options.stack}.")
        return 0
    match options.command:
        case "preview":
            from tools.pipeline.preview import preview

            return preview(options.stack, options.folder, hidden)
        case "drift":
            from tools.pipeline.drift import drift

            return drift(options.stack, options.folder, hidden)
        case "apply" | "again":
            from tools.pipeline.apply import apply

            return apply(options.stack, options.folder, hidden, options.plan, options.command == "again")
        case action:
            from tools.pipeline.operate import operate

            return operate(action, options.stack, options.folder, hidden, options.confirm)


if __name__ == "__main__":
    given = parse(sys.argv[1:])
    sys.exit(run_job(lambda hidden: run(given, hidden)))
