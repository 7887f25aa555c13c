"""The secrets of each machine: read from the configuration as Pulumi secrets, and nowhere held in clear.

What their public halves and shapes have to be is checked with the settings. Relies on Pulumi's configuration,
where a machine of `machines` may have its own, beside the plain ones that hold for all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

import pulumi
from pulumi.runtime.config import is_config_secret

from components.settings.setting_types import NAMESPACE
from components.settings.site import MACHINES

# What has to be done with one that stands in clear: the engine keeps the configuration in the state as given.
# Pulumi.yaml cannot say so: there a secret can have no default, and without one it would be required.
NEVER_CLEAR = {
    "sshPrivateKey": "make a new key",
    "sshHostPrivateKey": "make a new key",
    "sshBastionPrivateKey": "make a new key",
    "bgpPassword": "take another password",
}


@dataclass(frozen=True)
class MachineSecrets:
    """Each None where there is none."""

    private_key: pulumi.Input[str] | None = None
    """The login's; None is the ssh agent."""
    host_private_key: pulumi.Input[str] | None = None
    """What a machine that is made here gets."""
    password: pulumi.Input[str] | None = None
    """The sessions'."""
    bastion_private_key: pulumi.Input[str] | None = None
    """The login's on the bastion; None is the same as on the machine."""


class Configuration(Protocol):
    """Pulumi's, as the program and as a dynamic provider has it."""

    def get(self, key: str) -> str | None:
        """A setting's text; objects are JSON."""


def machine_secrets(config: pulumi.Config, machine: str, several: bool) -> MachineSecrets:
    """The secrets of a machine; `several` when it is one of `machines`.

    Raises:
        pulumi.RunError: naming one that stands in clear and should not.
    """

    def secret(key: str) -> pulumi.Output[str] | None:
        own = _own(config, machine, key) if several else None
        text, where = (own, MACHINES) if own else (config.get(key), key)
        # Whether it is empty, the default of Pulumi.yaml, is no secret.
        if not text:
            return None
        if not is_config_secret(config.full_key(where)):
            path = f"{MACHINES}.{machine}.{key}" if own else key
            raise pulumi.RunError(
                f"{NAMESPACE}:{path} stands in clear in the stack's configuration; {NEVER_CLEAR[key]}, and"
                f" `pulumi config set --secret {f'--path {NAMESPACE}:{path}' if own else key}`"
            )
        return pulumi.Output.secret(text)

    return MachineSecrets(
        secret("sshPrivateKey"),
        secret("sshHostPrivateKey"),
        secret("bgpPassword"),
        secret("sshBastionPrivateKey"),
    )


def secret_text(config: Configuration, machine: str, key: str) -> str | None:
    """One of them in clear, for a provider; `machine` is its name in `machines`, or empty."""
    return (_own(config, machine, key) if machine else None) or config.get(key) or None


def _own(config: Configuration, machine: str, key: str) -> str | None:
    value = json.loads(config.get(MACHINES) or "{}").get(machine, {}).get(key)
    return str(value) if value else None
