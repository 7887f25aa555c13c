"""Brings the lab's parts up, inside the keeper's namespaces.

Run by lab/lifecycle.py as `python -m lab.bring_up FOLDER`; what the lab is made of is written there already
(lab/parts.py). The external machine, the cluster, OpenStack and the program's stack do not depend on each
other and come up side by side.
"""

import os
import shutil
import sys
from pathlib import Path

from lab import cluster, control_groups, network, openstack, stack
from lab.errors import LabError
from lab.external import External
from lab.hosts import Hosts
from lab.hypervisor import bring_up as hypervisor
from lab.layout import Layout
from lab.parts import Parts
from lab.progress import Steps
from lab.side_by_side import side_by_side
from lab.site import MGMT, PEER


def bring_up(layout: Layout, parts: Parts) -> None:
    """Everything from the network to the stack's configuration.

    Raises:
        LabError: with every part that did not come up.
    """
    steps, hosts = Steps(), Hosts(layout)
    link_programs(layout, parts.programs)
    with steps("network: switch, nodes, external machine, management host"):
        network.bring_up()

    machine = External(layout, hosts[PEER])
    machine.prepare(parts.debian)

    def external_machine() -> None:
        with steps("external machine: boot Debian, systemd, sshd"):
            machine.wait(machine.boot(parts.tools))

    def kubernetes() -> None:
        files = parts.programs["calico-confd"] / "files"
        cluster.bring_up(layout, hosts, parts.tools, layout.bin, files, steps)

    def network_service() -> None:
        enforcer = hypervisor.start_enforcer(layout, hosts, parts.tools, parts.openstack)
        made = openstack.bring_up(layout, hosts[MGMT], parts.openstack, parts.cinder, steps)
        hypervisor.bring_up(layout, hosts, enforcer, made, steps)

    def stack_of_the_program() -> None:
        with steps("stack `lab`: state backend, passphrase, configuration"):
            stack.prepare(layout, hosts[MGMT], parts.command_plugin)

    with side_by_side() as start:
        # The longest first.
        for part in (kubernetes, network_service, external_machine, stack_of_the_program):
            start(part)


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


def main(folder: Path) -> int:
    """Bring up the lab in this folder; 1 and a message when it does not come up."""
    # Not inherited from the keeper: this process came in from outside.
    control_groups.enter_own()
    layout = Layout(folder=folder)
    try:
        bring_up(layout, Parts.of_running(layout))
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
