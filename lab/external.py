"""The external machine: Debian with systemd and sshd, booted by systemd-nspawn in namespace `peer`.

Its root is an overlay above the cached Debian (lab/rootfs.py), so each lab starts with the same clean
machine. nspawn is kept away from the machine's own systemd: no registration, no unit, a private
/run/systemd (lab/keeper.py). The container has its own pid namespace below the lab's.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Host, Service, last_lines
from lab.layout import Layout
from lab.waiting import wait_for

# Exit code by which nspawn says that the machine asked for a reboot.
REBOOT = 133
# Runs until the machine powers off; a reboot inside boots it again.
BOOT_LOOP = f'while :; do "$@"; [ $? = {REBOOT} ] || exit; done'


@dataclass(frozen=True)
class KeyPair:
    """An ed25519 key in OpenSSH's formats."""

    private: str
    public: str

    @staticmethod
    def new() -> "KeyPair":
        """A fresh key."""
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        return KeyPair(private.decode(), public.decode())


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text)


@dataclass(frozen=True)
class External:
    """The external machine of a lab."""

    layout: Layout
    host: Host

    @property
    def root(self) -> Path:
        """The machine's file system, as mounted inside the lab."""
        return self.layout.folder / "peer" / "root"

    @property
    def login_key(self) -> Path:
        """The private key that root's authorized_keys on the machine admits."""
        return self.layout.pki / "login"

    @property
    def host_key(self) -> Path:
        """The public host key of the machine's sshd."""
        return self.layout.pki / "host.pub"

    def prepare(self, rootfs: Path) -> None:
        """Mount the overlay and lay the keys in."""
        folder = self.layout.folder / "peer"
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        options = f"lowerdir={rootfs},upperdir={folder / 'upper'},workdir={folder / 'work'}"
        command = ["mount", "-t", "overlay", "-o", options, "lab-peer", str(self.root)]
        mounted = subprocess.run(command, capture_output=True, text=True)
        if mounted.returncode != 0:
            raise LabError(
                f"the external machine's root could not be mounted as an overlay in {folder} (is it on"
                f" an overlay or network file system itself?): {mounted.stderr.strip()}"
            )
        login, host = KeyPair.new(), KeyPair.new()
        _write(self.login_key, login.private, 0o600)
        _write(self.host_key, host.public + "\n", 0o644)
        _write(self.root / "root/.ssh/authorized_keys", login.public + "\n", 0o600)
        (self.root / "root/.ssh").chmod(0o700)
        _write(self.root / "etc/ssh/ssh_host_ed25519_key", host.private, 0o600)
        _write(self.root / "etc/ssh/ssh_host_ed25519_key.pub", host.public + "\n", 0o644)
        _write(self.root / "etc/hostname", "external\n", 0o644)

    def boot(self, tools: Tools) -> Service:
        """Start the machine; it is up when `wait` returns."""
        nspawn = (
            str(tools.path("systemd-nspawn")),
            f"--directory={self.root}",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--machine=external",
            f"--network-namespace-path={self.host.netns}",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
            "--console=pipe",
        )
        # nspawn joins the namespace `peer` by itself.
        here = Host("", self.layout)
        return here.start("external", "sh", "-c", BOOT_LOOP, "boot", *nspawn, env=tools.environment())

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
            raise LabError(f"the external machine is not running; see {self.layout.log / 'external.log'}")
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
                f"external machine: `{' '.join(command)}` ended with {done.returncode}:\n"
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

        wait_for("the external machine to boot", booted, 60, 0.2, hint=service.tail)
        wait_for(
            "sshd on the external machine",
            lambda: self.run("systemctl", "is-active", "ssh", check=False).returncode == 0,
            30,
            hint=service.tail,
        )
