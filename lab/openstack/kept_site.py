"""The site's objects as an earlier lab made them: databases in the user's cache, copied into the next lab.

Made through the APIs (lab/openstack/identity.py and site.py), projects, users, networks, ports, flavor and
image take as long as all services take to start. So the first lab of a version does that and has the
databases kept here, and the next ones begin with them. Passwords and Keystone's keys are every lab's own.
What Nova and Placement know of the lab's host is not kept: they find that out at each start.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from lab.cache import COMPLETE, build_once
from lab.layout import PROJECT, Layout
from lab.openstack import glance
from lab.openstack.databases import GLANCE, KEYSTONE, NEUTRON, NOVA_API
from lab.openstack.made import Made

# Where a lab has them below its `openstack` folder.
DATABASES = {KEYSTONE: "keystone", NEUTRON: "neutron", GLANCE: "glance", NOVA_API: "nova"}
MADE = "made.json"


def _folder(layout: Layout, venv: Path, cinder: bool) -> Path:
    digest = sha256(f"{venv} {cinder}".encode())
    sources = (PROJECT / "lab" / "openstack").rglob("*.py")
    for path in (*sorted(sources), PROJECT / "lab" / "site.py"):
        digest.update(path.read_bytes())
    return layout.cache / "site" / digest.hexdigest()[:16]


def find_kept(layout: Layout, venv: Path, cinder: bool) -> Path | None:
    """The folder with what an earlier lab of this version kept, or None."""
    folder = _folder(layout, venv, cinder)
    return folder if (folder / COMPLETE).exists() else None


def read_made(kept: Path) -> Made:
    """What OpenStack has for the machines of the lab's switch."""
    return Made(**json.loads((kept / MADE).read_text()))


def keep(layout: Layout, venv: Path, cinder: bool, lab: Path, made: Made) -> None:
    """Keep what the lab with this `openstack` folder has, for the next one; its services may run."""

    def copy(folder: Path) -> None:
        # There are hashes of this lab's passwords.
        folder.chmod(0o700)
        for name, service in DATABASES.items():
            source, target = sqlite3.connect(lab / service / name), sqlite3.connect(folder / name)
            with closing(source), closing(target):
                source.backup(target)
        with closing(sqlite3.connect(folder / NOVA_API)) as nova:
            nova.execute("DELETE FROM host_mappings")
            nova.commit()
        shutil.copytree(lab / "glance" / glance.IMAGES, folder / glance.IMAGES)
        (folder / MADE).write_text(json.dumps(asdict(made)))

    build_once(_folder(layout, venv, cinder), copy)
