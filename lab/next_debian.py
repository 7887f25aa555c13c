"""What tests want in the machines' apt repository beside the lab's own packages: BIRD 3, and dnf with rpm.

A folder that machines have as a layer above the lab's Debian (lab/rootfs.py): archives, and an index of
them and of those below. BIRD 3 is the next Debian release's (lab/bird3_package.py); dnf, rpm and createrepo
are Debian 12's, for a machine of the other kind. Nothing is installed.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from lab.apt import fetch_missing
from lab.bird3_package import STARTER, bird3_package
from lab.cache import build_once
from lab.layout import Layout
from lab.newer_bird import NewerBirds
from lab.rootfs import REPOSITORY, index_packages

PACKAGES = ("dnf", "rpm", "createrepo-c")


def _fill(root: Path, newer: NewerBirds, folder: Path) -> None:
    below, repository = root / REPOSITORY, folder / "root" / REPOSITORY
    fetch_missing(PACKAGES, folder / "apt", root, [below], repository)
    bird3_package(newer, repository)
    index_packages(repository, (below / "Packages").read_text())


def next_debian(
    layout: Layout, root: Path, newer: NewerBirds, say: Callable[[str], None] = lambda text: None
) -> Path:
    """The layer's folder, from the cache or made now (about 10 s); `root` is the Debian below it.

    Raises:
        LabError: when apt has one of the packages not.
    """
    recipe = (PACKAGES, STARTER, newer.folder.name, root.parent.name, 1)
    key = sha256(repr(recipe).encode()).hexdigest()[:16]
    folder = layout.cache / "next-debian" / key
    return build_once(folder, lambda target: _fill(root, newer, target), say) / "root"
