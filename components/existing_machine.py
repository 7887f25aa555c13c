"""Component: a machine that is already there and is reached by ssh.

It owns nothing on the machine and makes no resource: it holds the connection that others use, so that
a machine made on OpenStack can take its place. The host's key is always verified.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.remote import ConnectionArgs

# A machine that is down is told within a minute: this many attempts of so many seconds each.
DIAL_ATTEMPTS = 5
DIAL_SECONDS = 10


class ExistingMachineArgs(TypedDict):
    """Where the machine's sshd is and how to log in."""

    host: pulumi.Input[str]
    """Address or name."""
    host_key: pulumi.Input[str]
    """The public host key: `ssh-ed25519 AAAA…`."""
    port: NotRequired[pulumi.Input[int]]
    """Default: 22."""
    user: NotRequired[str]
    """Default: root. Another one needs sudo without a password. Plain, since commands depend on it."""
    private_key: NotRequired[pulumi.Input[str] | None]
    """In OpenSSH's format; a secret whether it comes as one or not. Default: the ssh agent."""


class ExistingMachine(pulumi.ComponentResource):
    """The connection to the machine."""

    connection: ConnectionArgs
    """For remote commands."""
    sudo: str
    """What comes before a command that has to run as root: nothing, or `sudo -n `."""

    def __init__(
        self, name: str, args: ExistingMachineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:ExistingMachine", name, {}, opts)
        user = args.get("user", "root")
        private_key = args.get("private_key")
        self.connection = ConnectionArgs(
            host=args["host"],
            port=pulumi.Output.from_input(args.get("port", 22)).apply(float),
            user=user,
            host_key=args["host_key"],
            private_key=None if private_key is None else pulumi.Output.secret(private_key),
            dial_error_limit=DIAL_ATTEMPTS,
            per_dial_timeout=DIAL_SECONDS,
        )
        self.sudo = "" if user == "root" else "sudo -n "
        self.register_outputs({"host": args["host"]})
