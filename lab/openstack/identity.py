"""Makes the services' catalog entries and everybody's projects and users: run on the management host.

`python -m lab.openstack.identity`, with the users' passwords on standard input as a JSON object
{user: password}. A service without a password is not in this lab, and gets neither an entry nor a user. It
needs Keystone only, so that it can run while the other services still load.
"""

import json
import sys
from collections.abc import Collection, Mapping
from typing import cast

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.connection import Connection
from openstack.exceptions import SDKException
from openstack.identity.v3._proxy import Proxy

from lab.openstack.accounts import ADMIN, ADMIN_PROJECT, MEMBERS
from lab.openstack.serving import (
    CINDER_URL,
    GLANCE_URL,
    KEYSTONE_URL,
    NEUTRON_URL,
    NOVA_URL,
    PLACEMENT_URL,
    REGION,
)

# service, which is its user's name too -> type and address
CATALOG: dict[str, tuple[str, str]] = {
    "neutron": ("network", NEUTRON_URL),
    "placement": ("placement", PLACEMENT_URL),
    "glance": ("image", GLANCE_URL),
    "nova": ("compute", NOVA_URL),
    "cinder": ("block-storage", CINDER_URL),
}


def connect(user: str, password: str, project: str) -> Connection:
    """A connection that looks at nothing in the environment."""
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=KEYSTONE_URL,
        username=user,
        password=password,
        project_name=project,
        user_domain_id="default",
        project_domain_id="default",
        region_name=REGION,
    )


def make_catalog(identity: Proxy, services: Collection[str]) -> None:
    """The other services' entries in the catalog, for those that this lab has."""
    for name, (kind, url) in CATALOG.items():
        if name not in services:
            continue
        entry = identity.create_service(name=name, type=kind)
        for interface in ("public", "internal"):
            identity.create_endpoint(service_id=entry.id, interface=interface, region_id=REGION, url=url)


def make_users(identity: Proxy, passwords: Mapping[str, str]) -> None:
    """The projects, and the users with their roles in them."""
    roles = {role.name: role.id for role in identity.roles()}
    for project_name, users in MEMBERS.items():
        project = identity.create_project(name=project_name, domain_id="default")
        for name, role in users.items():
            if name not in passwords:
                continue
            user = identity.create_user(name=name, domain_id="default", password=passwords[name])
            identity.assign_project_role_to_user(project.id, user.id, roles[role])


def main() -> int:
    """Make everything; 1 and a message when Keystone refuses."""
    passwords = json.load(sys.stdin)
    try:
        # The lab's Keystone has no other version.
        identity = cast(Proxy, connect(ADMIN, passwords[ADMIN], ADMIN_PROJECT).identity)
        make_catalog(identity, passwords.keys())
        make_users(identity, passwords)
    except (SDKException, ClientException) as error:
        print(f"the lab's Keystone refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
