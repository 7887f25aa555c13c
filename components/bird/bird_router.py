"""Component: BIRD on the external machine, installed, configured, and given back on destroy.

What is done there is told in router_script/*.sh, which this puts on the machine. It deliberately does
not know what the configuration says, and does not verify that sessions come up (external_peering.py:
they need Calico's side too). It relies on pulumi-command, and on systemd and apt or dnf there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.remote import Command, ConnectionArgs, Logging

from components.bird.answers import password_generation
from components.bird.package_files import PackageFiles
from components.machine.machine import after_repairs, on_instance

FOLDER = "/var/lib/calico-peering"
ROUTER = f"{FOLDER}/router"
PARTS = (
    "router.sh",
    "package.sh",
    "password.sh",
    "configuration.sh",
    "vrf.sh",
    "delivery.sh",
    "starting.sh",
    "sysctls.sh",
    "networkd.sh",
    "firewall.sh",
    "verification.sh",
    "drift.sh",
)
# A text that was cut off on its way lacks it and is refused (router_script/delivery.sh).
END = "# End of the configuration.\n"


def router_script() -> str:
    """The script for the machine; its last line starts it, so one that was cut off does nothing."""
    folder = Path(__file__).parent / "router_script"
    return "\n".join([*((folder / part).read_text() for part in PARTS), 'main "$@"\n'])


def router(sudo: str, command: str) -> str:
    """The command line that runs one of the script's commands; short, since errors begin with it."""
    return f"{sudo}{ROUTER} {command}"


def leaving(sudo: str, command: str) -> str:
    """The command line that undoes something; nothing on a machine that was set up anew.

    That one must not block a destroy; what is left there, `remove` takes away.
    """
    return f"{sudo}sh -c 'test ! -e {ROUTER} || {ROUTER} {command}'"


class BirdRouterArgs(TypedDict):
    """The machine and what BIRD is to do there."""

    connection: ConnectionArgs
    configurations: Mapping[str, pulumi.Input[str]]
    """The configuration of each service: `bird`, and `bird6` of BIRD 1.6. Stands in the preview: nothing
    secret may be in it."""
    password: NotRequired[pulumi.Input[str] | None]
    """What the configurations' PASSWORD is; a secret whether it comes as one or not. Default: none."""
    version: NotRequired[str]
    """BIRD's series: `1.6`, `2` or `3`. Default: 2."""
    package_version: NotRequired[str | None]
    """The exact version of its package. Default: the newest."""
    package_files: NotRequired[Sequence[str]]
    """Paths of .deb or .rpm files here, taken instead of the machine's package sources. Default: none."""
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
    """Script, package, guard of its routes, kernel parameters, password, configurations, in this order.

    Away in the other.

    Raises:
        pulumi.RunError: when a file of `package_files` cannot be read.
    """

    delivered: pulumi.Output[str]
    """The configurations, one after the other, once BIRD uses them."""
    generation: pulumi.Output[str]
    """The number of the password's file, once BIRD uses it: another password has another one. Empty: none."""

    def __init__(self, name: str, args: BirdRouterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:BirdRouter", name, {}, opts)
        sudo = args.get("sudo", "")

        def command(
            part: str,
            create: pulumi.Input[str],
            delete: str,
            after: Sequence[pulumi.Resource] = (),
            stdin: pulumi.Input[str] | None = None,
            secret_outputs: Sequence[str] = (),
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
                    parent=self,
                    depends_on=[*after],
                    deleted_with=args.get("gone_with"),
                    additional_secret_outputs=[*secret_outputs],
                ),
            )

        install = (
            f"umask 077 && mkdir -p {FOLDER} && cd {FOLDER} && cat >router.new && sh -n router.new"
            " && tail -n 1 router.new | grep -q ^main && chmod 0700 router.new && mv router.new router"
        )
        script = command(
            "script",
            create=f"{sudo}sh -c '{install}'",
            # Undoes also what failed half of the way and therefore is in no state. From standard input,
            # so that it works where the script itself was removed.
            delete=f"{sudo}sh -s remove",
            stdin=router_script(),
        )
        before: list[pulumi.Resource] = [script]
        checksums = None
        if args.get("package_files"):
            files = PackageFiles(
                f"{name}-files",
                {
                    "paths": args.get("package_files", ()),
                    "connection": args["connection"],
                    "receive": router(sudo, "receive"),
                    "discard": leaving(sudo, "discard"),
                    "instance": args.get("instance"),
                    "gone_with": args.get("gone_with"),
                },
                pulumi.ResourceOptions(parent=self, depends_on=[script]),
            )
            checksums = files.checksums
            before.append(files)
        wanted = f"install {args.get('version', '2')} {args.get('package_version') or ''}".rstrip()
        package = command(
            "package",
            router(sudo, wanted),
            leaving(sudo, "uninstall"),
            after=before,
            # Other files are another text, so that they are installed.
            stdin=checksums,
        )
        # Before BIRD has routes that systemd-networkd could remove.
        latest: pulumi.Resource = command(
            "guard", router(sudo, "guard"), leaving(sudo, "guard_back"), after=[package]
        )
        if (asked := args.get("sysctls")) is not None:
            latest = command(
                "sysctls",
                router(sudo, "sysctls"),
                leaving(sudo, "sysctls_back"),
                after=[latest],
                stdin=asked,
            )
        generation: pulumi.Input[str] = ""
        password = args.get("password")
        if password is not None:
            latest = staged = command(
                "password",
                router(sudo, "password"),
                leaving(sudo, "forget_passwords"),
                after=[latest],
                # Cut off on its way, it has no end of a line.
                stdin=pulumi.Output.secret(pulumi.Output.concat(password, "\n")),
                secret_outputs=["stdin", "stdout", "stderr"],
            )
            # The number in its file's name, and nothing of the password.
            number = pulumi.Output.unsecret(staged.stdout).apply(password_generation)
            generation = pulumi.Output.concat(" ", number)
        delivered: list[pulumi.Output[str]] = []
        for service, text in args["configurations"].items():
            latest = command(
                "configuration" if service == "bird" else f"configuration-{service}",
                pulumi.Output.concat(router(sudo, f"deliver {service}"), generation),
                leaving(sudo, f"restore {service}"),
                after=[latest],
                stdin=pulumi.Output.concat(text, END),
            )
            # Through the command, so that whoever waits for the output waits for the delivery.
            delivered.append(pulumi.Output.all(latest.id, text).apply(lambda made: str(made[1])))
        self.delivered = pulumi.Output.all(*delivered).apply("\n".join)
        self.generation = pulumi.Output.all(self.delivered, generation).apply(
            lambda made: str(made[1]).strip()
        )
        self.register_outputs({"delivered": self.delivered})
