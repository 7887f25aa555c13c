"""Builds programs from Go modules into the user's cache: the engine, its plugins, Kubernetes, Calico.

Each product is one Go module under lab/engine/ (their dependencies cannot be reconciled in one) with a
committed go.sum, and lands in a folder keyed by that module's files and the build flags. Nothing but
the Go module proxy, as the machine's Go is set up, is asked. Which products are needed is decided in
lab/engine/products.py.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from lab.cache import build_once
from lab.errors import LabError
from lab.hosts import last_lines

MODULES = Path(__file__).resolve().parent
# One set of flags everywhere: another set would miss Go's build cache. Without cgo no C compiler.
FLAGS = ("-trimpath", "-buildvcs=false")
ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}


@dataclass(frozen=True)
class Copy:
    """A file or folder of a Go module that is copied beside the program it belongs to.

    `within` is the folder under lab/engine/ whose go.mod decides the version.
    """

    within: str
    module: str
    source: str
    target: str


@dataclass(frozen=True)
class Product:
    """One program: its module's folder, the package to build, linker flags, files that go with it.

    `embedded` maps a file name in the module's folder to a file of a dependency that is laid there for
    the compiler only (`go build -overlay`).
    """

    program: str
    module: str
    package: str
    ldflags: str = ""
    copies: tuple[Copy, ...] = ()
    embedded: dict[str, tuple[str, str]] = field(default_factory=dict)

    def key(self) -> str:
        """Changes when anything that decides the outcome changes."""
        digest = sha256(repr((self, FLAGS, sorted(ENVIRONMENT.items()))).encode())
        for path in sorted((MODULES / self.module).glob("*")):
            if path.suffix in (".go", ".mod", ".sum"):
                digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:16]


def go(*arguments: str, folder: Path) -> str:
    """Run the machine's Go in a module's folder and return what it prints.

    Raises:
        LabError: when Go is missing or fails, with its last lines.
    """
    if not shutil.which("go"):
        raise LabError(
            "Go is not on PATH: the lab builds Kubernetes, Calico and (where `pulumi` is not on PATH)"
            " Pulumi from Go modules. Install Go 1.26 and run it again."
        )
    done = subprocess.run(
        ["go", *arguments],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise LabError(
            f"`go {' '.join(arguments)}` failed in {folder}. The lab needs Go 1.26 and the Go module"
            f" proxy:\n{last_lines(done.stderr)}"
        )
    return done.stdout.strip()


def module_folder(name: str, folder: Path) -> Path:
    """Where Go keeps the sources of a dependency, downloaded first if need be."""
    go("mod", "download", name, folder=folder)
    return Path(go("list", "-m", "-f", "{{.Dir}}", name, folder=folder))


def _build(product: Product, target: Path) -> None:
    folder = MODULES / product.module
    overlay: list[str] = []
    if product.embedded:
        replace = {
            str(folder / name): str(module_folder(module, folder) / source)
            for name, (module, source) in product.embedded.items()
        }
        (target / "overlay.json").write_text(json.dumps({"Replace": replace}))
        overlay = ["-overlay", str(target / "overlay.json")]
    ldflags = f"-s -w {product.ldflags}".strip()
    output = str(target / product.program)
    go("build", *FLAGS, *overlay, "-ldflags", ldflags, "-o", output, product.package, folder=folder)
    for copy in product.copies:
        source = module_folder(copy.module, MODULES / copy.within) / copy.source
        place = target / copy.target
        place.parent.mkdir(parents=True, exist_ok=True)
        # The module cache is read-only; copies are ours to remove.
        if source.is_dir():
            shutil.copytree(source, place, copy_function=shutil.copyfile)
            for path in (place, *place.rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
        else:
            shutil.copyfile(source, place)
            place.chmod(0o755)


def built(cache: Path, product: Product, say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder that holds the product's program and files, built now if it is not in the cache.

    Raises:
        LabError: when Go is missing or the build fails.
    """
    folder = cache / "engine" / f"{product.program}-{product.key()}"
    return build_once(folder, lambda target: _build(product, target), say)


def is_built(cache: Path, product: Product) -> bool:
    """Whether `built` would return at once."""
    return (cache / "engine" / f"{product.program}-{product.key()}" / ".complete").exists()
