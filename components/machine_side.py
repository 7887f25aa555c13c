"""What is declared on one machine, for all clusters that it peers with: BIRD, and the verifications.

Not a component: a part of ExternalPeering. The machine comes first: a cluster's nodes are told of another
password of the sessions once BIRD has it, so that a delivery that fails leaves both with the old one. There
is one verification for each cluster, which comes after everything else of both and says what it saw.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pulumi
from pulumi_command.remote import Command, Logging

from components.bird.bird_config import daemons, machine_config
from components.bird.bird_router import BirdRouter, router
from components.bird.expectation import NOTHING, NotExpected, expectation
from components.bird.kernel_parameters import kernel_parameters
from components.bird.observed import Route, Session, parse, warnings_since
from components.cluster_side import ClusterSide
from components.machine.machine import Machine, on_instance
from components.machine.machine_state_provider import MachineState, reach
from components.settings.settings import Settings
from components.shared.called import Called

# How far the machine's clock may be behind, in seconds, for a warning of this run to be shown.
CLOCK_TOLERANCE = 600


@dataclass(frozen=True)
class MachineSide:
    """What was seen on a machine at last."""

    sessions: pulumi.Output[list[Session]]
    routes: pulumi.Output[list[Route]]
    bird_configuration: pulumi.Output[str]
    """Once BIRD uses it."""


@dataclass(frozen=True)
class MachineRouter:
    """BIRD on a machine, before anything is said of sessions."""

    machine: Machine
    state: MachineState
    bird: BirdRouter

    def held(self, password: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
        """The sessions' password once BIRD here uses it, for the nodes; a secret. None stays None."""
        if password is None:
            return None
        both = pulumi.Output.all(pulumi.Output.secret(password), self.bird.delivered)
        return both.apply(lambda made: str(made[0]))


def machine_router(
    called: Called,
    machine: Machine,
    clusters: Mapping[str, Settings],
    opts: pulumi.ResourceOptions,
    label: str = "",
    password: pulumi.Input[str] | None = None,
) -> MachineRouter:
    """Declare BIRD.

    `label` is the machine's name in `machines`, if it is one of these; `password` is the sessions'.
    """
    settings = next(iter(clusters.values()))
    addresses = [str(address) for address in settings.machine_addresses]
    state = MachineState(
        called.name("state"), label, addresses, reach(machine.login), called.opts("state", opts)
    )
    bird = BirdRouter(
        called.name("router"),
        {
            "connection": machine.connection,
            "sudo": machine.sudo,
            "repairs": state.repairs,
            "instance": machine.instance,
            "gone_with": machine.gone_with,
            "sysctls": kernel_parameters(clusters.values()),
            "configurations": daemons(machine_config(clusters)),
            "password": password,
            "version": settings.bird_version,
            "package_version": settings.bird_package_version,
            "package_files": settings.bird_package_files,
        },
        called.opts("router", opts),
    )
    return MachineRouter(machine, state, bird)


def machine_side(
    names: Mapping[str, Called],
    own: MachineRouter,
    clusters: Mapping[str, Settings],
    sides: Mapping[str, ClusterSide],
    opts: pulumi.ResourceOptions,
    without: Mapping[str, NotExpected],
) -> MachineSide:
    """Declare the verifications; `names` and `without` are by cluster."""
    machine, bird = own.machine, own.bird
    verify = on_instance(router(machine.sudo, "verify"), machine.instance)
    seen = []
    for cluster, its in clusters.items():
        called, side = names[cluster], sides[cluster]
        parts = pulumi.Output.all(bird.delivered, bird.generation, *side.written, own.state.repairs)
        verification = Command(
            called.name("verification"),
            connection=machine.connection,
            create=verify,
            update=verify,
            # pulumi-command replaces a resource whose triggers change; a changed stdin updates it.
            stdin=parts.apply(partial(expectation, its, without=without.get(cluster, NOTHING))),
            add_previous_output_in_env=False,
            logging=Logging.STDERR,
            opts=called.opts(
                "verification",
                pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[bird, *side.parts])),
            ),
        )
        verification.stdout.apply(partial(_warn, verification, time.time() - CLOCK_TOLERANCE))
        seen.append(verification.stdout.apply(parse))
    every = pulumi.Output.all(*seen)
    return MachineSide(
        every.apply(lambda all_: [session for one in all_ for session in one["sessions"]]),
        # BIRD's routes are the machine's: each verification sees all of them.
        every.apply(lambda all_: list(all_[-1]["routes"])),
        bird.delivered,
    )


def _warn(verification: Command, since: float, output: str) -> None:
    """Show the warnings of a verification that has just run."""
    for text in warnings_since(output, since):
        pulumi.warn(text, verification)
