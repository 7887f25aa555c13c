"""The lab's Nova: configuration, databases and start of all its services as one process.

Its compute service has Nova's own fake driver: a machine becomes ACTIVE at once, with its ports bound
to the host COMPUTE_HOST, and nothing runs. What Nova was told (ports, image, key, user data) is all in
its API. A machine that asks for a volume gets one of Cinder's, where the lab has Cinder (lab/extras.py),
attached as far as both know. Neutron does not tell Nova about ports and need not: the fake driver waits
for none.
"""

from pathlib import Path

from lab.hosts import Host
from lab.openstack import databases
from lab.openstack.accounts import NOVA_USER
from lab.openstack.configuration import credentials, token_check
from lab.openstack.databases import NO_MESSAGE_QUEUE, NOVA, NOVA_API, NOVA_CELL0
from lab.openstack.serving import ADDRESS, NOVA_PORT, Serving, serve, write_private

# Nova's name of the one compute host; a bound port says it in `binding:host_id`.
COMPUTE_HOST = "hypervisor"


def _configuration(folder: Path, password: str) -> str:
    # Neutron deletes a machine's port for its user only when Nova's own token comes along.
    login = credentials(NOVA_USER, password)
    return f"""\
[DEFAULT]
host = {COMPUTE_HOST}
my_ip = {ADDRESS}
use_stderr = true
state_path = {folder}
instances_path = {folder / "instances"}
transport_url = {NO_MESSAGE_QUEUE}
concurrency_backend = threading
compute_driver = fake.FakeDriver
[database]
connection = sqlite:///{folder / NOVA}
sqlite_synchronous = false
[api_database]
connection = sqlite:///{folder / NOVA_API}
sqlite_synchronous = false
[oslo_concurrency]
lock_path = {folder / "lock"}
[oslo_messaging_notifications]
driver = noop
[notifications]
notification_format = unversioned
[vnc]
enabled = false
[quota]
instances = -1
cores = -1
ram = -1
key_pairs = -1
[filter_scheduler]
track_instance_changes = false
[placement]
{login}\
[neutron]
{login}\
[glance]
{login}\
[cinder]
catalog_info = block-storage::publicURL
{login}\
[service_user]
send_service_user_token = true
{login}\
{token_check(NOVA_USER, password, "compute")}"""


def start(folder: Path, host: Host, venv: Path, password: str, kept: Path | None) -> Serving:
    """Prepare Nova in `folder`, which must not exist, and start it on `host`.

    It listens only when its compute service is up, and that waits for Keystone to know the user
    NOVA_USER, whose `password` this is, and for Placement. `kept` is the site of an earlier lab, if there
    is one.
    """
    folder.mkdir(mode=0o700)
    for name in ("instances", "lock"):
        (folder / name).mkdir()
    databases.copy(venv, folder, NOVA, NOVA_CELL0, NOVA_API, kept=kept)
    configuration = folder / "nova.conf"
    write_private(configuration, _configuration(folder, password))
    # Nova takes the first of its configuration files for the description of the API's pipeline.
    pipeline = venv / "etc" / "nova" / "api-paste.ini"
    environment = {
        "OS_NOVA_CONFIG_DIR": str(folder),
        "OS_NOVA_CONFIG_FILES": f"{pipeline};{configuration.name}",
    }
    return serve(host, venv, folder, NOVA_PORT, "nova_all:application", environment)
