"""Empty databases of Keystone and Neutron, made once beside their programs and copied for each lab.

They hold tables and release data only, nothing of a lab: no users, no passwords.
"""

import os
import subprocess
from pathlib import Path

from lab.errors import LabError
from lab.hosts import last_lines
from lab.layout import PROJECT

KEYSTONE = "keystone.sqlite"
NEUTRON = "neutron.sqlite"
NEUTRON_TABLES = PROJECT / "lab" / "openstack" / "services" / "neutron_tables.py"


def pristine(venv: Path, name: str) -> Path:
    """Where the database `name` lies that belongs to this virtual environment."""
    return venv.parent / "databases" / name


def _run(what: str, *command: str) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            f"{what} could not be made: `{' '.join(command)}` ended with {done.returncode}:\n"
            + last_lines(done.stdout + done.stderr)
        )


def create(venv: Path) -> None:
    """Create both databases beside `venv`.

    Raises:
        LabError: with the end of what Keystone or Neutron printed.
    """
    folder = pristine(venv, KEYSTONE).parent
    folder.mkdir()
    configuration = folder / "keystone.conf"
    configuration.write_text(f"[database]\nconnection = sqlite:///{pristine(venv, KEYSTONE)}\n")
    manage = (str(venv / "bin" / "keystone-manage"), f"--config-file={configuration}", "db_sync")
    _run("Keystone's database", *manage)
    tables = (str(venv / "bin" / "python"), str(NEUTRON_TABLES), str(pristine(venv, NEUTRON)))
    _run("Neutron's database", *tables)
