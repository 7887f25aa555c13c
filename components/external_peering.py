"""Component: the whole connection, of external machines to clusters' pods and services.

It composes, for each cluster, address pairs on the nodes' ports and Calico's objects, and for each machine
the machine, BIRD on it, and at last a verification: it is complete when the sessions stand and the routes are
in the machine's kernel. It deliberately looks nothing up (preflight.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NotRequired, TypedDict

import pulumi

from components.bird.expectation import NotExpected
from components.bird.observed import Route, Session
from components.cluster_side import cluster_side
from components.former_names import FormerNames
from components.left_over import LeftOver
from components.machine.machine_left_over import MachineLeftOver
from components.machine.machine_parts import MachineParts
from components.machine.machine_source import machine_of
from components.machine_secrets import MachineSecrets
from components.machine_side import machine_router, machine_side
from components.ports.gophercloud_login import Arguments
from components.ports.node_ports import NodePorts
from components.settings.site import Site
from components.shared.called import Called, called, joined


class ExternalPeeringArgs(TypedDict):
    """The settings, which are checked together and therefore plain, and what is not known as early."""

    site: Site
    secrets: NotRequired[Mapping[str, MachineSecrets]]
    """By machine. Default: none, and the ssh agent's key."""
    left_over: NotRequired[LeftOver]
    """What this stack has made already, be it in its state or not. Default: nothing."""
    ports: NotRequired[Mapping[str, NodePorts]]
    """The nodes' Neutron ports, by cluster. Default: none, the site has no OpenStack."""
    harmful_pools: NotRequired[Sequence[str]]
    """Calico's IP pools whose packets Neutron drops when a node hands them on. Default: none."""
    warnings: NotRequired[Sequence[str]]
    """What was found to warn of in the clusters. Default: nothing."""
    not_expected: NotRequired[Mapping[tuple[str, str], NotExpected]]
    """What the verification is not to wait for, by machine and cluster. Default: nothing."""
    former: NotRequired[FormerNames]
    """What the state has under another name. Default: nothing."""
    machine_parts: NotRequired[Mapping[str, MachineParts]]
    """What machines made here are made of, by machine. Default: none, the machines are there."""
    plugin_clouds: NotRequired[Mapping[str | None, Arguments]]
    """What pulumi-openstack is given, by cloud. Default: the cloud's name."""


class ExternalPeering(pulumi.ComponentResource):
    """External machines, peered."""

    sessions: pulumi.Output[list[Session]] | pulumi.Output[dict[str, list[Session]]]
    """The sessions that the last verification saw; by machine where these have names."""
    routes: pulumi.Output[list[Route]] | pulumi.Output[dict[str, list[Route]]]
    """The routes from BIRD in the machine's kernel, as the last verification saw them."""
    bird_configuration: pulumi.Output[str] | pulumi.Output[dict[str, str]]
    """BIRD's configuration, once BIRD uses it."""

    def __init__(
        self, name: str, args: ExternalPeeringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:ExternalPeering", name, {}, opts)
        site, secrets = args["site"], args.get("secrets", {})
        left_over, ports = args.get("left_over", LeftOver()), args.get("ports", {})
        absent, former = args.get("not_expected", {}), args.get("former", FormerNames())
        plugins = args.get("plugin_clouds", {})
        child = pulumi.ResourceOptions(parent=self)
        if any(settings.import_policy == "all" for settings in site.peerings.values()):
            pulumi.warn(
                "calico-peering:importPolicy is `all`: a node that announces 0.0.0.0/0 or a host of the"
                " machine's own network takes that traffic over; `expected` takes pod and service"
                " networks only",
                self,
            )
        for note in [*args.get("warnings", ()), *site.notes]:
            pulumi.warn(note, self)
        for pool in args.get("harmful_pools", ()):
            pulumi.warn(
                f"Calico's IP pool {pool} has no overlay: a node hands packets for another node's pods on"
                " with the machine's address, and OpenStack drops them at that node's port, so that pods"
                " answer or not by the machine's choice of next hop; set calico-peering:machinePairs to"
                " true, or ipipMode or vxlanMode of the pool to Always (docs/real-site.md)",
                self,
            )
        labels = {machine: machine if site.several else "" for machine in site.machines}
        names = {machine: called(name, label, former.machines) for machine, label in labels.items()}
        routers = {
            label: machine_router(
                names[label],
                machine_of(
                    names[label],
                    list(site.of_machine(label).values()),
                    secrets.get(label, MachineSecrets()),
                    args.get("machine_parts", {}).get(label),
                    left_over.machine.get(label, MachineLeftOver()),
                    child,
                    plugins.get(site.machine(label).cloud),
                ),
                site.of_machine(label),
                child,
                labels[label],
                secrets.get(label, MachineSecrets()).password,
            )
            for label in site.machines
        }
        told = {
            label: replace(own, password=routers[label].held(own.password)) for label, own in secrets.items()
        }
        sides = {
            cluster: cluster_side(
                called(name, cluster, former.clusters),
                site,
                cluster,
                ports.get(cluster, NodePorts()),
                told,
                left_over,
                child,
                former.machines,
                plugins.get(site.cluster(cluster).cloud),
            )
            for cluster in site.clusters
        }
        seen = {
            label: machine_side(
                {cluster: _pair(name, labels[label], cluster, former) for cluster in site.clusters},
                routers[label],
                site.of_machine(label),
                sides,
                child,
                {cluster: one for (machine, cluster), one in absent.items() if machine == label},
            )
            for label in site.machines
        }
        if site.several:
            self.sessions = pulumi.Output.all(**{label: side.sessions for label, side in seen.items()})
            self.routes = pulumi.Output.all(**{label: side.routes for label, side in seen.items()})
            self.bird_configuration = pulumi.Output.all(
                **{label: side.bird_configuration for label, side in seen.items()}
            )
        else:
            [side] = seen.values()
            self.sessions, self.routes = side.sessions, side.routes
            self.bird_configuration = side.bird_configuration
        self.register_outputs(
            {
                "sessions": self.sessions,
                "routes": self.routes,
                "birdConfiguration": self.bird_configuration,
            }
        )


def _pair(root: str, machine: str, cluster: str, former: FormerNames) -> Called:
    """How what is of a machine and a cluster is called."""
    before = former.machines.get(machine, machine), former.clusters.get(cluster, cluster)
    return Called(joined(root, machine, cluster), joined(root, *before))
