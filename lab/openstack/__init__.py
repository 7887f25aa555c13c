"""The lab's OpenStack: Keystone, Neutron, Placement, Glance and Nova from PyPI, on SQLite.

Neutron keeps the ports and applies its own rules to changes (revisions, limits, policies); what puts them
into the switch is the lab's hypervisor (lab/hypervisor). Nova's machines are its fake driver's: ACTIVE in
its API, and made real by the hypervisor, which Nova knows nothing of. Cinder is an extra (lab/extras.py); its
volumes have nothing on them, as the hypervisor boots the same Debian whatever the disk. The nodes' ports
exist without a server behind them.

`bring_up` runs inside the keeper's namespaces; what it needs beside them is made before, on the
machine itself, by lab/openstack/venv.py.
"""

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from lab.hosts import Host
from lab.layout import PROJECT, Layout
from lab.openstack import cinder, clouds, glance, kept_site, keystone, neutron, nova, placement
from lab.openstack.accounts import (
    CINDER_USER,
    GLANCE_USER,
    NEUTRON_USER,
    NOVA_USER,
    PLACEMENT_USER,
    new_passwords,
)
from lab.openstack.made import Made
from lab.openstack.serving import DIRECT


def bring_up(
    layout: Layout,
    host: Host,
    venv: Path,
    cinder_venv: Path | None,
    step: Callable[[str], AbstractContextManager[None]],
) -> Made:
    """Start all services on `host`, make the site's objects, write `layout.clouds`.

    What an earlier call left in `<layout.folder>/openstack` is removed. The site's objects are made once for
    each version of the lab, and copied afterwards (lab/openstack/kept_site.py). `venv` is what `ensure_venv`
    returned, `cinder_venv` what `ensure_cinder` did, where the lab has Cinder. Every user gets a new random
    password. Returns what was made for the machines that the lab's switch has.

    Raises:
        LabError: when a service does not start or refuses, with the last lines of its log.
    """
    folder = layout.folder / "openstack"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    with_cinder = cinder_venv is not None
    passwords = new_passwords(with_cinder)
    kept = kept_site.find_kept(layout, venv, with_cinder)

    def run(module: str) -> str:
        words = (sys.executable, "-m", module)
        return host.run(*words, stdin=json.dumps(passwords), env=DIRECT, cwd=PROJECT).stdout

    # All load at the same time, the longest first: the others ask Keystone nothing until it has
    # everybody's users, and Nova waits for that by itself.
    services = [
        nova.start(folder / "nova", host, venv, passwords[NOVA_USER], kept),
        neutron.start(folder / "neutron", host, venv, passwords[NEUTRON_USER], kept),
        placement.start(folder / "placement", host, venv, passwords[PLACEMENT_USER]),
        glance.start(folder / "glance", host, venv, passwords[GLANCE_USER], kept),
    ]
    if cinder_venv:
        services.append(cinder.start(folder / "cinder", host, cinder_venv, passwords[CINDER_USER]))
    with step(f"OpenStack: Keystone{'' if kept else ', projects, users, catalog'}"):
        keystone.start(folder / "keystone", host, venv, passwords, kept).wait()
        if not kept:
            run("lab.openstack.identity")
    with step(f"OpenStack: Neutron, Placement, Glance, Nova{', Cinder' if cinder_venv else ''}"):
        for service in services:
            service.wait()
    clouds.write(layout.clouds, passwords)
    if kept:
        return kept_site.read_made(kept)
    with step("OpenStack: network, node ports, router, flavor, image"):
        made = Made(**json.loads(run("lab.openstack.site")))
        kept_site.keep(layout, venv, with_cinder, folder, made)
    return made
