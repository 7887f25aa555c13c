"""`python -m tests.suite main | all | lab FILES…`: what `make test`, `test-all` and `integration` run.

main   everything that needs no lab, and the tests on the lab that are marked `main_path`
all    everything; hypothesis draws more examples
lab    files on the lab, all of their tests, on one lab

`.results` holds what the last run left. Every stage runs, also after a failed one. Files for which the time
budget had no time are no failure. The last line names the folder that explains what failed.
"""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.layout import NAME, PROJECT
from tests.suite.labs import NamedLab, running_labs
from tests.suite.needed_extras import list_needed_extras
from tests.suite.pytest_stage import NO_TESTS, RESULTS, Stage
from tests.suite.summary import write_summary
from tests.suite.time_budget import TimeBudget

WITHOUT_LAB = ("tests/unit", "tests/mocks", "tests/conformance", "-n=auto", "--dist=loadfile")
ALL_EXAMPLES = "--hypothesis-profile=all"
LIFE = ("tests/lab",)
ON_LAB = ("tests/integration", "tests/acceptance")


@dataclass(frozen=True)
class Run:
    """A run of the suite; each stage answers whether it went well."""

    until: float | None
    labs: int
    extras: tuple[str, ...]
    """What the labs need to have for the tests that will run (lab/extras.py)."""

    def here(self, name: str, *arguments: str) -> bool:
        """Run tests on the machine itself."""
        stage = Stage(name, arguments, self.until)
        return self._went_well(stage, stage.run_here)

    def on_labs(self, *arguments: str) -> bool:
        """Run tests on the labs."""
        stage = Stage("lab", arguments, self.until)

        def run() -> int:
            with running_labs(self.labs, self.extras) as labs:
                if not labs:
                    return 1
                code = stage.run_on(labs)
            if len(labs) < self.labs and not code:
                print(f"error: expected {self.labs} labs, {len(labs)} came up", file=sys.stderr)
                return 1
            return code

        return self._went_well(stage, run)

    def _went_well(self, stage: Stage, run: Callable[[], int]) -> bool:
        print(f"\n──── {stage.name} ────", flush=True)
        start = time.monotonic()
        # Without time for any file, pytest only lists and remembers them.
        code = stage.run_here("-n=0") if TimeBudget(self.until).is_over() else run()
        print(f"──── {stage.name}: {time.monotonic() - start:.0f} s", flush=True)
        return code in (0, NO_TESTS)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.suite", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["main", "all", "lab"])
    parser.add_argument("tests", nargs="*", help="files or pytest's node ids, for `lab`")
    parser.add_argument("--minutes", type=float, help="time budget: no further file is begun after it")
    parser.add_argument("--since", type=float, help="the budget's start (seconds since 1970); default now")
    parser.add_argument("--labs", type=int, help="labs side by side, by default 2, for `lab` 1")
    return parser.parse_intermixed_args(arguments)


def handle_interruptions() -> None:
    """Have SIGTERM end the run as Ctrl-C does: what it has made is taken down.

    Ctrl-C is handled explicitly: a shell that starts this in the background has it ignored, also by pytest.
    """

    def interrupt(*_: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, interrupt)


def _stages(options: argparse.Namespace, run: Run) -> list[bool]:
    match options.what:
        case "main":
            return [run.here("without-lab", *WITHOUT_LAB), run.on_labs(*ON_LAB, "-m", "main_path")]
        case "all":
            without = run.here("without-lab", *WITHOUT_LAB, ALL_EXAMPLES)
            return [without, run.here("life", *LIFE), run.on_labs(*ON_LAB)]
    return [run.on_labs(*(options.tests or ON_LAB))]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 1 when a test failed or a lab did not come up."""
    options = _options(arguments)
    handle_interruptions()
    clone = os.open(PROJECT, os.O_RDONLY)
    try:
        fcntl.flock(clone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"error: another run of the tests is under way in {PROJECT}", file=sys.stderr)
        return 1
    since = options.since if options.since is not None else time.time()
    until = since + 60 * options.minutes if options.minutes is not None else None
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir()
    extras = () if options.what == "main" else list_needed_extras(options.tests or ON_LAB)
    first = NamedLab(NAME)
    if first.is_up() and not first.up(extras):
        return 1
    run = Run(until, options.labs or (1 if options.what == "lab" else 2), extras)
    try:
        well = all(_stages(options, run))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        write_summary(RESULTS, well=False)
        return 130
    write_summary(RESULTS, well)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
