"""The lab's Glance: configuration, database and start. Images are files in its own folder."""

import shutil
import sqlite3
from contextlib import closing
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


def take_images(kept: Path, folder: Path) -> None:
    """Copy the images that the database in `folder` knows of another lab, and write down where they are."""
    shutil.copytree(kept / IMAGES, folder / IMAGES)
    with closing(sqlite3.connect(folder / GLANCE)) as database:
        place = f"file://{folder / IMAGES}/"
        database.execute("UPDATE image_locations SET value = ? || image_id", (place,))
        database.commit()


def start(folder: Path, host: Host, venv: Path, password: str, kept: Path | None) -> Serving:
    """Prepare Glance in `folder`, which must not exist, and start it on `host`.

    `password` is that of the user GLANCE_USER, with which it asks Keystone about its callers; `kept`
    the site of an earlier lab, if there is one.
    """
    folder.mkdir(mode=0o700)
    for name in (STAGING, TASKS, "lock"):
        (folder / name).mkdir()
    databases.copy(venv, folder, GLANCE, kept=kept)
    if kept:
        take_images(kept, folder)
    else:
        (folder / IMAGES).mkdir()
    configuration = folder / "glance-api.conf"
    write_private(configuration, _configuration(folder, venv, password))
    environment = {
        "OS_GLANCE_CONFIG_DIR": str(folder),
        "OS_GLANCE_CONFIG_FILES": configuration.name,
    }
    return serve(host, venv, folder, GLANCE_PORT, "glance.wsgi.api:application", environment)
