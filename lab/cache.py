"""Folders in the user's cache that are dear to make: made once, by one process, whole or not at all."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

COMPLETE = ".complete"


def build_once(
    folder: Path,
    build: Callable[[Path], None],
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Return `folder`, calling `build(folder)` first where no earlier call finished it.

    Another process that builds the same folder is waited for (`say` tells so). What an interrupted
    build left is removed first. The folder is built in its final place, since virtual environments
    and linked programs hold their own path; a marker file says that it is whole.
    """
    if (folder / COMPLETE).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process is making {folder}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            (folder / COMPLETE).touch()
    return folder
