"""Brings the lab's parts up, inside the keeper's namespaces.

Run by lab/lifecycle.py as `python -m lab.bring_up FOLDER TOOLS ROOTFS VENV yes|no PROGRAM=FOLDER…`.
The external machine, the cluster and OpenStack do not depend on each other and come up side by side.
"""

import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import cluster, control_groups, network, openstack, stack
from lab.debian import Tools
from lab.errors import LabError
from lab.external import External
from lab.hosts import Hosts
from lab.hypervisor import bring_up as hypervisor
from lab.layout import Layout
from lab.progress import Steps
from lab.site import MGMT, PEER


def bring_up(
    layout: Layout,
    tools: Tools,
    rootfs: Path,
    venv: Path,
    programs: dict[str, Path],
    command_plugin: bool,
) -> None:
    """Everything from the network to the stack's configuration.

    Raises:
        LabError: with every part that did not come up.
    """
    steps, hosts = Steps(), Hosts(layout)
    link_programs(layout, programs)
    with steps("network: switch, nodes, external machine, management host"):
        network.bring_up()

    def external_machine() -> None:
        machine = External(layout, hosts[PEER])
        with steps("external machine: boot Debian, systemd, sshd"):
            machine.prepare(rootfs)
            machine.wait(machine.boot(tools))

    def kubernetes() -> None:
        files = programs["calico-confd"] / "files"
        cluster.bring_up(layout, hosts, tools, layout.bin, files, steps)

    def network_service() -> None:
        made = openstack.bring_up(layout, hosts[MGMT], venv, steps)
        hypervisor.bring_up(layout, hosts, tools, rootfs, venv, made, steps)

    _side_by_side(external_machine, kubernetes, network_service)
    with steps("stack `lab`: state backend, passphrase, configuration"):
        stack.prepare(layout, hosts[MGMT], command_plugin)


def link_programs(layout: Layout, programs: dict[str, Path]) -> None:
    """Put every built program, with the scripts that go with it, into one folder for PATH.

    As hard links where the file system allows: the engine looks for its language host beside the file
    it was started from, and warns when it finds it elsewhere.
    """
    for folder in programs.values():
        for path in folder.iterdir():
            if path.is_file() and os.access(path, os.X_OK):
                try:
                    (layout.bin / path.name).hardlink_to(path)
                except OSError:
                    shutil.copy(path, layout.bin)


def _side_by_side(*parts: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(parts)) as pool:
        futures = [pool.submit(part) for part in parts]
    errors = [error for future in futures if (error := future.exception())]
    unexpected = [error for error in errors if not isinstance(error, LabError)]
    if unexpected:
        raise unexpected[0]
    if errors:
        raise LabError("\n".join(str(error) for error in errors))


def main(arguments: list[str]) -> int:
    """Parse the arguments that lab/lifecycle.py gives and bring the lab up."""
    folder, tools, rootfs, venv, command_plugin, *programs = arguments
    found = {name: Path(place) for name, place in (item.split("=", 1) for item in programs)}
    # Not inherited from the keeper: this process came in from outside.
    control_groups.enter_own()
    try:
        bring_up(
            Layout(folder=Path(folder)),
            Tools(Path(tools)),
            Path(rootfs),
            Path(venv),
            found,
            command_plugin == "yes",
        )
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
