"""Which programs the lab builds, from which module, and which it needs on this machine.

Where `pulumi` is on PATH it is used as it is, with its own plugins; only the cluster is built then.
"""

import shutil

from lab.engine.build import Copy, Product

PULUMI_VERSION = "3.259.0"
KUBERNETES_PLUGIN_VERSION = "4.25.0"
OPENSTACK_PLUGIN_VERSION = "5.5.3"
COMMAND_PLUGIN_VERSION = "1.2.1"
# The plugins that have no stand-in.
PLUGINS = {"kubernetes": KUBERNETES_PLUGIN_VERSION, "openstack": OPENSTACK_PLUGIN_VERSION}

_PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
_KUBERNETES_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_CALICO = "github.com/projectcalico/calico"


def _script(path: str) -> Copy:
    return Copy("cli", _PULUMI_SDK, f"python/{path}", path.rsplit("/", 1)[1])


ENGINE = (
    Product(
        "pulumi",
        "cli",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-X {_PULUMI_SDK}/go/common/version.Version={PULUMI_VERSION}",
    ),
    Product(
        "pulumi-language-python",
        "language-python",
        "github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",
        # The language host runs the first script from beside itself; the second serves dynamic
        # providers. Both are of the engine's version.
        copies=(
            _script("cmd/pulumi-language-python-exec"),
            _script("dist/pulumi-resource-pulumi-python"),
        ),
    ),
    Product(
        "pulumi-resource-kubernetes",
        "kubernetes-provider",
        ".",
        f"-X main.version={KUBERNETES_PLUGIN_VERSION}",
        embedded={"schema.json": (_KUBERNETES_PROVIDER, "cmd/pulumi-resource-kubernetes/schema.json")},
    ),
    Product(
        "pulumi-resource-openstack",
        "openstack-provider",
        ".",
        f"-X main.version={OPENSTACK_PLUGIN_VERSION}",
    ),
)
CLUSTER = (
    Product("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Product("kube-controller-manager", "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    Product("calico-apiserver", "calico", f"{_CALICO}/apiserver/cmd/apiserver"),
    Product(
        "calico-confd",
        "calico",
        f"{_CALICO}/confd",
        copies=(
            Copy("calico", _CALICO, "libcalico-go/config/crd", "files/crd"),
            Copy("calico", _CALICO, "confd/etc/calico/confd", "files/confd"),
            Copy("calico", _CALICO, "manifests/apiserver.yaml", "files/apiserver.yaml"),
        ),
    ),
)
# What only tests need, by the names in lab/extras.py.
EXTRAS = {
    # They have the cluster's objects written as its administrators write them.
    "calicoctl": Product("calicoctl", "calicoctl", f"{_CALICO}/calicoctl/calicoctl"),
    # calico-node's status reporter, which is no program of its own there (lab/engine/calico/main.go).
    "node-status": Product("calico-node-status", "calico", "."),
}


def pulumi_on_path() -> str | None:
    """The machine's own engine, if it has one."""
    return shutil.which("pulumi")


def needed() -> tuple[Product, ...]:
    """The products that this machine needs for every lab, the longest builds first."""
    return CLUSTER if pulumi_on_path() else (*ENGINE[::-1], *CLUSTER)
