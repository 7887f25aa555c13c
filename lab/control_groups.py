"""The lab's control groups: each machine's systemd makes its own below one of the lab's.

Directories of cgroup file systems are the one thing that outlives the keeper. They are named after
the lab, so that what is dead (no process in it) can be told and removed. Works with cgroup v2, v1
and both at once.
"""

import contextlib
import os
from pathlib import Path

from lab.layout import NAME

ROOT = Path("/sys/fs/cgroup")


def _hierarchies() -> list[Path]:
    """The mounted hierarchies that systemd uses: v2 alone, or v1's named one and v2 beside it."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    candidates = (ROOT / "systemd", ROOT / "unified")
    return [path for path in candidates if (path / "cgroup.procs").exists()]


def enter_own() -> None:
    """Move this process into a group of the lab's in every hierarchy."""
    for hierarchy in _hierarchies():
        group = hierarchy / NAME
        group.mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text(str(os.getpid()))


def below_own(name: str) -> list[Path]:
    """Groups below the lab's own for one of its machines, made now.

    Two systemds in one group would both take it for theirs.
    """
    groups = [hierarchy / NAME / name for hierarchy in _hierarchies()]
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    return groups


def remove_below_own(name: str) -> None:
    """Remove a machine's groups, which must be empty."""
    for hierarchy in _hierarchies():
        _remove(hierarchy / NAME / name)


def _remove(group: Path) -> None:
    for path, _, _ in os.walk(group, topdown=False):
        # A group with a process in it refuses, which is right: it is alive.
        with contextlib.suppress(OSError):
            Path(path).rmdir()


def clear_dead() -> None:
    """Remove the groups of labs that are dead; groups with a process in them stay."""
    for hierarchy in _hierarchies():
        _remove(hierarchy / NAME)


def leftovers() -> list[Path]:
    """The lab's groups that exist now."""
    return [path for h in _hierarchies() if (path := h / NAME).exists()]
