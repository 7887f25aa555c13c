"""The settings of the cluster and of Calico's objects in it, a part of settings.py's.

Pure. It deliberately does not hold who peers with whom and about which networks (network_settings.py), nor
the password itself (machine_secrets.py).
"""

from typing import Annotated

from components.settings.network_settings import NetworkSettings
from components.settings.setting_types import DNS_LABEL, matching


class CalicoSettings(NetworkSettings):
    """How the cluster is reached, and what Calico is told there."""

    kubeconfig: str | None = None
    kube_context: str | None = None
    calico_namespace: Annotated[str, matching(DNS_LABEL, "the name of a Kubernetes namespace")] = (
        "calico-system"
    )
