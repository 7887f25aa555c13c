"""Component: BIRD on the external machine, installed, configured, and given back on destroy.

What is done there is told in router_script/*.sh, which this puts on the machine. It deliberately does
not know what the configuration says, and does not verify that sessions come up (external_peering.py:
they need Calico's side too). It relies on pulumi-command, and on systemd and BIRD 2 (or apt) there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.remote import Command, ConnectionArgs, Logging

from components.machine.machine import after_repairs, on_instance

FOLDER = "/var/lib/calico-peering"
ROUTER = f"{FOLDER}/router"
PARTS = ("router.sh", "package.sh", "configuration.sh", "sysctls.sh", "verification.sh", "drift.sh")


def router_script() -> str:
    """The script for the machine; its last line starts it, so one that was cut off does nothing."""
    folder = Path(__file__).parent / "router_script"
    return "\n".join([*((folder / part).read_text() for part in PARTS), 'main "$@"\n'])


def router(sudo: str, command: str) -> str:
    """The command line that runs one of the script's commands; short, since errors begin with it."""
    return f"{sudo}{ROUTER} {command}"


def _leaving(sudo: str, command: str) -> str:
    # A machine that was set up anew must not block a destroy; what is left there, `remove` takes away.
    return f"{sudo}sh -c 'test ! -e {ROUTER} || {ROUTER} {command}'"


class BirdRouterArgs(TypedDict):
    """The machine and what BIRD is to do there."""

    connection: ConnectionArgs
    configuration: pulumi.Input[str]
    """The text of bird.conf. Stands in the preview: nothing secret may be in it."""
    sysctls: NotRequired[str | None]
    """What is asked of the machine's kernel (kernel_parameters.py). Default: nothing, and nothing is set."""
    sudo: NotRequired[str]
    """What comes before a command that has to run as root, such as `sudo -n `. Default: nothing."""
    repairs: NotRequired[pulumi.Output[int]]
    """Another number has everything run again (machine_state.py). Default: it stays the same."""
    instance: NotRequired[pulumi.Output[str] | None]
    """Another one is another machine, on which everything runs again. Default: it stays the same."""
    gone_with: NotRequired[pulumi.Resource | None]
    """When this goes, the machine goes, and nothing is undone on it. Default: it stays."""


class BirdRouter(pulumi.ComponentResource):
    """Script, package, kernel parameters and configuration, in this order; taken away in the other."""

    delivered: pulumi.Output[str]
    """The configuration, once BIRD uses it."""

    def __init__(self, name: str, args: BirdRouterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:BirdRouter", name, {}, opts)
        sudo = args.get("sudo", "")

        def command(
            part: str,
            create: str,
            delete: str,
            after: Sequence[pulumi.Resource] = (),
            stdin: pulumi.Input[str] | None = None,
        ) -> Command:
            here = on_instance(create, args.get("instance"))
            again = after_repairs(here, args.get("repairs"))
            return Command(
                f"{name}-{part}",
                connection=args["connection"],
                create=here,
                # Any change of an input runs it again in its place; nothing is replaced.
                update=again,
                delete=delete,
                stdin=stdin,
                # sshd takes no environment variables by default.
                add_previous_output_in_env=False,
                logging=Logging.STDERR,
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[*after], deleted_with=args.get("gone_with")
                ),
            )

        install = (
            f"umask 077 && mkdir -p {FOLDER} && cd {FOLDER} && cat >router.new && sh -n router.new"
            " && chmod 0700 router.new && mv router.new router"
        )
        script = command(
            "script",
            create=f"{sudo}sh -c '{install}'",
            # Undoes also what failed half of the way and therefore is in no state. From standard input,
            # so that it works where the script itself was removed.
            delete=f"{sudo}sh -s remove",
            stdin=router_script(),
        )
        package = command("package", router(sudo, "install"), _leaving(sudo, "uninstall"), after=[script])
        before = [package]
        if (asked := args.get("sysctls")) is not None:
            give_back = _leaving(sudo, "sysctls_back")
            before.append(
                command("sysctls", router(sudo, "sysctls"), give_back, after=[package], stdin=asked)
            )
        configuration = command(
            "configuration",
            router(sudo, "deliver"),
            _leaving(sudo, "restore"),
            after=before,
            stdin=args["configuration"],
        )
        # Through the command, so that whoever waits for the output waits for the delivery.
        self.delivered = pulumi.Output.all(configuration.id, args["configuration"]).apply(
            lambda made: str(made[1])
        )
        self.register_outputs({"delivered": self.delivered})
