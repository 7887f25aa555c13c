"""`python -m lab up [--with EXTRA] | down | clean-cache | status [--json] | show | exec MACHINE -- COMMAND`.

The command line only; what the commands do is in lab/lifecycle.py, lab/status.py and lab/enter.py.
"""

import argparse
import subprocess
import sys

from lab import keeper, lifecycle
from lab.clean_cache import clean_cache
from lab.errors import LabError
from lab.extras import ALL, EXTRAS, in_order
from lab.layout import PROJECT, Layout
from lab.progress import Steps


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    words = argparse.ArgumentParser(
        prog="python -m lab", description="A whole small site in network namespaces on this machine."
    )
    commands = words.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring the lab up (about 20 minutes of builds the first time)")
    up.add_argument(
        "--with",
        dest="extras",
        metavar="EXTRA",
        action="append",
        choices=(*EXTRAS, ALL),
        default=[],
        help="what only some tests need; may be given several times: "
        + "; ".join(f"`{name}`, {what}" for name, what in EXTRAS.items())
        + f"; `{ALL}`",
    )
    commands.add_parser("down", help="take it down; nothing stays behind but the caches")
    commands.add_parser("clean-cache", help="remove what labs are made of from the user's cache")
    status = commands.add_parser("status", help="machines, addresses, sessions, URLs")
    status.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("show", help="sessions, routes and HTTP answers on the external machine")
    execute = commands.add_parser("exec", help="run a command on one of the lab's machines")
    execute.add_argument("machine", help="peer, node1 … node4, mgmt, a pod, or an instance")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return words


def _running(layout: Layout) -> keeper.Alive:
    alive = lifecycle.alive_here(layout)
    if alive is None:
        raise LabError("no lab runs here; bring it up with `python -m lab up` (or `make lab`)")
    if not alive.ready:
        raise LabError("the lab is coming up right now; try again when `lab up` has ended")
    return alive


def _inside(alive: keeper.Alive, module: str, *arguments: str) -> int:
    command = [sys.executable, "-m", module, str(alive.folder), *arguments]
    environment = ["env", f"PYTHONPATH={PROJECT}"]
    return subprocess.run(keeper.inside(alive.pid, *environment, *command)).returncode


def _run(options: argparse.Namespace, layout: Layout) -> int:
    match options.command:
        case "up":
            lifecycle.up(layout, Steps(), in_order(options.extras))
        case "down":
            lifecycle.down(layout, Steps())
        case "clean-cache":
            clean_cache(layout.cache, print)
        case "status":
            return _inside(_running(layout), "lab.status", "json" if options.json else "table")
        case "show":
            return _inside(_running(layout), "lab.status", "connection")
        case "exec":
            words = options.words[1:] if options.words[:1] == ["--"] else options.words
            if not words:
                raise LabError("no command given: python -m lab exec MACHINE -- COMMAND")
            return _inside(_running(layout), "lab.enter", options.machine, *words)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 1 and one message when something is wrong."""
    options = parser().parse_args(arguments)
    try:
        return _run(options, Layout())
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run it again to go on", file=sys.stderr)
        return 130
