"""Which external machine the settings ask for: one that is there, or one that is made here.

Not a component: it declares the one or the other, and both give the rest the same (machine.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.calico.stack_name import stack_name
from components.machine.existing_machine import ExistingMachine
from components.machine.machine import Bastion, Machine
from components.machine.machine_left_over import MachineLeftOver, made_of
from components.machine.machine_parts import MachineParts
from components.machine_secrets import MachineSecrets
from components.networks import within
from components.ports.gophercloud_login import Arguments
from components.settings.settings import Settings
from components.shared.called import Called


def machine_of(
    called: Called,
    clusters: Sequence[Settings],
    secrets: MachineSecrets,
    parts: MachineParts | None,
    left_over: MachineLeftOver,
    opts: pulumi.ResourceOptions,
    plugin: Arguments | None = None,
) -> Machine:
    """The machine of these settings, one for each cluster, which differ only in what is the cluster's.

    `plugin`: what pulumi-openstack is given for their cloud. Default: its name.

    Raises:
        ValueError: when one that is made here lacks its parts or its host key.
    """
    name, opts = called.name("machine"), called.opts("machine", opts)
    settings = clusters[0]
    bastion = _bastion(settings, secrets)
    if not settings.made:
        return ExistingMachine(
            name,
            {
                "host": str(settings.ssh_host),
                "port": settings.ssh_port,
                "user": settings.ssh_user,
                "host_key": settings.ssh_host_key,
                "private_key": secrets.private_key,
                "bastion": bastion,
            },
            opts,
        )
    if parts is None or secrets.host_private_key is None:
        raise ValueError("a machine that is made here needs machine_parts and host_private_key")
    # pulumi-openstack takes most of a second to import, which nobody else need wait for.
    from components.machine.peer_machine import PeerMachine

    for lacking in parts.lacking:
        pulumi.warn(f"{lacking}; should the machine have to be made now, that would fail", opts.parent)
    return PeerMachine(
        name,
        {
            "machine_name": settings.machine_name,
            "address": str(settings.machine_address),
            "network_id": parts.network_id,
            "subnet_id": parts.subnet_id,
            "image": str(settings.machine_image),
            "image_id": parts.image_id,
            "made_of": made_of(settings, parts),
            "flavor": str(settings.machine_flavor),
            "flavor_is_id": parts.flavor_is_id,
            "volume_size": settings.machine_volume_size,
            "networks_behind": [str(network) for network in settings.machine_networks],
            "bgp_networks": [str(its.node_network) for its in clusters],
            "ssh_networks": [str(network) for network in settings.machine_ssh_networks],
            "egress_networks": egress(clusters),
            "floating_network": parts.floating_network,
            "ssh_host": settings.ssh_host,
            "port": settings.ssh_port,
            "user": settings.ssh_user,
            "private_key": secrets.private_key,
            "bastion": bastion,
            "public_key": str(settings.machine_ssh_public_key),
            "host_private_key": secrets.host_private_key,
            "host_key": settings.ssh_host_key,
            "stack": stack_name(),
            "left_over": left_over,
            "cloud": settings.cloud,
            "plugin": plugin,
        },
        opts,
    )


def _bastion(settings: Settings, secrets: MachineSecrets) -> Bastion | None:
    if settings.ssh_bastion_host is None:
        return None
    return {
        "host": settings.ssh_bastion_host,
        "port": settings.ssh_bastion_port,
        "user": settings.ssh_bastion_user,
        "host_key": str(settings.ssh_bastion_host_key),
        "private_key": secrets.bastion_private_key,
    }


def egress(clusters: Sequence[Settings]) -> list[str]:
    """Where a machine made here may open connections to; nothing that lies inside another of these."""
    wanted = [
        *(network for its in clusters for network in (*its.pod_networks, *its.service_networks)),
        *clusters[0].machine_egress_networks,
    ]
    networks = dict.fromkeys(wanted)
    return [
        str(one) for one in networks if not any(one != other and within(one, other) for other in networks)
    ]
