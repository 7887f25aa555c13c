"""The lab's Neutron: configuration, database and start of its API server.

No agents and no message queue: ports and routers are kept and checked, not wired. Quotas are off,
since a lab makes as many objects as a test wants; the limit of 10 address pairs a port is Neutron's
default.
"""

from pathlib import Path

from lab.hosts import Host
from lab.openstack import databases
from lab.openstack.accounts import NEUTRON_USER
from lab.openstack.configuration import token_check
from lab.openstack.databases import NEUTRON
from lab.openstack.serving import (
    NEUTRON_PORT,
    Serving,
    serve,
    write_private,
)

PHYSICAL_NETWORK = "physnet1"
EXTERNAL_PHYSICAL_NETWORK = "external"


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
{token_check(NEUTRON_USER, password, "network")}\
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
mechanism_drivers = lab
extension_drivers = port_security
[ml2_type_flat]
flat_networks = {PHYSICAL_NETWORK},{EXTERNAL_PHYSICAL_NETWORK}
[securitygroup]
enable_security_group = true
[oslo_messaging_notifications]
driver = noop
"""


def start(folder: Path, host: Host, venv: Path, password: str, kept: Path | None) -> Serving:
    """Prepare Neutron in `folder`, which must not exist, and start it on `host`.

    `password` is that of the user NEUTRON_USER, with which it asks Keystone about its callers; `kept`
    the site of an earlier lab, if there is one.
    """
    folder.mkdir(mode=0o700)
    (folder / "lock").mkdir()
    databases.copy(venv, folder, NEUTRON, kept=kept)
    configuration = folder / "neutron.conf"
    write_private(configuration, _configuration(folder, venv, password))
    environment = {
        "OS_NEUTRON_CONFIG_DIR": str(folder),
        "OS_NEUTRON_CONFIG_FILES": configuration.name,
    }
    return serve(host, venv, folder, NEUTRON_PORT, "neutron.wsgi.api:application", environment)
