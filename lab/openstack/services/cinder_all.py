"""All of Cinder in one process: API, scheduler and volume; `application` is the API.

Served by serve.py, in whose folder it lies and which imports it. The services talk to each other over
oslo.messaging's in-memory transport, which is why they have to be one process. The configuration is
`cinder.conf` in the folder in which the process runs; Cinder's own WSGI application finds none.

When the import is done the volume service is up and has told the scheduler how much room it has: the
first request already finds a place for a volume.
"""

import sys

# First of all: it decides that nothing is patched for eventlet.
from cinder import monkey_patch

monkey_patch.patch(backend="threading")
sys.argv[1:] = ["--config-file=cinder.conf"]

from cinder import service  # noqa: E402
from cinder.common import constants  # noqa: E402

# This also reads the configuration for all services.
from cinder.wsgi.api import application as application  # noqa: E402
from cinder.wsgi.wsgi import CONF  # noqa: E402

# The scheduler asks the others for their room when it starts.
for backend in CONF.enabled_backends:
    service.Service.create(
        host=f"{CONF.host}@{backend}",
        binary=constants.VOLUME_BINARY,
        service_name=backend,
        coordination=True,
    ).start()
service.Service.create(binary=constants.SCHEDULER_BINARY).start()
