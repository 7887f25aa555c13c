"""Sections that the configuration files of several OpenStack services share."""

from lab.openstack.accounts import SERVICE_PROJECT
from lab.openstack.serving import KEYSTONE_URL, REGION


def credentials(user: str, password: str) -> str:
    """How a service logs in to Keystone as its own user; the lines below a section's title."""
    return f"""\
auth_url = {KEYSTONE_URL}
auth_type = password
project_domain_id = default
user_domain_id = default
project_name = {SERVICE_PROJECT}
username = {user}
password = {password}
region_name = {REGION}
"""


def token_check(user: str, password: str, service_type: str) -> str:
    """The section with which a service, of a type of Keystone's catalog, asks who its callers are.

    Without its type a service refuses tokens of application credentials with access rules altogether.
    """
    return f"""\
[keystone_authtoken]
www_authenticate_uri = {KEYSTONE_URL}
service_type = {service_type}
{credentials(user, password)}"""
