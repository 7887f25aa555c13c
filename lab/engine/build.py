"""Builds programs from Go modules into the user's cache: the engine, its plugins, Kubernetes, Calico.

A program lands in a folder keyed by its module's files and the build flags. The modules are built side by
side, the programs of one after the other, so that what they share is compiled once. When all programs that
were asked for are there, the build cache goes: it is larger than everything else and of no more use. Which
programs are needed is decided in products.py.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Lock

from lab.cache import COMPLETE, build_once
from lab.engine.estimate import Work, minutes
from lab.engine.go import ENVIRONMENT, FLAGS, MODULES, Go
from lab.engine.packages import Package, list_packages
from lab.engine.products import Product
from lab.side_by_side import side_by_side

# What is told of a build: how much is done (0 to 1), and in words.
Told = Callable[[float, str], None]
# Modules that are built at the same time: one alone often waits for a single large package or its linker.
SIDE_BY_SIDE = 2


def key(product: Product) -> str:
    """Changes when anything that decides the outcome changes."""
    digest = sha256(repr((product, FLAGS, sorted(ENVIRONMENT.items()))).encode())
    module = MODULES / product.module
    sources = [module / "go.mod", module / "go.sum"]
    if product.package.startswith("."):
        sources += sorted((module / product.package).glob("*.go"))
    for path in sources:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def folder(cache: Path, product: Product) -> Path:
    """Where the program and its files are, or will be."""
    return cache / "engine" / f"{product.program}-{key(product)}"


def is_built(cache: Path, product: Product) -> bool:
    """Whether `build` would have nothing to do for it."""
    return (folder(cache, product) / COMPLETE).exists()


def build(
    cache: Path,
    products: Sequence[Product],
    told: Told = lambda share, text: None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Path]:
    """The folder of each program, by its name; those that are not in the cache are built now.

    Another process that builds is waited for (`say` reports it). What an interrupted build had compiled is
    not compiled again.

    Raises:
        LabError: when Go is missing or a build fails, for each module in which one does.
    """
    if not all(is_built(cache, product) for product in products):
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "engine.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another process is building programs; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            missing = [product for product in products if not is_built(cache, product)]
            if missing:
                _Build(Go(cache), missing, told).run()
    return {product.program: folder(cache, product) for product in products}


@dataclass
class _Build:
    """One build of several programs."""

    go: Go
    products: Sequence[Product]
    told: Told

    def run(self) -> None:
        """Compile, and remove what was only needed for that."""
        modules: dict[str, list[Product]] = {}
        for product in self.products:
            modules.setdefault(product.module, []).append(product)
        self.told(0, "fetching the modules' sources")
        with side_by_side() as start:
            listed = {name: start(partial(self._packages, name, its)) for name, its in modules.items()}
        # A package of two modules is compiled for each, Go's own once.
        sizes = {
            package.path if package.standard else f"{module} {package.path}": package.size
            for module, found in listed.items()
            for package in found.result()
            if not package.built
        }
        self.work, self.started, self.lock = Work(sizes, os.cpu_count() or 1), time.monotonic(), Lock()
        self.running: list[str] = []
        self._report()
        with side_by_side(SIDE_BY_SIDE) as start:
            for its in modules.values():
                start(partial(self._build, its))
        shutil.rmtree(self.go.build_cache, ignore_errors=True)

    def _packages(self, module: str, products: Sequence[Product]) -> list[Package]:
        overlay = self._overlay(products)
        return list_packages(self.go, module, [product.package for product in products], overlay)

    def _build(self, products: Sequence[Product]) -> None:
        for product in products:
            self.running.append(product.program)
            build_once(folder(self.go.cache, product), partial(self._compile, product))
            self.running.remove(product.program)

    def _compile(self, product: Product, target: Path) -> None:
        def heard(line: str) -> None:
            with self.lock:
                if self.work.finish(line) or self.work.finish(f"{product.module} {line}"):
                    self._report()

        flags = ("-v", *FLAGS, *self._overlay([product]), f"-ldflags={f'-s -w {product.ldflags}'.strip()}")
        output = str(target / product.program)
        self.go.follow(heard, "build", *flags, "-o", output, product.package, module=product.module)
        for copy in product.copies:
            _copy(self.go.module_folder(copy.module, copy.within) / copy.source, target / copy.target)

    def _report(self) -> None:
        work = self.work
        left = minutes(work.left(time.monotonic() - self.started))
        self.told(
            work.finished / max(work.total, 1),
            f"{len(work.done)} of {len(work.sizes)} packages, {left} left; now {', '.join(self.running)}",
        )

    def _overlay(self, products: Sequence[Product]) -> list[str]:
        """The flag that lays the products' embedded files into their packages, where there are any."""
        replace = {
            str(MODULES / product.module / name): str(self.go.module_folder(module, product.module) / source)
            for product in products
            for name, (module, source) in product.embedded.items()
        }
        if not replace:
            return []
        path = self.go.cache / "engine" / f"overlay-{products[0].module}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"Replace": replace}))
        return ["-overlay", str(path)]


def _copy(source: Path, target: Path) -> None:
    """Copy a file or folder out of the module cache, which is read-only; copies are ours to remove."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
        for path in (target, *target.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    else:
        shutil.copyfile(source, target)
        target.chmod(0o755)
