"""Fetches the servers that hold a state in tests: Debian's PostgreSQL 15, and moto from the package index.

PostgreSQL is unpacked, not installed, as Debian's other programs (lab/debian.py): installing would start a
server on the machine. moto stands in for S3. It answers without a signature too, so that a test sees what is
stored without a client of its own.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from lab.cache import build_once
from lab.debian import check_libraries, library_path, unpack
from lab.layout import Layout
from lab.virtual_environment import install, interpreter

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# The libraries are those that a small Debian 12 may lack.
PACKAGES = (
    "postgresql-15 postgresql-client-15 libpq5 libxml2 libicu72 libldap-2.5-0 libsasl2-2 libreadline8"
    " libtinfo6"
).split()
POSTGRESQL = "postgresql/usr/lib/postgresql/15/bin"
PROGRAMS = ("initdb", "postgres", "psql")


def programs(folder: Path) -> Path:
    """The folder with `initdb`, `postgres` and `psql`."""
    return folder / POSTGRESQL


def environment(folder: Path) -> dict[str, str]:
    """Where these programs find their libraries."""
    return {"LD_LIBRARY_PATH": library_path([folder / "postgresql"])}


def moto_server(folder: Path) -> tuple[str, str]:
    """The words that start the S3 server."""
    venv = folder / "moto" / "bin"
    return str(venv / "python"), str(venv / "moto_server")


def _fetch(folder: Path) -> None:
    unpack(PACKAGES, folder / "postgresql")
    for name in PROGRAMS:
        check_libraries(programs(folder) / name, environment(folder))
    install("moto", folder / "moto", REQUIREMENTS)


def state_backends(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Path:
    """The servers' folder, from the cache or made now (about 10 s).

    Raises:
        LabError: when apt or the package index has one of the packages not, or a library is missing.
    """
    recipe = (PACKAGES, REQUIREMENTS.read_text(), interpreter(), 1)
    key = sha256(repr(recipe).encode()).hexdigest()[:16]
    return build_once(layout.cache / "state-backends" / key, _fetch, say)
