"""The lab's clouds.yaml: how openstacksdk and its users find the lab's OpenStack."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from lab.openstack.accounts import ADMIN, ADMIN_PROJECT, CLUSTER_PROJECT, PROGRAM_USER
from lab.openstack.serving import KEYSTONE_URL, REGION, write_private


def _cloud(user: str, password: str, project: str) -> dict[str, object]:
    return {
        "auth": {
            "auth_url": KEYSTONE_URL,
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        "region_name": REGION,
        "identity_api_version": "3",
    }


def write(path: Path, passwords: Mapping[str, str]) -> None:
    """Write the clouds `lab` (a member of the cluster's project, for the program) and `admin`."""
    content = {
        "clouds": {
            "lab": _cloud(PROGRAM_USER, passwords[PROGRAM_USER], CLUSTER_PROJECT),
            "admin": _cloud(ADMIN, passwords[ADMIN], ADMIN_PROJECT),
        }
    }
    write_private(path, yaml.safe_dump(content, sort_keys=False))
