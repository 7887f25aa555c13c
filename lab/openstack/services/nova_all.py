"""All of Nova in one process: API, conductor, scheduler and compute; `application` is the API.

Served by serve.py, in whose folder it lies and which imports it. The services talk to each other over
oslo.messaging's in-memory transport, which is why they have to be one process, and all of them use
the databases themselves. The configuration is found as by Nova's own WSGI application, in
OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES.

When the import is done the compute service is up and its host is mapped into the cell: the first
request already finds a place for a machine.
"""

# First of all: it decides that nothing else is patched for eventlet.
from nova import monkey_patch

monkey_patch.patch(backend="threading")

import time  # noqa: E402

import os_brick  # noqa: E402
import os_vif  # noqa: E402
from keystoneauth1.exceptions import ClientException  # noqa: E402
from nova import context, objects, service, utils  # noqa: E402
from nova.api.openstack.wsgi_app import init_application  # noqa: E402
from nova.compute import rpcapi as compute  # noqa: E402
from nova.conductor import rpcapi as conductor  # noqa: E402
from nova.conf import CONF  # noqa: E402
from nova.objects.host_mapping import discover_hosts  # noqa: E402
from nova.scheduler import rpcapi as scheduler  # noqa: E402

# Seconds until Keystone has the services' users; the lab gives up waiting for Nova a little later.
PATIENCE = 80.0


def wait_for_placement() -> None:
    """Return when Placement accepts Nova's user: services that are refused end or complain at once.

    Raises:
        ClientException: what Keystone or Placement still said after PATIENCE seconds.
    """
    placement = utils.get_ksa_adapter("placement")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            placement.get("/resource_providers")
            return
        except ClientException:
            if time.monotonic() > deadline:
                raise
        # A token that came before the role or the catalog's entry would be kept.
        placement.invalidate()
        time.sleep(0.2)


# This also reads the configuration for all services.
application = init_application("osapi_compute", "nova-api")
os_brick.setup(CONF)
os_vif.initialize()
wait_for_placement()
objects.Service.enable_min_version_cache()
for binary, topic, second_topic in (
    ("nova-conductor", conductor.RPC_TOPIC, None),
    ("nova-scheduler", scheduler.RPC_TOPIC, None),
    ("nova-compute", compute.RPC_TOPIC, compute.RPC_TOPIC_ALT),
):
    service.Service.create(binary=binary, topic=topic, topic_alt=second_topic).start()
discover_hosts(context.get_admin_context())
