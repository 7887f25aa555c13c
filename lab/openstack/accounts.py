"""The users of the lab's OpenStack, their projects and roles."""

import secrets

ADMIN = "admin"
ADMIN_PROJECT = "admin"

# Whoever made the cluster: owns its network and the nodes' ports.
CLUSTER_PROJECT = "cluster"
CLUSTER_USER = "cluster"

# The program's own user, another member of the cluster's project.
PROGRAM_USER = "peering"

# As whom the services ask Keystone about their callers, and Nova asks the other services. A service of the
# catalog has its user's name (lab/openstack/identity.py).
SERVICE_PROJECT = "service"
NEUTRON_USER = "neutron"
PLACEMENT_USER = "placement"
GLANCE_USER = "glance"
NOVA_USER = "nova"
CINDER_USER = "cinder"

# project -> user -> role; the administrator is made by Keystone's bootstrap.
MEMBERS: dict[str, dict[str, str]] = {
    SERVICE_PROJECT: {
        NEUTRON_USER: "service",
        PLACEMENT_USER: "service",
        GLANCE_USER: "service",
        NOVA_USER: "service",
        CINDER_USER: "service",
    },
    CLUSTER_PROJECT: {CLUSTER_USER: "member", PROGRAM_USER: "member"},
}


def new_passwords(cinder: bool) -> dict[str, str]:
    """A new random password for every user; CINDER_USER is one only where the lab has Cinder."""
    users = [ADMIN, *(user for members in MEMBERS.values() for user in members)]
    return {user: secrets.token_urlsafe(24) for user in users if cinder or user != CINDER_USER}
