"""BIRD 3 and a newer BIRD 2: those of the Debian release after the machine's own.

Their package lists and archives come through an apt configuration of their own, so that the machine's apt
never learns of another release; they are signed as Debian's are, and apt checks that. Nothing is pinned: a
newer point version of the release is simply newer. They need the C library of their release, so each root
holds all the libraries its programs use, and they run by the dynamic linker beside these. Tests of bird.conf
ask them so; of BIRD 3 the lab's machines get a package (lab/bird3_package.py).
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lab.apt import RELEASE, apt, main_sources, separate_apt
from lab.cache import build_once
from lab.errors import LabError
from lab.layout import Layout

NEXT_RELEASE = "trixie"
LIBRARIES = (
    "libc6 libssh-4 libssl3t64 zlib1g libzstd1 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0"
    " libcom-err2 libkeyutils1 libreadline8t64 libtinfo6"
).split()
# bird2 and bird3 hold files of the same names, so each gets a root of its own.
NAMES = ("bird2", "bird3")
PROGRAMS = ("bird", "birdc", "birdcl")


@dataclass(frozen=True)
class NewerBirds:
    """The unpacked BIRDs."""

    folder: Path

    def _libraries(self, name: str) -> Path:
        triplet = "x86_64-linux-gnu" if os.uname().machine == "x86_64" else "aarch64-linux-gnu"
        return self.folder / name / "usr/lib" / triplet

    def _linker(self, name: str) -> list[str]:
        folder = self._libraries(name)
        [linker] = folder.glob("ld-linux-*.so.*")
        return [str(linker), "--library-path", str(folder)]

    def package(self, name: str) -> Path:
        """What the package of `bird2` or `bird3` consists of, its control files in `DEBIAN`."""
        return self.folder / "packages" / name

    def libraries(self, name: str, program: str = "bird") -> dict[str, Path]:
        """Those that `bird`, `birdc` or `birdcl` of `bird2` or `bird3` uses, by their names."""
        linker, *options, path = self.command(name, program)
        listed = subprocess.run([linker, *options, "--list", path], capture_output=True, text=True).stdout
        words = [line.split() for line in listed.splitlines()]
        return {line[0]: Path(line[2]) for line in words if "=>" in line}

    def linker(self, name: str) -> Path:
        """The dynamic linker of `bird2` or `bird3`."""
        return Path(self._linker(name)[0])

    def command(self, name: str, program: str = "bird") -> list[str]:
        """How to run `bird` or `birdc` of `bird2` or `bird3`: its arguments are put behind."""
        return [*self._linker(name), str(self.folder / name / "usr/sbin" / program)]

    def check(self) -> None:
        """Raise a LabError where a program is not there or would use a library of the machine."""
        for name in NAMES:
            for program in PROGRAMS:
                if not Path(self.command(name, program)[-1]).exists():
                    raise LabError(f"Debian's package {name} of {NEXT_RELEASE} did not bring {program}")
                used = self.libraries(name, program)
                foreign = [
                    library for library, path in used.items() if self._libraries(name) not in path.parents
                ]
                if foreign or not used:
                    raise LabError(
                        f"{program} of {NEXT_RELEASE}'s {name} needs libraries that lab/newer_bird.py has not"
                        f" among LIBRARIES: {', '.join(foreign) or 'none could be listed'}"
                    )


def _unpack(folder: Path) -> None:
    apt_folder, archives = folder / "apt", folder / "archives"
    archives.mkdir()
    sources = [(uri, NEXT_RELEASE) for uri, suite in main_sources() if suite == RELEASE]
    configuration = separate_apt(apt_folder, sources)
    names = [*NAMES, *LIBRARIES]
    wanted = f"BIRD of Debian's {NEXT_RELEASE} from the same source as the machine's Debian 12"
    apt("apt-get", "update", configuration=configuration, wanted=wanted)
    apt("apt-get", "download", *names, cwd=archives, configuration=configuration, wanted=wanted)
    for name in NAMES:
        for package in (name, *LIBRARIES):
            [archive] = archives.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", str(archive), str(folder / name)], check=True)
        [archive] = archives.glob(f"{name}_*.deb")
        whole = folder / "packages" / name
        whole.parent.mkdir(exist_ok=True)
        subprocess.run(["dpkg-deb", "--raw-extract", str(archive), str(whole)], check=True)
    for directory in (apt_folder, archives):
        shutil.rmtree(directory)
    NewerBirds(folder).check()


def newer_birds(layout: Layout, say: Callable[[str], None] = lambda text: None) -> NewerBirds:
    """The newer BIRDs, from the cache or fetched now (about 15 s).

    Raises:
        LabError: when the machine's source of Debian has not the next release, or a library is missing.
    """
    key = sha256(repr((NEXT_RELEASE, NAMES, LIBRARIES, 2)).encode()).hexdigest()[:16]
    return NewerBirds(build_once(layout.cache / "newer-bird" / key, _unpack, say))
