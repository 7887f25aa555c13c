"""The keeper: one process that holds a running lab, and whose death is the lab's death.

It is PID 1 of a pid namespace and lives in a mount namespace of its own, with a private /run. Every
process of the lab is below it, every mount and named network namespace exists only in there. So
when it ends, however it ends, the kernel ends and frees all of it: nothing is left to be cleaned but
files in the lab's folder and empty control groups (lab/control_groups.py).

It also is the machine's mark that a lab is alive: an abstract unix socket in the machine's network
namespace, which no crash can leave behind. Who connects learns the lab's folder, and from the
socket's credentials the keeper's process id.

What it deliberately does not do: bring anything up. It is started by lab/lifecycle.py as
`unshare --mount --pid --fork … python -m lab.keeper FOLDER`, with a pipe on standard input: end of file
before the word `ready` means that whoever was bringing the lab up died, and it ends as well.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab import control_groups
from lab.layout import NAME

ADDRESS = f"\0{NAME}"
READY = b"ready\n"


@dataclass(frozen=True)
class Alive:
    """A lab that runs on this machine."""

    pid: int
    folder: Path
    ready: bool


def find() -> Alive | None:
    """The lab of our name that is alive on this machine, of whatever clone, or None."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(ADDRESS)
        except (ConnectionRefusedError, FileNotFoundError):
            return None
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = int(struct.unpack("3i", credentials)[0])
        try:
            answer = json.loads(client.makefile().read())
        except (OSError, json.JSONDecodeError):
            return None
    return Alive(pid, Path(answer["folder"]), bool(answer["ready"]))


def inside(pid: int, *command: str) -> list[str]:
    """The command line that runs a command in the keeper's mount and pid namespaces."""
    return ["nsenter", f"--target={pid}", "--mount", "--pid", f"--wd={Path.cwd()}", "--", *command]


def _private_run() -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab-run", "/run"], check=True)
    for name in ("netns", "lock", "systemd"):
        Path("/run", name).mkdir()


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _serve(listener: socket.socket, folder: Path) -> None:
    """Answer until the pipe on standard input closes too early; after `ready` for ever."""
    ready, heard, readers = False, b"", [listener, sys.stdin.buffer]
    while True:
        for source in select.select(readers, [], [])[0]:
            if source is listener:
                client = listener.accept()[0]
                with client, contextlib.suppress(OSError):
                    client.sendall(json.dumps({"folder": str(folder), "ready": ready}).encode())
                continue
            chunk = os.read(0, 64)
            heard += chunk
            ready = ready or heard.startswith(READY)
            if not chunk:
                if not ready:
                    return
                readers.remove(sys.stdin.buffer)


def main(folder: Path) -> int:
    """Hold the lab in `folder`; 3 when another lab is alive, 0 when the bring-up gave up."""
    signal.signal(signal.SIGCHLD, _reap)
    # PID 1 ignores signals that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(ADDRESS)
    except OSError:
        return 3
    control_groups.enter_own()
    _private_run()
    listener.listen(16)
    print("holding", flush=True)
    _serve(listener, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
