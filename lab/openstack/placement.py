"""The lab's Placement: configuration, database and start.

Nova cannot choose a host for a machine without it. Nobody else asks it anything.
"""

from pathlib import Path

from lab.hosts import Host
from lab.openstack import databases
from lab.openstack.accounts import PLACEMENT_USER
from lab.openstack.configuration import token_check
from lab.openstack.databases import PLACEMENT
from lab.openstack.serving import PLACEMENT_PORT, Serving, serve, write_private


def _configuration(folder: Path, password: str) -> str:
    return f"""\
[DEFAULT]
use_stderr = true
[placement_database]
connection = sqlite:///{folder / PLACEMENT}
sqlite_synchronous = false
{token_check(PLACEMENT_USER, password, "placement")}"""


def start(folder: Path, host: Host, venv: Path, password: str) -> Serving:
    """Prepare Placement in `folder`, which must not exist, and start it on `host`.

    `password` is that of the user PLACEMENT_USER, with which it asks Keystone about its callers.
    """
    folder.mkdir(mode=0o700)
    databases.copy(venv, folder, PLACEMENT)
    # Placement takes the folder only; the file's name is fixed.
    write_private(folder / "placement.conf", _configuration(folder, password))
    environment = {"OS_PLACEMENT_CONFIG_DIR": str(folder)}
    application = "placement.wsgi.api:application"
    # When another thread wrote in between, Placement reads over a second connection while its first
    # one holds SQLite's write lock, and waits for itself.
    return serve(host, venv, folder, PLACEMENT_PORT, application, environment, threads=1)
