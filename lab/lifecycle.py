"""A lab's life from outside: bring up, take down, and what another lab or a crash left behind.

What happens inside the keeper's namespaces is in lab/bring_up.py; this module runs on the machine itself,
and has the caches filled (lab/gather.py) before anything is started.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from lab import control_groups, keeper
from lab.engine.build import is_built
from lab.engine.products import pulumi_on_path
from lab.errors import LabError
from lab.extras import check_extras
from lab.gather import gather
from lab.layout import PROJECT, Layout
from lab.parts import Parts
from lab.programs import wanted
from lab.progress import Steps
from lab.waiting import wait_for

REQUIRED = {
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "sysctl": "procps",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "perl": "perl",
}
# Neutron's filters see what a bridge passes on only with the kernel's module br_netfilter.
BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
# The site has both families; a new network namespace has IPv6 whenever the kernel has.
IPV6 = Path("/proc/sys/net/ipv6")


def check_machine(extras: Collection[str] = ()) -> None:
    """What a lab with these extras needs of the machine itself, all that is missing at once.

    Raises:
        LabError: naming each thing and what to do about it.
    """
    wrong = []
    root = os.geteuid() == 0
    if not root:
        wrong.append("the lab makes network namespaces and mounts: run it as root")
    missing = sorted({package for tool, package in REQUIRED.items() if not shutil.which(tool)})
    if missing:
        wrong.append(f"programs are missing: apt-get install {' '.join(missing)}")
    if not BRIDGE_FILTER.exists():
        wrong.append("the kernel does not filter what bridges pass on: modprobe br_netfilter")
    if not IPV6.exists():
        wrong.append("the kernel has no IPv6: boot it without ipv6.disable=1")
    # Another user may not even look into root's cache.
    products = wanted(extras)
    if root and not shutil.which("go") and not all(is_built(Layout().cache, each) for each in products):
        what = "the cluster's programs" if pulumi_on_path() else "Pulumi and the cluster's programs"
        wrong.append(f"Go is not on PATH, and {what} are not built yet: install Go 1.26")
    if wrong:
        raise LabError("this machine cannot run the lab yet:\n  - " + "\n  - ".join(wrong))


def clear_dead(layout: Layout) -> None:
    """Remove what a dead lab left: control groups on the machine, files in this clone's folder.

    Never called while a lab is alive. Namespaces and mounts need no clearing: they ended with the
    keeper that held them.
    """
    control_groups.clear_dead()
    if layout.folder.exists():
        _refuse_mounts(layout.folder)
        shutil.rmtree(layout.folder)


def _refuse_mounts(folder: Path) -> None:
    """Never delete through a mount that somebody made in the folder by hand."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    below = [mount for mount in mounts if mount.startswith(f"{folder}/")]
    if below:
        raise LabError(f"something is mounted in the lab's folder: umount {' '.join(below)} first")


def alive_here(layout: Layout) -> keeper.Alive | None:
    """This clone's running lab, or None when no lab runs.

    Raises:
        LabError: when another clone's lab is alive, with its folder and process.
    """
    alive = keeper.find()
    if alive and alive.folder != layout.folder:
        raise LabError(
            f"another lab is alive on this machine, in {alive.folder} (process {alive.pid}); it is left"
            f" alone. Take it down there with `python -m lab down`, then run this again."
        )
    return alive


def up(layout: Layout, steps: Steps, extras: tuple[str, ...] = ()) -> None:
    """Bring the lab up; nothing to do when it already is, and has these extras.

    Raises:
        LabError: when the machine lacks something, another lab is alive, this one's runs without an extra,
            or a part does not start.
    """
    check_machine(extras)
    alive = alive_here(layout)
    if alive and alive.ready:
        check_extras(Parts.of_running(layout).extras, extras)
        steps.say("the lab is up already")
        return
    if alive:
        raise LabError(f"another `lab up` is bringing this lab up right now (process {alive.pid})")
    parts = gather(layout, steps, extras)
    with steps("clear what dead labs left"):
        clear_dead(layout)
    layout.folder.mkdir(mode=0o700, parents=True)
    parts.write(layout)
    _hold_and_bring_up(layout)


def _hold_and_bring_up(layout: Layout) -> None:
    unshare = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private")
    log = (layout.log / "keeper.log").open("ab")
    holder = subprocess.Popen(
        [*unshare, sys.executable, "-m", "lab.keeper", str(layout.folder)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert holder.stdin is not None

    def held() -> keeper.Alive | None:
        if holder.poll() is not None:
            text = (layout.log / "keeper.log").read_text()
            raise LabError(f"the lab's keeper ended with {holder.returncode}: {text}")
        alive = keeper.find()
        return alive if alive and alive.folder == layout.folder else None

    alive = wait_for("the lab's keeper", held, 20)
    try:
        command = keeper.inside(alive.pid, sys.executable, "-m", "lab.bring_up", str(layout.folder))
        done = subprocess.run(command, cwd=PROJECT)
        if done.returncode != 0:
            raise LabError(f"the lab did not come up; its logs are in {layout.folder / 'log'}")
        holder.stdin.write(keeper.READY)
        holder.stdin.close()
    except BaseException:
        _end(alive.pid)
        raise


def _end(pid: int) -> None:
    """End the keeper, and with it every process of the lab."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        wait_for("the lab's processes to end", lambda: keeper.find() is None, 30)
    finally:
        os.close(handle)
    wait_for("the lab's control groups to empty", _groups_cleared, 30)


def _groups_cleared() -> bool:
    control_groups.clear_dead()
    return not control_groups.leftovers()


def down(layout: Layout, steps: Steps) -> None:
    """Take the lab down: processes, mounts, namespaces, control groups and files.

    Raises:
        LabError: when another clone's lab is alive.
    """
    alive = alive_here(layout)
    if alive:
        with steps("end the lab's processes, namespaces and mounts"):
            _end(alive.pid)
    with steps("remove the lab's files"):
        clear_dead(layout)
