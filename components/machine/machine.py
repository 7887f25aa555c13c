"""What every kind of external machine gives to those who work on it.

ExistingMachine and PeerMachine are such machines; nothing else about them matters to the rest.
"""

from __future__ import annotations

from typing import NotRequired, Protocol, TypedDict

import pulumi
from pulumi_command.remote import ConnectionArgs, ProxyConnectionArgs

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
    bastion: NotRequired[Bastion | None]
    """Default: sshd is reached directly."""


class Bastion(TypedDict):
    """A host that is logged in to first, and from there to the machine's sshd (as `ssh -J`)."""

    host: pulumi.Input[str]
    """Address or name, as it is known where Pulumi runs; the machine's is as the bastion knows it."""
    host_key: pulumi.Input[str]
    """The public host key: `ssh-ed25519 AAAA…`."""
    port: NotRequired[pulumi.Input[int]]
    """Default: 22."""
    user: NotRequired[str]
    """Default: root."""
    private_key: NotRequired[pulumi.Input[str] | None]
    """A secret whether it comes as one or not. Default: the login's on the machine, or the ssh agent."""


class Machine(Protocol):
    """A machine that ssh reaches."""

    connection: ConnectionArgs
    """For remote commands."""
    login: Login
    """What the connection was made of."""
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
    on the old instance is not undone on the new one (docs/decisions).
    """
    return command if instance is None else pulumi.Output.concat(command, " # on instance ", instance)


def after_repairs(command: pulumi.Input[str], repairs: pulumi.Output[int] | None) -> pulumi.Input[str]:
    """The command line for updates, as another text after each repair, so that it runs again."""
    if repairs is None:
        return command
    return pulumi.Output.all(command, repairs).apply(
        lambda known: f"{known[0]} # repair {int(known[1])}" if known[1] else str(known[0])
    )


def connection(login: Login, attempts: int = DIAL_ATTEMPTS, seconds: int = DIAL_SECONDS) -> ConnectionArgs:
    """The login as pulumi-command takes it, with every host's key always verified.

    `attempts` to reach sshd, of at most `seconds` each; pulumi-command waits 0.1 s after the first one
    and half as much again after each further, up to 5 s. A bastion has DIAL_ATTEMPTS of its own before.
    """
    private_key, bastion = login.get("private_key"), login.get("bastion")
    return ConnectionArgs(
        host=login["host"],
        port=pulumi.Output.from_input(login.get("port", 22)).apply(float),
        user=login.get("user", "root"),
        host_key=login["host_key"],
        private_key=_secret(private_key),
        dial_error_limit=attempts,
        per_dial_timeout=seconds,
        proxy=None
        if bastion is None
        else ProxyConnectionArgs(
            host=bastion["host"],
            port=pulumi.Output.from_input(bastion.get("port", 22)).apply(float),
            user=bastion.get("user", "root"),
            host_key=bastion["host_key"],
            private_key=_secret(bastion.get("private_key") or private_key),
            dial_error_limit=DIAL_ATTEMPTS,
            per_dial_timeout=DIAL_SECONDS,
        ),
    )


def _secret(key: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    return None if key is None else pulumi.Output.secret(key)


def sudo(user: str) -> str:
    """What comes before a command of this user that has to run as root."""
    return "" if user == "root" else "sudo -n "
