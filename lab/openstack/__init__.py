"""The lab's OpenStack: Keystone and Neutron, real ones, from PyPI, on SQLite.

Neutron keeps the ports and applies its own rules to changes (revisions, limits, policies); what puts them
into the switch is the lab's hypervisor (lab/hypervisor). There is no Nova: the nodes' ports exist without
a server behind them.

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
from lab.openstack import clouds, keystone, neutron
from lab.openstack.accounts import ADMIN, SERVICE_USER, new_passwords
from lab.openstack.made import Made
from lab.openstack.serving import DIRECT


def bring_up(
    layout: Layout, host: Host, venv: Path, step: Callable[[str], AbstractContextManager[None]]
) -> Made:
    """Start Keystone and Neutron on `host`, make the site's objects, write `layout.clouds`.

    Always from nothing: what an earlier call left in `<layout.folder>/openstack` is removed. `venv` is
    what `ensure_venv` returned. Every user gets a new random password. Returns what was made for the
    machines that the lab's switch has.

    Raises:
        LabError: when a service does not start or refuses, with the last lines of its log.
    """
    folder = layout.folder / "openstack"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    passwords = new_passwords()
    with step("OpenStack: Keystone, Neutron"):
        # Neutron asks Keystone nothing until its first request: both load at the same time.
        network_service = neutron.start(folder / "neutron", host, venv, passwords[SERVICE_USER])
        identity_service = keystone.start(folder / "keystone", host, venv, passwords[ADMIN])
        identity_service.wait()
        network_service.wait()
    with step("OpenStack: project, users, network, node ports"):
        printed = host.run(
            sys.executable,
            "-m",
            "lab.openstack.site",
            stdin=json.dumps(passwords),
            env=DIRECT,
            cwd=PROJECT,
        )
        clouds.write(layout.clouds, passwords)
    return Made(**json.loads(printed.stdout))
