"""The program: settings, one ExternalPeering, its outputs."""

import pulumi
from pulumi.runtime.config import is_config_secret

from components.calico.stack_name import stack_name
from components.external_peering import ExternalPeering
from components.preflight import check_cluster, left_over, machine_parts, node_ports
from components.settings import KEYS, SettingsError, read_settings
from components.shared.provider_errors import ProviderError

config = pulumi.Config()
try:
    settings = read_settings({key: config.get(key) or "" for key in KEYS})
    settings = check_cluster(settings)
    parts = machine_parts(settings)
    left = left_over(settings, stack_name(), parts)
    ports = node_ports(settings)
except (SettingsError, ProviderError) as error:
    raise pulumi.RunError(str(error)) from None


def secret(key: str, instead: str) -> pulumi.Output[str] | None:
    """A secret of the configuration, if it is there and encrypted; `instead`: what to do if it is not."""
    # Whether it is empty, the default of Pulumi.yaml, is no secret.
    if not config.get(key):
        return None
    if not is_config_secret(config.full_key(key)):
        # The engine keeps the configuration in the state as it is given.
        raise pulumi.RunError(
            f"calico-peering:{key} stands in clear in the stack's configuration; {instead}, and"
            f" `pulumi config set --secret {key}`"
        )
    return config.get_secret(key)


# Without a key the ssh agent is asked.
private_key = config.get_secret("sshPrivateKey") if config.get("sshPrivateKey") else None
peering = ExternalPeering(
    settings.machine_name,
    {
        "settings": settings,
        "private_key": private_key,
        "host_private_key": secret("sshHostPrivateKey", "make a new key") if settings.made else None,
        "password": secret("bgpPassword", "take another password"),
        "ports": ports,
        "machine_parts": parts,
        "left_over": left,
    },
)

pulumi.export("sessions", peering.sessions)
pulumi.export("routes", peering.routes)
pulumi.export("birdConfiguration", peering.bird_configuration)
