"""The machines' Debian: systemd, sshd, cloud-init and an offline apt repository with BIRD 1.6 and 2.

Made once with mmdebstrap from the machine's own apt sources and cached; never changed afterwards: a running
machine is an overlay above it (lab/machine.py). What more tests want in the repository is a layer of its own
(lab/next_debian.py).
"""

import os
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from lab.apt import RELEASE, main_sources
from lab.cache import build_once
from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import last_lines
from lab.layout import Layout

PACKAGES = (
    "systemd systemd-sysv dbus openssh-server iproute2 procps iputils-ping curl ca-certificates sudo"
    " cloud-init"
).split()
# Each line fetched on its own, since 1.6 and 2 exclude each other.
OFFLINE = ("bird", "bird2")
REPOSITORY = "opt/repository"
# What the machines do without, also of packages that are installed there later.
EXCLUDED = ("usr/share/man", "usr/share/doc", "usr/share/locale")
DPKG = Path("etc/dpkg/dpkg.cfg.d/99-lab")
# The data source of OpenStack's own images cannot be had here: nothing answers on 169.254.169.254. And
# cloud-init must not write Debian's mirrors over the sources that are inside, nor set a locale that is not.
CLOUD_INIT = """\
datasource_list: [NoCloud]
locale: C.UTF-8
apt:
  preserve_sources_list: true
"""
# Timers that would change the machine while someone compares before and after.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer")


def index_packages(repository: Path, others: str = "") -> None:
    """Write a flat repository's Packages file; `others` are entries of archives that another layer has."""
    entries = [others.strip() + "\n"] if others else []
    for archive in sorted(repository.glob("*.deb")):
        control = subprocess.run(
            ["dpkg-deb", "--field", str(archive)], capture_output=True, text=True, check=True
        ).stdout.strip()
        digest = sha256(archive.read_bytes()).hexdigest()
        entries.append(
            f"{control}\nFilename: ./{archive.name}\nSize: {archive.stat().st_size}\nSHA256: {digest}\n"
        )
    (repository / "Packages").write_text("\n".join(entries))


def _install(tools: Tools, folder: Path) -> None:
    root = folder / "root"
    sources = folder / "sources.list"
    sources.write_text("".join(f"deb {uri} {suite} main\n" for uri, suite in main_sources()))
    # Half a root file system is not kept, so nothing is worth waiting for the disk.
    options = "force-unsafe-io\\n" + "".join(f"path-exclude=/{folder}/*\\n" for folder in EXCLUDED)
    command = [
        "perl",
        str(tools.path("mmdebstrap")),
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        # Not as mmdebstrap's own option, with which a program in Python filters every archive once more.
        f"--setup-hook=mkdir -p $1/{DPKG.parent} && printf '{options}' >$1/{DPKG}",
        f"--customize-hook=cd $1 && rm -rf {' '.join(f'{folder}/*' for folder in EXCLUDED)}",
        "--customize-hook=rm -f $1/var/cache/apt/archives/*.deb",
        *(f"--customize-hook=chroot $1 apt-get install --yes --download-only {name}" for name in OFFLINE),
        f"--customize-hook=mkdir -p $1/{REPOSITORY}",
        f"--customize-hook=mv $1/var/cache/apt/archives/*.deb $1/{REPOSITORY}/",
        RELEASE,
        str(root),
        str(sources),
    ]
    path = f"{tools.path('mmdebstrap').parent}:{os.environ['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            "the machines' Debian could not be installed from the machine's apt sources:\n"
            + last_lines(done.stderr)
        )
    index_packages(root / REPOSITORY)
    for path_ in (*(root / "etc/apt/sources.list.d").glob("*"), *root.glob("etc/ssh/ssh_host_*")):
        path_.unlink()
    line = f"deb [trusted=yes] file:/{REPOSITORY} ./\n"
    (root / "etc/apt/sources.list").write_text(line)
    (root / "etc/cloud/cloud.cfg.d/99-lab.cfg").write_text(CLOUD_INIT)
    (root / "etc/machine-id").write_text("")
    for unit in MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")


def rootfs(layout: Layout, tools: Tools, say: Callable[[str], None] = lambda text: None) -> Path:
    """The root folder of the installed Debian, from the cache or made now (about 40 s).

    Raises:
        LabError: when the machine has no Debian 12 sources, or mmdebstrap fails.
    """
    recipe = (RELEASE, PACKAGES, OFFLINE, REPOSITORY, EXCLUDED, CLOUD_INIT, MASKED, 3)
    key = sha256(repr(recipe).encode()).hexdigest()[:16]
    folder = layout.cache / "rootfs" / key
    return build_once(folder, lambda target: _install(tools, target), say) / "root"
