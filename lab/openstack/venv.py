"""The virtual environments of the lab's OpenStack, in the user's cache: one for all of it, one for Cinder.

The services pin other versions of the same libraries than the program does, so they get an environment of
their own. Cinder is an extra (lab/extras.py): its environment has what the other one lacks, and finds the
rest there. Each is keyed by everything that decides what is in it. This is the one step of the lab's
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
# Another one when what is made of the requirements changes.
RECIPE = b"2"
CINDER_REQUIREMENTS = REQUIREMENTS.with_name("requirements-cinder.txt")


def _key(*more: bytes) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    parts = (
        REQUIREMENTS.read_bytes(),
        databases.NEUTRON_TABLES.read_bytes(),
        Path(databases.__file__).read_bytes(),
        # The environment links to this interpreter.
        f"{version} {Path(sys.executable).resolve()}".encode(),
        RECIPE,
        *more,
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


def _packages(venv: Path) -> Path:
    """Where an environment has its packages."""
    [found] = venv.glob("lib/python*/site-packages")
    return found


def _install(venv: Path, requirements: Path, above: Path | None = None) -> None:
    """Make an environment with the packages named; what is in `above`, another one, it finds as well."""
    _run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    if above:
        # The other's own .pth files count, unlike those of a folder that is only named in one.
        line = f"import site; site.addsitedir({str(_packages(above))!r})\n"
        (_packages(venv) / "above.pth").write_text(line)
    python = str(venv / "bin" / "python")
    # Every package is named; what is in `above` is not seen by all installers.
    what = ("--no-deps", "--require-hashes", "--requirement", str(requirements))
    if importlib.util.find_spec("uv"):
        _run(sys.executable, "-m", "uv", "pip", "install", "--python", python, *what)
    else:
        _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-compile", *what)
    # Not compiled, each first start would take several times as long. A third of it are the services' tests.
    _run(python, "-m", "compileall", "-q", "-j", "0", "-x", "/tests/", str(_packages(venv)))


def ensure_venv(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Path:
    """The environment's folder, from the cache or made now (about a minute), with the databases beside it.

    Raises:
        LabError: when the package index or a package refuses.
    """

    def build(folder: Path) -> None:
        _install(folder / "venv", REQUIREMENTS)
        databases.create(folder / "venv")

    return build_once(layout.cache / "openstack" / _key(), build, say) / "venv"


def ensure_cinder(layout: Layout, venv: Path, say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of Cinder's environment above `venv`, as `ensure_venv` makes that (about 10 s).

    Raises:
        LabError: when the package index or a package refuses.
    """

    def build(folder: Path) -> None:
        _install(folder / "venv", CINDER_REQUIREMENTS, venv)
        databases.create_cinder(folder / "venv")

    key = _key(CINDER_REQUIREMENTS.read_bytes(), str(venv).encode())
    return build_once(layout.cache / "cinder" / key, build, say) / "venv"
