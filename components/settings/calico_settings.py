"""The settings of the cluster and of Calico's objects in it, a part of settings.py's.

Pure. It deliberately does not hold who peers with whom (bgp_peer_settings.py) and about which networks
(network_settings.py), what stands in BGPConfigurations (bgp_configuration_settings.py), nor the password
itself (machine_secrets.py).
"""

from typing import Annotated, Literal

from components.settings.bgp_peer_settings import BgpPeerSettings
from components.settings.setting_types import DNS_LABEL, matching


class CalicoSettings(BgpPeerSettings):
    """How the cluster is reached, and what Calico is told there."""

    kubeconfig: str | None = None
    kube_context: str | None = None
    calico_api: Literal["v3", "crd-v1"] = "v3"
    calico_namespace: Annotated[str, matching(DNS_LABEL, "the name of a Kubernetes namespace")] | None = None
    """None: not asked for yet, or of no use (calico_node.py)."""
