"""The keys of the stack's configuration, which Pulumi's own Config cannot list.

What they mean and which are right is settings/'s.
"""

from pulumi.runtime import config


def configuration_keys() -> list[str]:
    """Every key that is set, as `namespace:key`, in alphabetical order."""
    return sorted({*config.get_config_env(), *config.CONFIG.get()})
