"""Becomes a command that ends with whoever started it, however that ends, and with it all that it started.

`python tests/with_the_run.py FD COMMAND…`, in a session of its own. FD is the reading end of a pipe whose
other end only the starter holds, so that it closes with the starter. One process stays in the session to hear
that: then the command is told to end, as the engine then leaves no lock, and what is left a little later is
killed. The session is what counts, since the engine gives its plugins process groups of their own.

It imports nothing of the project and is started by its path, as it comes before each of hundreds of commands.
"""

import os
import select
import signal
import sys
import time
from pathlib import Path

# Seconds for the command to end by itself.
PATIENCE = 10.0
EVERY = 0.2
# Seconds between two looks in the end: what a killed engine leaves is watched for long.
SELDOM = 5.0


def others(session: int) -> list[int]:
    """The processes of the session but this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            state, _, _, its, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # One that has ended and that nobody asked after is still listed.
        if int(its) == session and state not in "ZX":
            found.append(int(entry.name))
    return found


def tell(process: int, what: signal.Signals) -> None:
    """Send a signal, to one that may have ended meanwhile."""
    try:
        os.kill(process, what)
    except ProcessLookupError:
        return


def watch(gone: int, session: int) -> None:
    """Wait for the starter's end or for that of the session, and have nothing of it outlive the starter."""
    pause = EVERY
    while not select.select([gone], [], [], pause)[0]:
        if not others(session):
            return
        pause = min(2 * pause, SELDOM)
    deadline = time.monotonic() + PATIENCE
    if session in others(session):
        tell(session, signal.SIGTERM)
    while session in others(session) and time.monotonic() < deadline:
        time.sleep(EVERY)
    # Until there is none: one that was just being started is not in the list.
    while left := others(session):
        for process in left:
            tell(process, signal.SIGKILL)
        time.sleep(EVERY)


def main(gone: int, command: list[str]) -> None:
    """Become the command."""
    session = os.getpid()
    if os.getsid(0) != session:
        sys.exit("this needs a session of its own: whatever is in it is killed one day")
    if os.fork() == 0:
        # Who kills the command's group does not mean this one.
        os.setpgid(0, 0)
        # Or whoever reads what the command prints would wait for this one too.
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        watch(gone, session)
        os._exit(0)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
