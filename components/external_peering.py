"""Component: the whole connection of one external machine to a cluster's pods and services.

It composes the machine, address pairs on the nodes' ports, BIRD on the machine and Calico's objects,
and at last verifies: it is complete when the sessions stand and the routes are in the machine's kernel.
It deliberately looks nothing up (preflight.py).
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.remote import Command, Logging

from components.bird.bird_config import bird_config, daemons
from components.bird.bird_router import BirdRouter, router
from components.bird.observed import Route, Session, parse
from components.calico.calico_bgp import CalicoBgp
from components.calico.stack_name import stack_name
from components.left_over import LeftOver, group_description
from components.machine.machine import on_instance
from components.machine.machine_parts import MachineParts
from components.machine.machine_source import machine_of
from components.ports.address_pairs import AddressPairs
from components.ports.node_ports import NodePorts
from components.settings import Settings, pair_networks


class ExternalPeeringArgs(TypedDict):
    """The settings, which are checked together and therefore plain, and what is not known as early."""

    settings: Settings
    private_key: NotRequired[pulumi.Input[str] | None]
    """The login's key. Default: the ssh agent."""
    password: NotRequired[pulumi.Input[str] | None]
    """The sessions', where the settings have one. Default: none."""
    left_over: NotRequired[LeftOver]
    """What this stack has made already, be it in its state or not. Default: nothing."""
    ports: NotRequired[NodePorts]
    """The nodes' Neutron ports. Default: none, the site has no OpenStack."""
    machine_parts: NotRequired[MachineParts | None]
    """What a machine made here is made of. Default: none, the machine is there."""
    host_private_key: NotRequired[pulumi.Input[str] | None]
    """The ssh host key that a machine made here gets. Default: none, the machine is there."""


def expectation(settings: Settings, parts: object = None) -> str:
    """What the verification is to find, in the format of router_script/verification.sh.

    `parts` is what it comes after, as JSON has it: another one makes another text, so that the
    verification runs again.
    """
    lines = [
        *(f"address {address}" for address in settings.machine_addresses),
        f"as {settings.machine_as_number}",
        f"timeout {settings.verify_timeout}",
        *(f"node {node}" for family in settings.families for node in family.neighbors),
        *(f"service {network}" for network in settings.service_networks),
        *(f"pod {network}" for network in settings.pod_networks),
        f"after {sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]}",
    ]
    return "\n".join(lines) + "\n"


class ExternalPeering(pulumi.ComponentResource):
    """One external machine, peered."""

    sessions: pulumi.Output[list[Session]]
    """The sessions that the last verification saw."""
    routes: pulumi.Output[list[Route]]
    """The routes from BIRD in the machine's kernel, as the last verification saw them."""
    bird_configuration: pulumi.Output[str]
    """BIRD's configuration, once BIRD uses it."""

    def __init__(
        self, name: str, args: ExternalPeeringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:ExternalPeering", name, {}, opts)
        settings = args["settings"]
        child = pulumi.ResourceOptions(parent=self)
        services = [str(network) for network in settings.service_networks]
        addresses = [str(address) for address in settings.machine_addresses]
        if settings.import_policy == "all":
            pulumi.warn(
                "calico-peering:importPolicy is `all`: a node that announces 0.0.0.0/0 or a host of the"
                " machine's own network takes that traffic over; `expected` takes pod and service"
                " networks only",
                self,
            )
        left_over = args.get("left_over", LeftOver())
        machine = machine_of(
            f"{name}-machine",
            settings,
            args.get("private_key"),
            args.get("host_private_key"),
            args.get("machine_parts"),
            left_over.machine,
            child,
        )
        ports = args.get("ports", NodePorts())
        group = None
        if settings.node_security_group:
            # pulumi-openstack takes most of a second to import, which nobody else need wait for.
            from components.ports.node_security_group import NodeSecurityGroup

            group = NodeSecurityGroup(
                f"{name}-nodes",
                {
                    "machine_name": settings.machine_name,
                    "machine_addresses": addresses,
                    "machine_networks": [str(network) for network in settings.machine_networks],
                    "description": group_description(stack_name()),
                    "left_over": left_over.group,
                    "cloud": settings.cloud,
                },
                child,
            )
        pairs = AddressPairs(
            f"{name}-pairs",
            {
                "ports": ports.ids,
                "aliases": ports.aliases,
                "unfiltered": ports.unfiltered,
                "security_group": group.group_id if group else None,
                "networks": pair_networks(settings),
                "cloud": settings.cloud,
            },
            child,
        )
        bird = BirdRouter(
            f"{name}-router",
            {
                "connection": machine.connection,
                "sudo": machine.sudo,
                "instance": machine.instance,
                "gone_with": machine.gone_with,
                "configurations": daemons(bird_config(settings)),
                "password": args.get("password"),
                "version": settings.bird_version,
                "package_version": settings.bird_package_version,
                "package_files": settings.bird_package_files,
            },
            child,
        )
        calico = CalicoBgp(
            f"{name}-calico",
            {
                "machine_name": settings.machine_name,
                "machine_addresses": addresses,
                "machine_as_number": settings.machine_as_number,
                "session": {
                    "password": args.get("password"),
                    "namespace": settings.calico_namespace,
                    "ttl_hops": (settings.multihop or 1) if settings.ttl_security else 0,
                    "restart_time": settings.node_restart_time if settings.graceful_restart else 0,
                },
                "service_networks": services,
                "left_over": left_over.cluster,
                "kubeconfig": settings.kubeconfig,
                "context": settings.kube_context,
            },
            child,
        )
        verify = on_instance(router(machine.sudo, "verify"), machine.instance)
        verification = Command(
            f"{name}-verification",
            connection=machine.connection,
            create=verify,
            update=verify,
            # pulumi-command replaces a resource whose triggers change; a changed stdin updates it.
            stdin=pulumi.Output.all(bird.delivered, pairs.written, calico.bgp_peers, calico.written).apply(
                lambda parts: expectation(settings, parts)
            ),
            add_previous_output_in_env=False,
            logging=Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bird, pairs, calico]),
        )
        observed = verification.stdout.apply(parse)
        self.sessions = observed.apply(lambda seen: seen["sessions"])
        self.routes = observed.apply(lambda seen: seen["routes"])
        self.bird_configuration = bird.delivered
        self.register_outputs(
            {
                "sessions": self.sessions,
                "routes": self.routes,
                "birdConfiguration": self.bird_configuration,
            }
        )
