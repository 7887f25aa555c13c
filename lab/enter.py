"""Becomes a command on one of the lab's machines; run inside the keeper's namespaces by lab/cli.py.

On the management host the command finds the engine, the stack, the kubeconfig and clouds.yaml in its
environment. On the external machine and on OpenStack's instances it runs in the machine's own root.
Elsewhere only the network is the machine's.
"""

import os
import shutil
import sys
from pathlib import Path

from lab.errors import LabError
from lab.external import External
from lab.hosts import NETNS, Host
from lab.layout import Layout
from lab.machine import ENVIRONMENT, Machine
from lab.site import MGMT, PEER, SWITCH
from lab.stack import environment


def command_on(machine: str, words: list[str], layout: Layout) -> tuple[list[str], dict[str, str]]:
    """The command line and what to add to the environment.

    Raises:
        LabError: for a machine that the lab does not have.
    """
    names = sorted(path.name for path in NETNS.iterdir() if path.name != SWITCH)
    if machine not in names:
        raise LabError(f"the lab has no machine {machine!r}; it has {', '.join(names)}")
    host = Host(machine, layout)
    own_root = External(layout, host) if machine == PEER else Machine(layout, host)
    if own_root.folder.exists():
        return own_root.command(*words), ENVIRONMENT
    added = environment(layout) if machine == MGMT else {}
    return ["nsenter", f"--net={host.netns}", "--", *words], added


def main(arguments: list[str]) -> int:
    """`FOLDER MACHINE COMMAND…`"""
    folder, machine, *words = arguments
    try:
        command, added = command_on(machine, words, Layout(folder=Path(folder)))
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # Looked up with our own PATH: a machine's own is for the command there.
    program = shutil.which(command[0]) or command[0]
    os.execve(program, command, {**os.environ, **added})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
