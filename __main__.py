"""The program: settings, one ExternalPeering, its outputs."""

import pulumi
from pulumi.runtime.config import is_config_secret

from components.calico.calico_bgp import stack_name
from components.external_peering import ExternalPeering
from components.preflight import check_cluster, harmful_pools, left_over, machine_parts, node_ports
from components.settings import KEYS, SettingsError, read_settings
from components.shared.provider_errors import ProviderError

config = pulumi.Config()
try:
    settings = read_settings({key: config.get(key) or "" for key in KEYS})
    settings = check_cluster(settings)
    parts = machine_parts(settings)
    left = left_over(settings, stack_name(), parts)
    ports = node_ports(settings)
    pools = harmful_pools(settings, ports)
except (SettingsError, ProviderError) as error:
    raise pulumi.RunError(str(error)) from None

# An empty key, the default of Pulumi.yaml, means the agent. Whether it is empty is no secret.
private_key = config.get_secret("sshPrivateKey") if config.get("sshPrivateKey") else None
host_private_key = config.get_secret("sshHostPrivateKey") if settings.made else None
if host_private_key and not is_config_secret(config.full_key("sshHostPrivateKey")):
    # The engine keeps the configuration in the state as it is given.
    raise pulumi.RunError(
        "calico-peering:sshHostPrivateKey stands in clear in the stack's configuration; make a new key, and"
        " `pulumi config set --secret sshHostPrivateKey`"
    )

peering = ExternalPeering(
    settings.machine_name,
    {
        "settings": settings,
        "private_key": private_key,
        "host_private_key": host_private_key,
        "ports": ports,
        "harmful_pools": pools,
        "machine_parts": parts,
        "left_over": left,
    },
)

pulumi.export("sessions", peering.sessions)
pulumi.export("routes", peering.routes)
pulumi.export("birdConfiguration", peering.bird_configuration)
