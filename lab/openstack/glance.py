"""The lab's Glance: configuration, database and start. Images are files in its own folder."""

from pathlib import Path

from lab.hosts import Host
from lab.openstack import databases
from lab.openstack.accounts import GLANCE_USER
from lab.openstack.configuration import token_check
from lab.openstack.databases import GLANCE
from lab.openstack.serving import GLANCE_PORT, GLANCE_URL, Serving, serve, write_private

# The stores' folders: images, and what Glance itself puts down on the way.
IMAGES, STAGING, TASKS = "images", "staging", "tasks"


def _configuration(folder: Path, venv: Path, password: str) -> str:
    return f"""\
[DEFAULT]
use_stderr = true
enabled_backends = files:file
worker_self_reference_url = {GLANCE_URL}
[database]
connection = sqlite:///{folder / GLANCE}
sqlite_synchronous = false
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = {folder / IMAGES}
[os_glance_staging_store]
filesystem_store_datadir = {folder / STAGING}
[os_glance_tasks_store]
filesystem_store_datadir = {folder / TASKS}
[paste_deploy]
flavor = keystone
config_file = {venv / "etc" / "glance" / "glance-api-paste.ini"}
[oslo_concurrency]
lock_path = {folder / "lock"}
{token_check(GLANCE_USER, password, "image")}"""


def start(folder: Path, host: Host, venv: Path, password: str) -> Serving:
    """Prepare Glance in `folder`, which must not exist, and start it on `host`.

    `password` is that of the user GLANCE_USER, with which it asks Keystone about its callers.
    """
    folder.mkdir(mode=0o700)
    for name in (IMAGES, STAGING, TASKS, "lock"):
        (folder / name).mkdir()
    databases.copy(venv, folder, GLANCE)
    configuration = folder / "glance-api.conf"
    write_private(configuration, _configuration(folder, venv, password))
    environment = {
        "OS_GLANCE_CONFIG_DIR": str(folder),
        "OS_GLANCE_CONFIG_FILES": configuration.name,
    }
    return serve(host, venv, folder, GLANCE_PORT, "glance.wsgi.api:application", environment)
