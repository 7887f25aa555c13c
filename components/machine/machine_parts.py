"""What a machine on OpenStack is made of, looked up by the names that people use.

No Pulumi here; nothing is written. Network and subnet have to be there. An image or a flavor that is
not found is only remembered as lacking: a machine that runs does not need them any more, and whoever
keeps the cloud takes old ones away.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from openstack.connection import Connection
from openstack.exceptions import SDKException

from components.ports.neutron_ports import the_network
from components.ports.openstack_api import clear_errors
from components.settings.setting_types import NAMESPACE
from components.settings.settings import Settings
from components.shared.provider_errors import ProviderError


@dataclass(frozen=True)
class MachineParts:
    """Ids; `lacking` are sentences about what a machine could not be made of now."""

    network_id: str
    subnet_id: str
    image_id: str | None = None
    """None: not found, or several of the name."""
    flavor_is_id: bool = False
    """Whether the setting is the flavor's id, not its name."""
    floating_network: str | None = None
    """The name of the external network."""
    floating_network_id: str | None = None
    lacking: tuple[str, ...] = ()


def find_machine_parts(connection: Connection, settings: Settings) -> MachineParts:
    """What the settings name, in OpenStack's ids.

    Raises:
        ProviderError: naming everything that is wrong with the networks at once.
    """
    cloud = settings.cloud
    wrong: list[str] = []
    lacking: list[str] = []
    if len(settings.machine_networks) > settings.max_address_pairs:
        wrong.append(
            f"{NAMESPACE}:machineNetworks names {len(settings.machine_networks)} networks, and a port may"
            f" have {settings.max_address_pairs} address pairs ({NAMESPACE}:maxAddressPairs)"
        )
    with clear_errors(cloud):
        network_id = subnet_id = ""
        floating: tuple[str, str] | tuple[None, None] = (None, None)
        try:
            network_id = the_network(
                connection, str(settings.machine_network), f"{NAMESPACE}:machineNetwork", cloud
            )[0]
            subnet_id = _subnet(connection, network_id, settings)
        except ProviderError as error:
            wrong.append(str(error))
        if settings.machine_floating_network:
            try:
                key = f"{NAMESPACE}:machineFloatingNetwork"
                floating = the_network(connection, settings.machine_floating_network, key, cloud)
            except ProviderError as error:
                wrong.append(str(error))
        if wrong:
            raise ProviderError("\n".join(wrong))
        image_id = _image(connection, str(settings.machine_image), lacking)
        flavor_is_id = _flavor_is_id(connection, str(settings.machine_flavor), lacking)
    floating_id, floating_name = floating
    return MachineParts(
        network_id, subnet_id, image_id, flavor_is_id, floating_name, floating_id, tuple(lacking)
    )


def _subnet(connection: Connection, network_id: str, settings: Settings) -> str:
    address = settings.machine_address
    subnets = list(connection.network.subnets(network_id=network_id, ip_version=4))
    for subnet in subnets:
        if address in IPv4Network(subnet.cidr):
            return str(subnet.id)
    there = ", ".join(sorted(subnet.cidr for subnet in subnets)) or "none"
    raise ProviderError(
        f"{NAMESPACE}:machineAddress {address} is in no IPv4 subnet of the network"
        f" {settings.machine_network!r}; its subnets: {there}"
    )


def _image(connection: Connection, wanted: str, lacking: list[str]) -> str | None:
    active = {str(image.id): image for image in connection.image.images(name=wanted, status="active")}
    if not active:
        try:
            image = connection.image.get_image(wanted)
            return str(image.id)
        except SDKException:
            lacking.append(f"no image that these credentials may see has the name or id {wanted!r}")
            return None
    if len(active) > 1:
        lacking.append(
            f"{len(active)} images are called {wanted!r} ({', '.join(sorted(active))}); give one's id"
        )
        return None
    return next(iter(active))


def _flavor_is_id(connection: Connection, wanted: str, lacking: list[str]) -> bool:
    found = connection.compute.find_flavor(wanted)
    if found is None:
        lacking.append(f"no flavor that these credentials may see has the name or id {wanted!r}")
        return False
    return bool(found.id == wanted and found.name != wanted)
