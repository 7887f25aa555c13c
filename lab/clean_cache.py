"""Removes what the lab keeps in the user's cache folder, and says how much that was.

All of it can be made again; private copies of kubeconfigs, which the program itself keeps there, stay. A
cache that a running lab is mounted from, or into which programs are being built, is left alone: its owner is
named.
"""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError

# What each folder of the cache holds, as a person would call it.
CONTENTS = {
    "cinder": "Cinder's Python packages",
    "engine": "programs built from Go modules",
    "gitlab-runner": "gitlab-ci-local",
    "go-build": "compiled Go packages of an unfinished build",
    "go-mod": "sources of Go modules",
    "newer-bird": "BIRDs of the next Debian",
    "next-debian": "BIRD 3, dnf and rpm for the machines",
    "openstack": "OpenStack's Python packages",
    "other-programs": "firewalls, keepalived and NetworkManager for the machines",
    "rootfs": "the machines' Debian",
    "site": "the site's objects in OpenStack",
    "state-backends": "PostgreSQL and an S3 server",
    "tests": "durations of the tests",
    "tools": "Debian's programs",
}
# Of the program (components/calico/plugin_kubeconfig.py): `pulumi destroy` may need it.
KEPT = "kubeconfig"


def size(folder: Path) -> int:
    """Bytes of all files below a folder, each hard-linked one once."""
    files = [path.lstat() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()]
    return sum({status.st_ino: status.st_blocks * 512 for status in files}.values())


def gibibytes(count: int) -> str:
    """A size for a person: `3.4 GiB`."""
    return f"{count / 2**30:.1f} GiB"


def users(cache: Path) -> list[int]:
    """The processes, in whatever mount namespace, that have something of the cache mounted."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{cache}/" in (entry / "mountinfo").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)


def clean_cache(cache: Path, say: Callable[[str], None]) -> int:
    """Remove everything in the cache, and return how many bytes that were.

    Raises:
        LabError: when a running lab uses it, or programs are being built.
    """
    if not cache.exists():
        say(f"there is nothing in {cache}")
        return 0
    if pids := users(cache):
        raise LabError(
            f"a running lab is mounted from {cache} (process {pids[0]}): take it down first"
            " (`make down` in its clone)"
        )
    freed = 0
    with (cache / "engine.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"programs are being built into {cache}: wait, or end that first") from None
        for folder in sorted(path for path in cache.iterdir() if path.is_dir() and path.name != KEPT):
            taken = size(folder)
            shutil.rmtree(folder)
            freed += taken
            say(f"{gibibytes(taken):>9}  {CONTENTS.get(folder.name, folder.name)}")
        say(f"{gibibytes(freed):>9}  freed in {cache}")
    for path in [path for path in cache.iterdir() if path.name != KEPT]:
        path.unlink()
    if not (cache / KEPT).exists():
        cache.rmdir()
    return freed
