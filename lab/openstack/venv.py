"""The virtual environment of the lab's OpenStack, in the user's cache.

The services pin other versions of the same libraries than the program does, so they get an environment of
their own. It is keyed by everything that decides what is in it. This is the one step of the lab's
OpenStack that needs the package index: it runs on the machine itself, before the lab has namespaces.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from lab.cache import build_once
from lab.errors import LabError
from lab.hosts import last_lines
from lab.layout import PROJECT, Layout
from lab.openstack import databases

REQUIREMENTS = PROJECT / "lab" / "openstack" / "requirements.txt"


def _key() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    parts = (
        REQUIREMENTS.read_bytes(),
        databases.NEUTRON_TABLES.read_bytes(),
        Path(databases.__file__).read_bytes(),
        # The environment links to this interpreter.
        f"{version} {Path(sys.executable).resolve()}".encode(),
    )
    digest = sha256()
    for part in parts:
        digest.update(sha256(part).digest())
    return digest.hexdigest()[:16]


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            "OpenStack could not be installed from the package index:"
            f" `{' '.join(command)}` ended with {done.returncode}:\n" + last_lines(done.stdout + done.stderr)
        )


def _install(venv: Path) -> None:
    _run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = str(venv / "bin" / "python")
    hashes = ("--require-hashes", "--requirement", str(REQUIREMENTS))
    if importlib.util.find_spec("uv"):
        # Not compiled, each first start would take several times as long.
        uv = (sys.executable, "-m", "uv", "pip", "install", "--python", python)
        _run(*uv, "--compile-bytecode", *hashes)
    else:
        # pip compiles what it installs.
        _run(sys.executable, "-m", "pip", "--python", python, "install", *hashes)


def ensure_venv(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Path:
    """The environment's folder, from the cache or made now (about a minute), with the databases beside it.

    Raises:
        LabError: when the package index or a package refuses.
    """

    def build(folder: Path) -> None:
        _install(folder / "venv")
        databases.create(folder / "venv")

    return build_once(layout.cache / "openstack" / _key(), build, say) / "venv"
