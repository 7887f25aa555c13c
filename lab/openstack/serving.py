"""One OpenStack service as a process on a host of the lab, and the wait until it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.hosts import Host, Service
from lab.layout import PROJECT
from lab.site import HOSTS, MGMT
from lab.waiting import wait_for

ADDRESS = HOSTS[MGMT]
KEYSTONE_PORT = 5000
NEUTRON_PORT = 9696
PLACEMENT_PORT = 8778
GLANCE_PORT = 9292
NOVA_PORT = 8774
CINDER_PORT = 8776
KEYSTONE_URL = f"http://{ADDRESS}:{KEYSTONE_PORT}/v3"
NEUTRON_URL = f"http://{ADDRESS}:{NEUTRON_PORT}"
PLACEMENT_URL = f"http://{ADDRESS}:{PLACEMENT_PORT}"
GLANCE_URL = f"http://{ADDRESS}:{GLANCE_PORT}"
NOVA_URL = f"http://{ADDRESS}:{NOVA_PORT}/v2.1"
CINDER_URL = f"http://{ADDRESS}:{CINDER_PORT}/v3"
REGION = "RegionOne"

# A proxy that the user's shell knows would be asked for the lab's addresses as well.
DIRECT = {"NO_PROXY": "*", "no_proxy": "*"}

# Loading takes 3 to 5 s when nothing else runs.
START_TIMEOUT = 90.0

# More than the program's parallel requests; SQLite writes one after the other anyway.
THREADS = 4

SERVE = PROJECT / "lab" / "openstack" / "services" / "serve.py"


@dataclass(frozen=True)
class Serving:
    """A service that was started, and the file that it makes when it listens."""

    service: Service
    ready: Path

    def wait(self) -> None:
        """Return when the service listens.

        Raises:
            LabError: when its process ended or START_TIMEOUT passed, with the last lines of its log.
        """

        def listens() -> bool:
            if not self.service.alive():
                code = self.service.process.returncode
                raise LabError(f"{self.service.name} ended with {code} while starting; {self.service.tail()}")
            return self.ready.exists()

        wait_for(f"{self.service.name} to listen", listens, START_TIMEOUT, hint=self.service.tail)


def serve(
    host: Host,
    venv: Path,
    folder: Path,
    port: int,
    application: str,
    environment: Mapping[str, str],
    threads: int = THREADS,
) -> Serving:
    """Start the WSGI `application` (`module:attribute`) on ADDRESS; named after its `folder`."""
    ready = folder / "listens"
    service = host.start(
        folder.name,
        str(venv / "bin" / "python"),
        str(SERVE),
        str(ADDRESS),
        str(port),
        str(threads),
        str(ready),
        application,
        env={**DIRECT, "PYTHONWARNINGS": "ignore", **environment},
        cwd=folder,
    )
    return Serving(service, ready)


def write_private(path: Path, text: str) -> None:
    """Write a file that may hold a password: nobody else may read it, from its first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
