"""The virtual environments of the lab's OpenStack, in the user's cache: one for all of it, one for Cinder.

The services pin other versions of the same libraries than the program does, so they get an environment of
their own. Cinder is an extra (lab/extras.py): its environment has what the other one lacks, and finds the
rest there. Each is keyed by everything that decides what is in it. This is the one step of the lab's
OpenStack that needs the package index: it runs on the machine itself, before the lab has namespaces.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from lab.cache import build_once
from lab.layout import PROJECT, Layout
from lab.openstack import databases
from lab.virtual_environment import install, interpreter

REQUIREMENTS = PROJECT / "lab" / "openstack" / "requirements.txt"
# Another one when what is made of the requirements changes.
RECIPE = b"2"
CINDER_REQUIREMENTS = REQUIREMENTS.with_name("requirements-cinder.txt")


def _key(*more: bytes) -> str:
    parts = (
        REQUIREMENTS.read_bytes(),
        databases.NEUTRON_TABLES.read_bytes(),
        Path(databases.__file__).read_bytes(),
        # The environment links to this interpreter.
        interpreter().encode(),
        RECIPE,
        *more,
    )
    digest = sha256()
    for part in parts:
        digest.update(sha256(part).digest())
    return digest.hexdigest()[:16]


def ensure_venv(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Path:
    """The environment's folder, from the cache or made now (about a minute), with the databases beside it.

    Raises:
        LabError: when the package index or a package refuses.
    """

    def build(folder: Path) -> None:
        install("OpenStack", folder / "venv", REQUIREMENTS)
        databases.create(folder / "venv")

    return build_once(layout.cache / "openstack" / _key(), build, say) / "venv"


def ensure_cinder(layout: Layout, venv: Path, say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of Cinder's environment above `venv`, as `ensure_venv` makes that (about 10 s).

    Raises:
        LabError: when the package index or a package refuses.
    """

    def build(folder: Path) -> None:
        install("Cinder", folder / "venv", CINDER_REQUIREMENTS, venv)
        databases.create_cinder(folder / "venv")

    key = _key(CINDER_REQUIREMENTS.read_bytes(), str(venv).encode())
    return build_once(layout.cache / "cinder" / key, build, say) / "venv"
