"""A machine with a root of its own: Debian with systemd and sshd, booted by systemd-nspawn.

Its root is an overlay above the cached Debian (lab/rootfs.py), so each machine starts clean. nspawn is
kept away from the machine's own systemd: no registration, no unit, a private /run/systemd
(lab/keeper.py). The container has its own pid namespace below the lab's, joins the network namespace
that has its name, and has control groups of its own below the lab's.

What is laid into the root before the first boot is for the kinds of machines to say: the external one
(lab/external.py), and OpenStack's instances (lab/hypervisor/instances.py).
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import control_groups
from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Host, Service, last_lines
from lab.layout import Layout
from lab.waiting import wait_for

# Exit code by which nspawn says that the machine asked for a reboot.
REBOOT = 133
# Runs until the machine powers off; a reboot inside boots it again.
BOOT_LOOP = f"""
for group in $LAB_GROUPS; do echo 0 > $group/cgroup.procs; done
while :; do "$@"; [ $? = {REBOOT} ] || exit; done
"""
# For a command inside that is started from without.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
}


def write_file(path: Path, text: str | bytes, mode: int) -> None:
    """Write a file that has its mode from its first byte on, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def machines_folder(layout: Layout) -> Path:
    """Where every machine with a root of its own has a folder of its name."""
    return layout.folder / "machines"


@dataclass(frozen=True)
class Machine:
    """One such machine; `host` is its network namespace."""

    layout: Layout
    host: Host

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"the machine {self.host.name}"

    @property
    def folder(self) -> Path:
        """What this machine has changed of the cached Debian, and where it is mounted."""
        return machines_folder(self.layout) / self.host.name

    @property
    def root(self) -> Path:
        """The machine's file system, as mounted inside the lab."""
        return self.folder / "root"

    def mount(self, debian: Sequence[Path]) -> None:
        """Mount the overlay above the layers of Debian, the topmost first.

        What an earlier boot changed is there again.
        """
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        upper, work = self.folder / "upper", self.folder / "work"
        options = f"lowerdir={':'.join(map(str, debian))},upperdir={upper},workdir={work}"
        command = ["mount", "-t", "overlay", "-o", options, f"lab-{self.host.name}", str(self.root)]
        mounted = subprocess.run(command, capture_output=True, text=True)
        if mounted.returncode != 0:
            raise LabError(
                f"the root of {self.title} could not be mounted as an overlay in {self.folder} (is it on"
                f" an overlay or network file system itself?): {mounted.stderr.strip()}"
            )

    def unmount(self) -> None:
        """Unmount the overlay; the machine must have ended."""
        command = ["umount", str(self.root)]

        def unmounted() -> bool:
            return subprocess.run(command, capture_output=True).returncode == 0

        wait_for(f"the root of {self.title} to be unmounted", unmounted, 10)

    def boot(self, tools: Tools) -> Service:
        """Start the machine; it is up when `wait` returns."""
        nspawn = (
            str(tools.path("systemd-nspawn")),
            f"--directory={self.root}",
            "--boot",
            "--register=no",
            "--keep-unit",
            f"--machine={self.host.name}",
            f"--network-namespace-path={self.host.netns}",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
            "--console=pipe",
        )
        groups = " ".join(map(str, control_groups.below_own(self.host.name)))
        # It is root over its own network, as every machine is; nspawn thinks so only of a network it made.
        own = {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"}
        environment = {**tools.environment(), **own, "LAB_GROUPS": groups}
        # From inside the namespace that nspawn joins anyway: the machine's /sys is of the one it is in.
        return self.host.start(
            f"machine-{self.host.name}", "sh", "-c", BOOT_LOOP, "boot", *nspawn, env=environment
        )

    def end(self, service: Service) -> None:
        """Cut its power."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(service.pid, signal.SIGKILL)
        service.process.wait()

        def ended() -> bool:
            leader = self.leader()
            if leader:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(leader, signal.SIGKILL)
            return leader is None

        wait_for(f"{self.title} to end", ended, 10)
        control_groups.remove_below_own(self.host.name)

    def leader(self) -> int | None:
        """The pid, in the lab's pid namespace, of the machine's systemd; None when it is down."""
        netns = self.host.netns.stat().st_ino
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                inner = (entry / "status").read_text().split("NSpid:")[1].split("\n")[0].split()
                if inner[-1] == "1" and (entry / "ns/net").stat().st_ino == netns:
                    return int(entry.name)
            except (OSError, IndexError):
                continue
        return None

    def command(self, *command: str) -> list[str]:
        """The command line that runs a command on the machine itself."""
        leader = self.leader()
        if leader is None:
            log = self.layout.log / f"machine-{self.host.name}.log"
            raise LabError(f"{self.title} is not running; see {log}")
        kinds = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
        return ["nsenter", f"--target={leader}", *kinds, "--root", "--wd", "--", *command]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine itself and wait for it.

        Raises:
            LabError: on a non-zero exit, with `check`.
        """
        done = subprocess.run(
            self.command(*command), capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if check and done.returncode != 0:
            raise LabError(
                f"{self.title}: `{' '.join(command)}` ended with {done.returncode}:\n"
                + last_lines(done.stdout + done.stderr)
            )
        return done

    def wait(self, service: Service) -> None:
        """Wait until the machine has booted: systemd has finished and sshd listens."""

        def booted() -> bool:
            if self.leader() is None:
                return False
            state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
            return state in ("running", "degraded")

        wait_for(f"{self.title} to boot", booted, 60, 0.2, hint=service.tail)
        wait_for(
            f"sshd on {self.title}",
            lambda: self.run("systemctl", "is-active", "ssh", check=False).returncode == 0,
            30,
            hint=service.tail,
        )
