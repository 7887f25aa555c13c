"""Runs the machine's Go for the programs of lab/engine: flags, caches, errors.

The module cache and the build cache are this project's own, below its folder in the user's cache, so that
they can be removed without touching what else is built with Go here. Nothing but the Go module proxy, as the
machine's Go is set up, is asked. What is built is decided in products.py, and in which order in build.py.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from lab.errors import LabError
from lab.hosts import last_lines

MODULES = Path(__file__).resolve().parent
MISSING = (
    "Go is not on PATH: the lab builds Kubernetes, Calico and (where `pulumi` is not on PATH) Pulumi from"
    " Go modules. Install Go 1.26 and run it again."
)
# Large packages, most of them generated, of which a lab uses little: compiled without optimisation, which
# takes 60 % of the time. What answers requests (apimachinery, apiserver, etcd, the engine) is not here.
UNOPTIMISED = (
    "cloud.google.com/go/...",
    "github.com/Azure/...",
    "github.com/AzureAD/...",
    "github.com/aws/aws-sdk-go-v2/...",
    "github.com/envoyproxy/go-control-plane/...",
    "github.com/google/gnostic-models/...",
    "github.com/gophercloud/...",
    "github.com/pulumi/pulumi-kubernetes/sdk/v4/...",
    "github.com/terraform-provider-openstack/...",
    "google.golang.org/api/...",
    "google.golang.org/genproto/...",
    "k8s.io/api/...",
    "k8s.io/client-go/applyconfigurations/...",
    "k8s.io/client-go/informers/...",
    "k8s.io/client-go/kubernetes/...",
    "k8s.io/client-go/listers/...",
    "k8s.io/kubernetes/pkg/apis/...",
    "k8s.io/kubernetes/pkg/generated/...",
)
# No debugging data, which `-ldflags=-w` would throw away only after it was made. One backend a compiler:
# packages are compiled side by side anyway. The last pattern that matches a package holds.
COMPILER = "-dwarf=false -c=1"
FLAGS = (
    "-buildvcs=false",
    "-pgo=off",
    f"-gcflags=all={COMPILER}",
    *(f"-gcflags={pattern}={COMPILER} -N -l" for pattern in UNOPTIMISED),
)
ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-modcacherw"}
# The compiler collects its garbage less often, which takes a third of its time, where up to four of them
# with 3 GiB each have room.
MEMORY_FOR_SPEED = 16 * 2**30


def _garbage_collection() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return "400" if memory >= MEMORY_FOR_SPEED else "100"


@dataclass(frozen=True)
class Go:
    """The machine's Go with the caches in `cache`."""

    cache: Path

    @property
    def build_cache(self) -> Path:
        """Compiled packages: several GiB while programs are built, removed afterwards."""
        return self.cache / "go-build"

    @property
    def module_cache(self) -> Path:
        """Sources of the modules."""
        return self.cache / "go-mod"

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **ENVIRONMENT,
            "GOGC": _garbage_collection(),
            "GOCACHE": str(self.build_cache),
            "GOMODCACHE": str(self.module_cache),
        }

    def run(self, *arguments: str, module: str) -> str:
        """Run Go in the folder of `module` below lab/engine and return what it prints.

        Raises:
            LabError: when Go is missing or fails, with its last lines.
        """
        return self.follow(lambda line: None, *arguments, module=module)

    def follow(self, heard: Callable[[str], None], *arguments: str, module: str) -> str:
        """The same; `heard` is called with each line that Go prints on standard error meanwhile."""
        if not shutil.which("go"):
            raise LabError(MISSING)
        folder = MODULES / module
        errors: list[str] = []

        def noted(line: str) -> None:
            errors.append(line)
            heard(line)

        with subprocess.Popen(
            ["go", *arguments],
            cwd=folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            output = _read_both(process, noted)
        if process.returncode != 0:
            raise LabError(
                f"`go {_shown(arguments)}` failed in {folder}. The lab needs Go 1.26 and the Go module"
                f" proxy:\n{last_lines(os.linesep.join(errors))}"
            )
        return output.strip()

    def module_folder(self, name: str, module: str) -> Path:
        """Where Go keeps the sources of a dependency of `module`, downloaded first if need be."""
        self.run("mod", "download", name, module=module)
        return Path(self.run("list", "-m", "-f", "{{.Dir}}", name, module=module))


def _read_both(process: "subprocess.Popen[str]", heard: Callable[[str], None]) -> str:
    """Standard output as a whole, standard error line by line, without one blocking the other."""
    assert process.stdout and process.stderr
    parts: list[str] = []
    stdout = process.stdout
    reader = Thread(target=lambda: parts.append(stdout.read()))
    reader.start()
    for line in process.stderr:
        heard(line.rstrip("\n"))
    reader.join()
    return parts[0]


def _shown(arguments: Sequence[str]) -> str:
    """A command line without the many compiler flags."""
    return " ".join(word for word in arguments if not word.startswith("-gcflags="))
