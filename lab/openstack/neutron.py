"""The lab's Neutron: configuration, database and start of its API server.

No agents and no message queue: ports and routers are kept and checked, not wired. Quotas are off,
since a lab makes as many objects as a test wants; the limit of 10 address pairs a port is Neutron's
default.
"""

import shutil
from pathlib import Path

from lab.hosts import Host
from lab.openstack.accounts import SERVICE_PROJECT, SERVICE_USER
from lab.openstack.databases import NEUTRON, pristine
from lab.openstack.serving import (
    KEYSTONE_URL,
    NEUTRON_PORT,
    REGION,
    Serving,
    serve,
    write_private,
)

PHYSICAL_NETWORK = "physnet1"


def _configuration(folder: Path, venv: Path, password: str) -> str:
    return f"""\
[DEFAULT]
core_plugin = ml2
service_plugins = router
auth_strategy = keystone
transport_url = fake://
api_paste_config = {venv / "etc" / "neutron" / "api-paste.ini"}
state_path = {folder}
use_stderr = true
rpc_workers = 0
dhcp_agent_notification = false
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
allow_automatic_dhcp_failover = false
allow_automatic_l3agent_failover = false
global_physnet_mtu = 1500
[database]
connection = sqlite:///{folder / NEUTRON}
sqlite_synchronous = false
[oslo_concurrency]
lock_path = {folder / "lock"}
[keystone_authtoken]
www_authenticate_uri = {KEYSTONE_URL}
auth_url = {KEYSTONE_URL}
auth_type = password
project_domain_id = default
user_domain_id = default
project_name = {SERVICE_PROJECT}
username = {SERVICE_USER}
password = {password}
region_name = {REGION}
[quotas]
default_quota = -1
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_security_group = -1
quota_security_group_rule = -1
[ml2]
type_drivers = local,flat,vlan
project_network_types = local
mechanism_drivers = openvswitch
extension_drivers = port_security
[ml2_type_flat]
flat_networks = {PHYSICAL_NETWORK}
[securitygroup]
enable_security_group = true
[oslo_messaging_notifications]
driver = noop
"""


def start(folder: Path, host: Host, venv: Path, password: str) -> Serving:
    """Prepare Neutron in `folder`, which must not exist, and start it on `host`.

    `password` is that of the user SERVICE_USER, with which it asks Keystone about its callers.
    """
    folder.mkdir(mode=0o700)
    (folder / "lock").mkdir()
    shutil.copy(pristine(venv, NEUTRON), folder)
    configuration = folder / "neutron.conf"
    write_private(configuration, _configuration(folder, venv, password))
    environment = {
        "OS_NEUTRON_CONFIG_DIR": str(folder),
        "OS_NEUTRON_CONFIG_FILES": configuration.name,
    }
    return serve(host, venv, folder, NEUTRON_PORT, "neutron.wsgi.api:application", environment)
