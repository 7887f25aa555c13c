"""Which clouds the settings mean, and what pulumi-openstack is given for them, before anything is declared.

Nothing is written; no Pulumi here. What a configuration comes to is plugin_cloud.py's.
"""

from __future__ import annotations

from components.ports.gophercloud_login import Arguments
from components.ports.openstack_api import connect
from components.ports.openstack_login import entry
from components.ports.plugin_cloud import plugin_cloud
from components.settings.settings import PORT_WAYS, Settings
from components.settings.site import Site
from components.shared.provider_errors import ProviderError


def find_cloud(site: Site) -> Site:
    """The site with the name of the entry that OS_CLOUD, or clouds.yaml as its only one, means.

    The state has it then, for `destroy`, which may run in another environment. Without OpenStack nothing is
    asked. Raises ProviderError as connect does.
    """
    if not any(_on_openstack(settings) and not settings.cloud for settings in site.peerings.values()):
        return site
    return site.with_cloud(entry(connect(None).config))


def plugin_clouds(site: Site) -> tuple[dict[str | None, Arguments], list[str]]:
    """By cloud, what pulumi-openstack is given where it makes something, and what is to be warned of.

    Raises ProviderError, naming every cloud that it cannot be given.
    """
    clouds = [site.cluster(one).cloud for one in site.clusters if site.cluster(one).node_security_group]
    clouds += [site.machine(one).cloud for one in site.machines if site.machine(one).made]
    given: dict[str | None, Arguments] = {}
    wrong, warnings = [], []
    for cloud in dict.fromkeys(clouds):
        try:
            found = plugin_cloud(connect(cloud).config)
        except ProviderError as error:
            wrong.append(str(error))
        else:
            given[cloud] = found.arguments
            warnings += [found.warning] if found.warning else []
    if wrong:
        raise ProviderError("\n".join(wrong))
    return given, warnings


def _on_openstack(settings: Settings) -> bool:
    return settings.made or any(getattr(settings, way) for way in PORT_WAYS)
