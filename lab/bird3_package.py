"""BIRD 3 as a package that the lab's machines can install: the next Debian release's, with its own C library.

Debian 12 has no bird3. Its files, scripts and unit are the next release's (lab/newer_bird.py), and so are its
programs, unchanged: in /usr/sbin are starters of them by the dynamic linker beside their libraries. What it
needs of other packages is left out where it is a library. Nothing else of that release gets onto a machine.
"""

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.newer_bird import PROGRAMS, NewerBirds

NAME = "bird3"
HOME = "usr/lib/bird3"
STARTER = f"""\
#!/bin/sh
exec /{HOME}/ld.so --argv0 "$0" --library-path /{HOME} /{HOME}/${{0##*/}} "$@"
"""


def bird3_package(newer: NewerBirds, folder: Path) -> Path:
    """Write the .deb into a folder."""
    with TemporaryDirectory() as scratch:
        root = Path(scratch) / NAME
        shutil.copytree(newer.package(NAME), root, symlinks=True)
        shutil.rmtree(root / "usr/share/doc", ignore_errors=True)
        home = root / HOME
        home.mkdir()
        shutil.copy(newer.linker(NAME), home / "ld.so")
        for program in PROGRAMS:
            own = root / "usr/sbin" / program
            own.rename(home / program)
            own.write_text(STARTER)
            own.chmod(0o755)
            for name, path in newer.libraries(NAME, program).items():
                shutil.copy(path, home / Path(name).name)
        control = root / "DEBIAN/control"
        needed = r"(?m)^Depends: (.*)$"
        control.write_text(
            re.sub(needed, lambda found: f"Depends: {_no_libraries(found[1])}", control.read_text())
        )
        (root / "DEBIAN/md5sums").unlink()
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(folder)],
            check=True,
            capture_output=True,
        )
    [archive] = folder.glob(f"{NAME}_*.deb")
    return archive


def _no_libraries(depends: str) -> str:
    return ", ".join(name for name in depends.split(", ") if not name.startswith("lib"))
