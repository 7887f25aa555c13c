"""Component: files of packages, copied to the machine for an installation without package sources.

The files lie beside the program; what is on the machine is compared with their checksums before it is
installed (router_script/package.sh). It deliberately does not install them.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.remote import Command, ConnectionArgs, CopyToRemote, Logging

from components.machine.machine import on_instance
from components.settings.setting_types import NAMESPACE

# The login may write there, root need not be it.
FOLDER = "/var/lib/calico-peering-files"


class PackageFilesArgs(TypedDict):
    """What is copied, and how the folder for it is made and removed."""

    paths: Sequence[str]
    """Relative to the program's folder, or absolute."""
    connection: ConnectionArgs
    receive: str
    """The command line that makes the folder."""
    discard: str
    """The command line that removes it with all that is in it."""
    instance: NotRequired[pulumi.Output[str] | None]
    """Another one is another machine, to which everything is copied again. Default: it stays the same."""
    gone_with: NotRequired[pulumi.Resource | None]
    """When this goes, the machine goes, and nothing is undone on it. Default: it stays."""


class PackageFiles(pulumi.ComponentResource):
    """The folder and the files.

    Raises:
        pulumi.RunError: naming every file that cannot be read, and two of one name.
    """

    checksums: str
    """One `sha256sum` line a file."""

    def __init__(self, name: str, args: PackageFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:PackageFiles", name, {}, opts)
        paths = [Path(path) for path in args["paths"]]
        instance = args.get("instance")
        self.checksums = checksums(paths)
        here = on_instance(args["receive"], instance)
        folder = Command(
            f"{name}-folder",
            connection=args["connection"],
            create=here,
            update=here,
            delete=args["discard"],
            add_previous_output_in_env=False,
            logging=Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, deleted_with=args.get("gone_with")),
        )
        for path in paths:
            CopyToRemote(
                f"{name}-{path.name}",
                connection=args["connection"],
                source=pulumi.FileAsset(str(path)),
                remote_path=f"{FOLDER}/{path.name}",
                # Replaced, since an update copies only another content; a copy has nothing to undo.
                triggers=[] if instance is None else [instance],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[folder]),
            )
        self.register_outputs({})


def checksums(paths: Sequence[Path]) -> str:
    """One line a file, as `sha256sum --check` reads it.

    Raises:
        pulumi.RunError: naming every file that cannot be read, and two of one name.
    """
    wrong: list[str] = []
    lines: dict[str, str] = {}
    for path in paths:
        if path.name in lines:
            wrong.append(f"{path}: another file is called {path.name} as well")
        try:
            lines[path.name] = f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        except OSError as error:
            wrong.append(f"{path}: {error.strerror}")
    if wrong:
        raise pulumi.RunError(f"{NAMESPACE}:birdPackageFiles cannot be taken:\n  " + "\n  ".join(wrong))
    return "".join(lines.values())
