"""How much there is to compile: the packages of programs, their size, and which the build cache has.

Sizes are bytes of Go source. Time goes with them closely enough for an estimate of what is left
(lab/engine/estimate.py); nothing else depends on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.engine.go import FLAGS, Go

# No field is ever empty but the last: what Go prints is stripped.
_ORIGIN = "{{if .Standard}}std{{else}}module{{end}}"
_FORM = _ORIGIN + '\t{{.ImportPath}}\t{{.Dir}}\t{{.Stale}}\t{{.Name}}\t{{join .GoFiles " "}}'


@dataclass(frozen=True)
class Package:
    """One package of a build."""

    path: str
    size: int
    built: bool
    standard: bool
    """Of Go itself: compiled once for all modules."""


def list_packages(go: Go, module: str, programs: Sequence[str], overlay: Sequence[str]) -> list[Package]:
    """All packages that the programs of a module consist of; Go downloads their sources for that.

    Raises:
        LabError: when Go is missing, or the module proxy has not what go.mod names.
    """
    printed = go.run("list", *FLAGS, *overlay, "-deps", "-f", _FORM, *programs, module=module)
    return [_package(line) for line in printed.splitlines()]


def _package(line: str) -> Package:
    standard, path, folder, stale, name, files = line.split("\t")
    size = sum((Path(folder) / file).stat().st_size for file in files.split() if not file.startswith("/"))
    # A program is linked whatever the cache has of it.
    return Package(path, size, stale == "false" and name != "main", standard == "std")
