"""Which programs the lab builds, from which module, and which it needs on this machine.

Where `pulumi` is on PATH it is used as it is, with its own plugins; only the cluster is built then. What only
tests need is in EXTRAS. Programs of one module share what they are compiled from. There are as few modules
as the programs' dependencies allow: Kubernetes 1.36 compiles with its own libraries only, Calico 3.31 and the
Kubernetes plugin 4.25 with those of 1.33, and the language host with no newer Pulumi than 3.192.
"""

import shutil
from dataclasses import dataclass, field

PULUMI_VERSION = "3.259.0"
KUBERNETES_PLUGIN_VERSION = "4.25.0"
OPENSTACK_PLUGIN_VERSION = "5.5.3"
COMMAND_PLUGIN_VERSION = "1.2.1"
# The plugins that have no stand-in.
PLUGINS = {"kubernetes": KUBERNETES_PLUGIN_VERSION, "openstack": OPENSTACK_PLUGIN_VERSION}

_PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
_KUBERNETES_PLUGIN = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_CALICO = "github.com/projectcalico/calico"


@dataclass(frozen=True)
class Copy:
    """A file or folder of a dependency that is copied beside the program it belongs to.

    `within` is the folder under lab/engine/ whose go.mod decides the version.
    """

    within: str
    module: str
    source: str
    target: str


@dataclass(frozen=True)
class Product:
    """One program: the folder of its Go module, the package to build, linker flags, files that go with it.

    `embedded` maps a file name in the package's folder to a file of a dependency that is laid there for
    the compiler only (`go build -overlay`).
    """

    program: str
    module: str
    package: str
    ldflags: str = ""
    copies: tuple[Copy, ...] = ()
    embedded: dict[str, tuple[str, str]] = field(default_factory=dict)


def _script(path: str) -> Copy:
    return Copy("pulumi", _PULUMI_SDK, f"python/{path}", path.rsplit("/", 1)[1])


ENGINE = (
    Product(
        "pulumi-resource-kubernetes",
        "kubernetes-1.33",
        "./kubernetes-provider",
        f"-X main.version={KUBERNETES_PLUGIN_VERSION}",
        embedded={
            "kubernetes-provider/schema.json": (
                _KUBERNETES_PLUGIN,
                "cmd/pulumi-resource-kubernetes/schema.json",
            )
        },
    ),
    Product(
        "pulumi",
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-X {_PULUMI_SDK}/go/common/version.Version={PULUMI_VERSION}",
    ),
    Product(
        "pulumi-resource-openstack",
        "pulumi",
        "./openstack-provider",
        f"-X main.version={OPENSTACK_PLUGIN_VERSION}",
    ),
    Product(
        "pulumi-language-python",
        "pulumi-python",
        "github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",
        # The language host runs the first script from beside itself; the second serves dynamic
        # providers. Both are of the engine's version.
        copies=(
            _script("cmd/pulumi-language-python-exec"),
            _script("dist/pulumi-resource-pulumi-python"),
        ),
    ),
)
CONFD = Product(
    "calico-confd",
    "kubernetes-1.33",
    f"{_CALICO}/confd",
    copies=(
        Copy("kubernetes-1.33", _CALICO, "libcalico-go/config/crd", "files/crd"),
        Copy("kubernetes-1.33", _CALICO, "confd/etc/calico/confd", "files/confd"),
        Copy("kubernetes-1.33", _CALICO, "manifests/apiserver.yaml", "files/apiserver.yaml"),
    ),
)
CLUSTER = (
    Product("kube-apiserver", "kubernetes-1.36", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Product("kube-controller-manager", "kubernetes-1.36", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    Product("calico-apiserver", "kubernetes-1.33", f"{_CALICO}/apiserver/cmd/apiserver"),
    CONFD,
)
# What only tests need, by the names in lab/extras.py.
EXTRAS = {
    # Has the cluster's objects written as its administrators write them.
    "calicoctl": Product("calicoctl", "kubernetes-1.33", f"{_CALICO}/calicoctl/calicoctl"),
    # Tells the API what a node's BIRD does; no program of its own there (kubernetes-1.33/calico-node-status).
    "node-status": Product("calico-node-status", "kubernetes-1.33", "./calico-node-status"),
}


def pulumi_on_path() -> str | None:
    """The machine's own engine, if it has one."""
    return shutil.which("pulumi")


def needed() -> tuple[Product, ...]:
    """The products that every lab on this machine needs."""
    return CLUSTER if pulumi_on_path() else (*ENGINE, *CLUSTER)
