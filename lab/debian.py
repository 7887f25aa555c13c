"""Debian packages used without installing them: downloaded by apt, unpacked into the cache.

Installing them would change the machine (systemd-container upgrades systemd, bird starts a daemon,
bird and bird2 exclude each other). So each package is unpacked beside the others and its programs run
from there with LD_LIBRARY_PATH. The libraries named below are those that a small Debian 12 may lack.
BIRDs of another release, with a C library of their own, are in newer_bird.py.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lab.apt import apt
from lab.cache import build_once
from lab.errors import LabError
from lab.layout import Layout

COMMON = (
    "etcd-server mmdebstrap nftables libnftables1 libnftnl11 libmnl0 libjansson4 libxtables12"
    " libedit2 libbsd0 libmd0 systemd-container libsystemd-shared libseccomp2 libcap2 libip4tc2"
    " libkmod2 libcryptsetup12 libdevmapper1.02.1 libjson-c5 libargon2-1 libacl1"
    " iptables ipset conntrack libip6tc2 libipset13 libnetfilter-conntrack3 libnfnetlink0"
).split()
# bird 1.6 and bird 2 hold files of the same names, so each gets a root of its own.
ROOTS: dict[str, list[str]] = {
    "common": COMMON,
    "bird1": ["bird", "libreadline8", "libtinfo6"],
    "bird2": ["bird2", "libssh-gcrypt-4", "libreadline8", "libtinfo6"],
}
# Which of its programs it is goes by the name it is called; Debian links the names when it installs.
NETFILTER = "common/usr/sbin/xtables-nft-multi"
NETFILTER_NAMES = [
    f"{family}{what}" for family in ("iptables", "ip6tables") for what in ("", "-save", "-restore")
]
PROGRAMS = {
    "conntrack": "common/usr/sbin/conntrack",
    "ipset": "common/usr/sbin/ipset",
    "iptables": NETFILTER,
    "bird1": "bird1/usr/sbin/bird",
    "birdc1": "bird1/usr/sbin/birdc",
    "bird6": "bird1/usr/sbin/bird6",
    "birdc6": "bird1/usr/sbin/birdc6",
    "bird2": "bird2/usr/sbin/bird",
    "birdc2": "bird2/usr/sbin/birdc",
    "etcd": "common/usr/bin/etcd",
    "mmdebstrap": "common/usr/bin/mmdebstrap",
    "nft": "common/usr/sbin/nft",
    "systemd-nspawn": "common/usr/bin/systemd-nspawn",
}


@dataclass(frozen=True)
class Tools:
    """The unpacked programs."""

    folder: Path

    def path(self, name: str) -> Path:
        """Where it is: `etcd`, `bird1`, `birdc1`, `bird6`, `birdc6` (1.6.8), `bird2`, `birdc2`, `nft`, …"""
        return self.folder / PROGRAMS[name]

    @property
    def netfilter(self) -> Path:
        """The folder in which `iptables-restore` and its like, `ipset` and `conntrack` have these names."""
        return (self.folder / NETFILTER).parent

    def environment(self) -> dict[str, str]:
        """Where these programs find their libraries; the rest of the machine has its own."""
        libraries = self.folder / "common/usr/lib" / _triplet()
        roots = [self.folder / root for root in ROOTS]
        return {
            "LD_LIBRARY_PATH": f"{library_path(roots)}:{libraries / 'systemd'}",
            "XTABLES_LIBDIR": str(libraries / "xtables"),
        }


def _triplet() -> str:
    return "x86_64-linux-gnu" if os.uname().machine == "x86_64" else "aarch64-linux-gnu"


def library_path(roots: Iterable[Path]) -> str:
    """LD_LIBRARY_PATH for packages that are unpacked in these folders."""
    return ":".join(str(root / base / _triplet()) for root in roots for base in ("usr/lib", "lib"))


def find_missing_libraries(program: Path, environment: Mapping[str, str]) -> list[str]:
    """The libraries that a program does not find in this environment."""
    found = subprocess.run(
        ["ldd", str(program)], env={**os.environ, **environment}, capture_output=True, text=True
    ).stdout
    return [line.split()[0] for line in found.splitlines() if "not found" in line]


def unpack(packages: Iterable[str], root: Path) -> None:
    """Fetch these packages, without what they need, and unpack them into `root`.

    Raises:
        LabError: when apt has one of them not.
    """
    archives = root.with_name(f"{root.name}-archives")
    archives.mkdir()
    # The sandbox user may not write here, and nothing here is worth a second user.
    apt("apt-get", "-o", "APT::Sandbox::User=root", "download", *packages, cwd=archives)
    for archive in archives.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True)
    shutil.rmtree(archives)


def check_libraries(program: Path, environment: Mapping[str, str]) -> None:
    """Check that an unpacked program finds its libraries. Raises LabError, naming those that it does not."""
    missing = find_missing_libraries(program, environment)
    if missing:
        raise LabError(
            f"{program.name} lacks the libraries {', '.join(missing)}: install the Debian packages that hold"
            " them (apt-get install)"
        )


def _unpack(folder: Path) -> None:
    archives = folder / "archives"
    archives.mkdir()
    names = sorted({name for names in ROOTS.values() for name in names})
    # The sandbox user may not write here, and nothing here is worth a second user.
    apt("apt-get", "-o", "APT::Sandbox::User=root", "download", *names, cwd=archives)
    for root, packages in ROOTS.items():
        for package in packages:
            for archive in archives.glob(f"{package}_*.deb"):
                subprocess.run(["dpkg", "-x", str(archive), str(folder / root)], check=True)
    shutil.rmtree(archives)
    for name in NETFILTER_NAMES:
        (folder / NETFILTER).with_name(name).symlink_to(Path(NETFILTER).name)
    _check_libraries(Tools(folder))


def _check_libraries(tools: Tools) -> None:
    for name in PROGRAMS:
        program = tools.path(name)
        if not program.exists():
            raise LabError(f"Debian's package did not bring {program.name} ({PROGRAMS[name]})")
        missing = find_missing_libraries(program, tools.environment())
        if missing:
            raise LabError(
                f"{program.name} lacks the libraries {', '.join(missing)}; install the Debian"
                " packages that hold them (apt-get install) and run it again"
            )


def tools(layout: Layout, say: Callable[[str], None] = lambda text: None) -> Tools:
    """The tools, from the cache or fetched now.

    Raises:
        LabError: when apt has none of Debian 12's packages, or a library is missing.
    """
    key = sha256(repr((ROOTS, PROGRAMS, NETFILTER_NAMES)).encode()).hexdigest()[:16]
    return Tools(build_once(layout.cache / "tools" / key, _unpack, say))
