"""The program's way to Neutron and to the cluster through recording proxies (lab/recording_proxy.py)."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context

import yaml
from kubernetes import client, config

from lab.layout import Layout
from lab.openstack.serving import NEUTRON_URL
from lab.recording_proxy import Recording, recording


@dataclass(frozen=True)
class Watched:
    """Both recordings, and the environment in which the program goes through them."""

    neutron: Recording
    cluster: Recording
    environment: dict[str, str]


@contextmanager
def watched(layout: Layout, folder: Path) -> Iterator[Watched]:
    """Proxies in front of both APIs; `folder` gets the clouds.yaml and the kubeconfig that lead there."""
    known = client.Configuration()
    config.load_kube_config(str(layout.kubeconfig), client_configuration=known)  # type: ignore[no-untyped-call]
    context = create_default_context(cafile=known.ssl_ca_cert)
    assert known.cert_file
    context.load_cert_chain(known.cert_file, known.key_file)
    with recording(NEUTRON_URL) as neutron, recording(known.host, context) as cluster:
        clouds = yaml.safe_load(layout.clouds.read_text())
        clouds["clouds"]["lab"]["network_endpoint_override"] = f"{neutron.url}/v2.0"
        kubeconfig = copy.deepcopy(yaml.safe_load(layout.kubeconfig.read_text()))
        for entry in kubeconfig["clusters"]:
            entry["cluster"] = {"server": cluster.url}
        files = {"OS_CLIENT_CONFIG_FILE": clouds, "KUBECONFIG": kubeconfig}
        environment = {}
        for name, content in files.items():
            path = folder / name.lower()
            path.touch(mode=0o600)
            path.write_text(yaml.safe_dump(content))
            environment[name] = str(path)
        yield Watched(neutron, cluster, environment)
