"""Fetches gitlab-ci-local from the npm registry, with the rsync that it copies files by, from Debian.

Node is the machine's own. re2, a native module of gitlab-ci-local that would be built from C++ for minutes,
has JavaScript's own regular expressions in its place (re2/); no script of a package is run.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from lab.cache import build_once
from lab.debian import check_libraries, library_path, unpack
from lab.errors import LabError
from lab.hosts import last_lines
from lab.layout import Layout

FILES = Path(__file__).parent
# rsync, and the libraries that a small Debian 12 may lack.
PACKAGES = ("rsync", "libpopt0", "libxxhash0", "liblz4-1", "libzstd1", "libacl1")
OLDEST_NODE = 20


def gitlab_runner(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder with `bin/gitlab-ci-local` and `bin/rsync`, from the cache or made now (about 10 s).

    Raises:
        LabError: without Node 20 or newer, or when apt or the npm registry has one of the packages not.
    """
    sources = [path.read_text() for path in sorted(FILES.rglob("*.js*"))]
    key = sha256(repr((PACKAGES, sources, 1)).encode()).hexdigest()[:16]
    folder = layout.cache / "gitlab-runner" / key
    return build_once(folder, _fetch, say)


def programs(folder: Path) -> Path:
    """The folder for PATH."""
    return folder / "bin"


def _fetch(folder: Path) -> None:
    check_node(_version())
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FILES / name, folder)
    shutil.copytree(FILES / "re2", folder / "re2")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            "gitlab-ci-local could not be installed from the npm registry:"
            f" `{' '.join(command)}` ended with {done.returncode}:\n{last_lines(done.stdout + done.stderr)}"
        )
    root = folder / "debian"
    unpack(PACKAGES, root)
    environment = {"LD_LIBRARY_PATH": library_path([root])}
    check_libraries(root / "usr/bin/rsync", environment)
    bin_ = programs(folder)
    bin_.mkdir()
    (bin_ / "gitlab-ci-local").symlink_to(folder / "node_modules/.bin/gitlab-ci-local")
    # It finds the libraries beside it, and what it is started by need not know of them.
    words = shlex.join([f"LD_LIBRARY_PATH={environment['LD_LIBRARY_PATH']}", str(root / "usr/bin/rsync")])
    (bin_ / "rsync").write_text(f'#!/bin/sh\nexec env {words} "$@"\n')
    (bin_ / "rsync").chmod(0o755)


def check_node(version: str) -> None:
    """Raises LabError, when what `node --version` prints is too old, or empty because there is none."""
    found = re.match(r"v(\d+)", version)
    if not found or int(found[1]) < OLDEST_NODE:
        raise LabError(
            f"the extra gitlab-runner needs Node {OLDEST_NODE} or newer with npm, found"
            f" {version.strip() or 'no `node` on PATH'}: install it, or bring the lab up without this extra"
        )


def _version() -> str:
    if not shutil.which("node") or not shutil.which("npm"):
        return ""
    return subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
