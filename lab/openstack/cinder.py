"""The lab's Cinder: configuration, database and start of all its services as one process.

Volumes are kept by a driver of the lab's own (lab/openstack/services/lab_volumes.py), which keeps records
only: what a machine boots is the hypervisor's Debian, on whatever disk. Quotas are Cinder's defaults (10
volumes and 1000 GiB a project). There is no backup service.
"""

from pathlib import Path

from lab.hosts import Host
from lab.openstack import databases
from lab.openstack.accounts import CINDER_USER
from lab.openstack.configuration import token_check
from lab.openstack.databases import CINDER, NO_MESSAGE_QUEUE
from lab.openstack.serving import CINDER_PORT, GLANCE_URL, Serving, serve, write_private

# Part of a volume's `os-vol-host-attr:host`.
HOST, BACKEND = "volumes", "lab"


def _configuration(folder: Path, venv: Path, password: str) -> str:
    return f"""\
[DEFAULT]
host = {HOST}
use_stderr = true
state_path = {folder}
transport_url = {NO_MESSAGE_QUEUE}
api_paste_config = {venv / "etc" / "cinder" / "api-paste.ini"}
resource_query_filters_file = {venv / "etc" / "cinder" / "resource_filters.json"}
auth_strategy = keystone
glance_api_servers = {GLANCE_URL}
enabled_backends = {BACKEND}
# In one process all services report as the one that was started last; so nobody reports, and nobody is
# held for dead within a year.
report_interval = 0
service_down_time = 31536000
[{BACKEND}]
volume_driver = lab_volumes.LabVolumes
volume_backend_name = {BACKEND}
[database]
connection = sqlite:///{folder / CINDER}
sqlite_synchronous = false
[oslo_concurrency]
lock_path = {folder / "lock"}
[oslo_messaging_notifications]
driver = noop
{token_check(CINDER_USER, password, "block-storage")}\
# Only Nova may detach what a machine uses: it says who it is with its own token beside the user's.
service_token_roles = service
service_token_roles_required = true
"""


def start(folder: Path, host: Host, venv: Path, password: str) -> Serving:
    """Prepare Cinder in `folder`, which must not exist, and start it on `host`.

    `venv` is Cinder's own (lab/openstack/venv.py); `password` is that of the user CINDER_USER, with which it
    asks Keystone about its callers.
    """
    folder.mkdir(mode=0o700)
    (folder / "lock").mkdir()
    databases.copy(venv, folder, CINDER)
    write_private(folder / "cinder.conf", _configuration(folder, venv, password))
    return serve(host, venv, folder, CINDER_PORT, "cinder_all:application", {})
