"""Where the lab keeps its files: one folder in the clone, one in the user's cache.

The lab's folder holds what belongs to one running lab and goes with `down`. It follows from the lab's name,
so that one clone can hold several labs. The cache holds what is dear to make and the same for every clone
(built binaries, the Debian root file system, the OpenStack virtual environment), each under a key of its
versions, so that a new version never meets an old file.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from lab.errors import LabError

PROJECT = Path(__file__).resolve().parent.parent
NAME_VARIABLE = "CALICO_PEERING_LAB_NAME"
DEFAULT_NAME = "calico-peering-lab"
# The name of this process's lab; labs of different names are up side by side.
NAME = os.environ.get(NAME_VARIABLE) or DEFAULT_NAME
# It is part of a path, of a socket's address and of a control group's name.
VALID_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def default_cache() -> Path:
    """The user's cache folder for this project, by the XDG base directory specification."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "calico-peering"


def lab_folder(name: str) -> Path:
    """The folder in this clone of the lab of that name.

    Raises:
        LabError: when the name is no valid one.
    """
    if not VALID_NAME.fullmatch(name):
        raise LabError(
            f"{NAME_VARIABLE}: expected up to 63 lower-case letters, digits and hyphens, found {name!r}"
        )
    return PROJECT / (".lab" if name == DEFAULT_NAME else f".lab-{name}")


@dataclass(frozen=True)
class Layout:
    """The two folders and the places in them; folders are made when first asked for."""

    folder: Path = field(default_factory=lambda: lab_folder(NAME))
    cache: Path = field(default_factory=default_cache)

    def _made(self, name: str, mode: int = 0o755) -> Path:
        path = self.folder / name
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        return path

    @property
    def run(self) -> Path:
        """Control sockets and small state of the running services."""
        return self._made("run")

    @property
    def log(self) -> Path:
        """One file a service."""
        return self._made("log")

    @property
    def bin(self) -> Path:
        """Links to the built programs: the management host's PATH begins here."""
        return self._made("bin")

    @property
    def pki(self) -> Path:
        """Private keys and certificates of this lab."""
        return self._made("pki", 0o700)

    @property
    def tmp(self) -> Path:
        """Temporary files of what runs on the management host."""
        return self._made("tmp", 0o700)

    @property
    def stack(self) -> Path:
        """The stack's configuration file and the passphrase that protects its secrets."""
        return self._made("stack", 0o700)

    @property
    def state(self) -> Path:
        """Pulumi's file backend."""
        return self._made("state", 0o700)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for the management host."""
        return self.folder / "kubeconfig"

    @property
    def clouds(self) -> Path:
        """openstacksdk's clouds.yaml with the clouds `lab` and `admin`."""
        return self.folder / "clouds.yaml"
