"""Component: a machine that is already there and is reached by ssh.

It owns nothing on the machine and makes no resource: it holds the connection that others use, so that
a machine made on OpenStack can take its place (machine.py). The host's key is always verified.
"""

from __future__ import annotations

import pulumi
from pulumi_command.remote import ConnectionArgs

from components.machine.machine import Login, connection, sudo

ExistingMachineArgs = Login


class ExistingMachine(pulumi.ComponentResource):
    """The connection to the machine."""

    connection: ConnectionArgs
    """For remote commands."""
    login: Login
    """What the connection was made of."""
    sudo: str
    """What comes before a command that has to run as root: nothing, or `sudo -n `."""
    instance: pulumi.Output[str] | None = None
    gone_with: pulumi.Resource | None = None

    def __init__(
        self, name: str, args: ExistingMachineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:ExistingMachine", name, {}, opts)
        self.login = args
        self.connection = connection(args)
        self.sudo = sudo(args.get("user", "root"))
        self.register_outputs({"host": args["host"]})
