"""Empty databases of the OpenStack services, made once beside their programs and copied for each lab.

They hold tables and release data only, nothing of a lab: no users, no passwords, no paths. Nova finds
its cells by templates that it fills from the place of its own database, so its files can be copied
together to anywhere.
"""

import os
import shutil
import subprocess
from pathlib import Path

from lab.errors import LabError
from lab.hosts import last_lines
from lab.layout import PROJECT
from lab.side_by_side import side_by_side

KEYSTONE = "keystone.sqlite"
NEUTRON = "neutron.sqlite"
PLACEMENT = "placement.sqlite"
GLANCE = "glance.sqlite"
CINDER = "cinder.sqlite"
NOVA_API = "nova-api.sqlite"
# The only cell with machines in it, and the cell of the machines that found no host.
NOVA = "nova.sqlite"
NOVA_CELL0 = "nova.sqlite.cell0"

NEUTRON_TABLES = PROJECT / "lab" / "openstack" / "services" / "neutron_tables.py"
NO_MESSAGE_QUEUE = "fake://"
# `path` is that of [database]connection, without the slash that it begins with.
CELL0_TEMPLATE = "sqlite:////{path}.cell0"
CELL1_TEMPLATE = "sqlite:////{path}"


def _pristine(venv: Path, name: str) -> Path:
    """Where the database `name` lies that belongs to this virtual environment."""
    return venv.parent / "databases" / name


def copy(venv: Path, folder: Path, *names: str, kept: Path | None = None) -> None:
    """Put databases into a service's folder: empty ones, or those of `kept` (lab/openstack/kept_site.py)."""
    for name in names:
        with_site = kept / name if kept else None
        shutil.copy(with_site if with_site and with_site.exists() else _pristine(venv, name), folder)


def _run(what: str, *command: str) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            f"{what} could not be made: `{' '.join(command)}` ended with {done.returncode}:\n"
            + last_lines(done.stdout + done.stderr)
        )


def _manage(venv: Path, service: str, sections: dict[str, str], *commands: tuple[str, ...]) -> None:
    """Run a service's own `…-manage` with databases in sections of its configuration."""
    configuration = _pristine(venv, f"{service}.conf")
    configuration.write_text(
        "".join(
            f"[{section}]\nconnection = sqlite:///{_pristine(venv, name)}\n"
            for section, name in sections.items()
        )
    )
    program = (str(venv / "bin" / f"{service}-manage"), f"--config-file={configuration}")
    for command in commands:
        _run(f"{service.capitalize()}'s database", *program, *command)


def _neutron(venv: Path) -> None:
    tables = (str(venv / "bin" / "python"), str(NEUTRON_TABLES), str(_pristine(venv, NEUTRON)))
    _run("Neutron's database", *tables)


def create(venv: Path) -> None:
    """Create all databases beside `venv` but Cinder's, side by side.

    Raises:
        LabError: with the end of what a service printed.
    """
    _pristine(venv, "").mkdir()
    cell0 = ("map_cell0", f"--database_connection={CELL0_TEMPLATE}")
    cell1 = ("create_cell", "--name=cell1", f"--database_connection={CELL1_TEMPLATE}")
    nova = (
        ("api_db", "sync"),
        ("cell_v2", *cell0),
        ("db", "sync"),
        ("cell_v2", *cell1, f"--transport-url={NO_MESSAGE_QUEUE}"),
    )
    with side_by_side() as start:
        start(lambda: _manage(venv, "nova", {"database": NOVA, "api_database": NOVA_API}, *nova))
        start(lambda: _manage(venv, "keystone", {"database": KEYSTONE}, ("db_sync",)))
        start(lambda: _manage(venv, "glance", {"database": GLANCE}, ("db_sync",)))
        start(lambda: _manage(venv, "placement", {"placement_database": PLACEMENT}, ("db", "sync")))
        start(lambda: _neutron(venv))


def create_cinder(venv: Path) -> None:
    """Create Cinder's database beside its `venv`.

    Raises:
        LabError: with the end of what Cinder printed.
    """
    _pristine(venv, "").mkdir()
    _manage(venv, "cinder", {"database": CINDER}, ("db", "sync"))
