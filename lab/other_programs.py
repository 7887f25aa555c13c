"""Programs of Debian 12 that change a machine's network beside BIRD, in the machines' apt repository.

A folder that machines have as a layer above the others (lab/rootfs.py, lab/next_debian.py): archives, and an
index of them and of those below. Nothing is installed.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from lab.apt import fetch_missing
from lab.cache import build_once
from lab.layout import Layout
from lab.rootfs import REPOSITORY, index_packages

PACKAGES = ("ufw", "firewalld", "nftables", "iptables", "keepalived", "network-manager")


def _fill(below: Sequence[Path], folder: Path) -> None:
    repository = folder / "root" / REPOSITORY
    fetch_missing(PACKAGES, folder / "apt", below[-1], [root / REPOSITORY for root in below], repository)
    index_packages(repository, (below[0] / REPOSITORY / "Packages").read_text())


def other_programs(
    layout: Layout, below: Sequence[Path], say: Callable[[str], None] = lambda text: None
) -> Path:
    """The layer's folder, from the cache or made now (about 10 s).

    `below`: the layers of the machines' root, the topmost first; the last is the installed Debian.

    Raises:
        LabError: when apt has one of the packages not.
    """
    recipe = (PACKAGES, [root.parent.name for root in below], 1)
    key = sha256(repr(recipe).encode()).hexdigest()[:16]
    return (
        build_once(layout.cache / "other-programs" / key, lambda target: _fill(below, target), say) / "root"
    )
