"""What every kind of external machine gives to those who work on it.

ExistingMachine and PeerMachine are such machines; nothing else about them matters to the rest.
"""

from __future__ import annotations

from typing import NotRequired, Protocol, TypedDict

import pulumi
from pulumi_command.remote import ConnectionArgs

# A machine that is down is told within a minute: this many attempts of so many seconds each.
DIAL_ATTEMPTS = 5
DIAL_SECONDS = 10


class Login(TypedDict):
    """Where a machine's sshd is and how to log in."""

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


class Machine(Protocol):
    """A machine that ssh reaches."""

    connection: ConnectionArgs
    """For remote commands."""
    sudo: str
    """What comes before a command that has to run as root: nothing, or `sudo -n `."""
    instance: pulumi.Output[str] | None
    """Known once the machine can be worked on. Another one is another machine, with nothing of ours on
    it. None: it is never exchanged by us."""
    gone_with: pulumi.Resource | None
    """When this goes, the machine goes, and nothing need be cleared away there. None: it stays."""


def on_instance(command: pulumi.Input[str], instance: pulumi.Output[str] | None) -> pulumi.Input[str]:
    """The command line, as another text for another instance, so that it runs again there.

    pulumi-command updates a resource whose command line changed, and an update runs no delete: what ran
    on the old instance is not undone on the new one (docs/decisions.md).
    """
    return command if instance is None else pulumi.Output.concat(command, " # on instance ", instance)


def connection(login: Login, attempts: int = DIAL_ATTEMPTS, seconds: int = DIAL_SECONDS) -> ConnectionArgs:
    """The login as pulumi-command takes it, with the host's key always verified.

    `attempts` to reach sshd, of at most `seconds` each; pulumi-command waits 0.1 s after the first one
    and half as much again after each further, up to 5 s.
    """
    private_key = login.get("private_key")
    return ConnectionArgs(
        host=login["host"],
        port=pulumi.Output.from_input(login.get("port", 22)).apply(float),
        user=login.get("user", "root"),
        host_key=login["host_key"],
        private_key=None if private_key is None else pulumi.Output.secret(private_key),
        dial_error_limit=attempts,
        per_dial_timeout=seconds,
    )


def sudo(user: str) -> str:
    """What comes before a command of this user that has to run as root."""
    return "" if user == "root" else "sudo -n "
