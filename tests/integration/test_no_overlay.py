"""An IP pool without an overlay is warned about where ports are guarded and the machine is no pair there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from lab.layout import Layout
from tests.integration.conftest import Calico, Changed, Stack

NAME, NETWORK = "bare", "10.77.0.0/24"
WARNING = f"Calico's IP pool {NAME} ({NETWORK}) has no overlay"
PODS = {"podNetworks": ["192.168.0.0/16", NETWORK]}
# As docs/real-site.md has them.
RIGHTS = [
    {
        "apiGroups": ["projectcalico.org"],
        "resources": ["bgppeers", "bgpconfigurations", "bgpfilters"],
        "verbs": ["get", "create", "update", "delete"],
    }
]
LIST_POOLS = {"apiGroups": ["projectcalico.org"], "resources": ["ippools"], "verbs": ["list"]}
Kubeconfig = Callable[[list[dict[str, Any]]], str]


@pytest.fixture
def pool(calico: Calico) -> Iterator[None]:
    """A pool without an overlay, of which no pod has an address."""
    spec = {"cidr": NETWORK, "vxlanMode": "CrossSubnet", "ipipMode": "Never", "nodeSelector": "!all()"}
    calico.put("ippools", "IPPool", NAME, spec)
    yield
    calico.delete("ippools", NAME)


@pytest.fixture
def kubeconfig(calico: Calico, layout: Layout, tmp_path: Path) -> Iterator[Kubeconfig]:
    """Writes the kubeconfig of somebody who has these rights and no other; its path."""
    core, rbac = client.CoreV1Api(), client.RbacAuthorizationV1Api()
    about = client.V1ObjectMeta(name="peering")
    core.create_namespaced_service_account("default", client.V1ServiceAccount(metadata=about))
    rbac.create_cluster_role(client.V1ClusterRole(metadata=about, rules=[]))
    subject = client.RbacV1Subject(kind="ServiceAccount", name="peering", namespace="default")
    role = client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="peering")
    rbac.create_cluster_role_binding(
        client.V1ClusterRoleBinding(metadata=about, subjects=[subject], role_ref=role)
    )
    asked = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600)
    )
    made = core.create_namespaced_service_account_token("peering", "default", asked)
    assert made.status
    token = made.status.token

    def write(rights: list[dict[str, Any]]) -> str:
        rbac.patch_cluster_role("peering", {"rules": rights})
        document = yaml.safe_load(layout.kubeconfig.read_text())
        document["users"][0]["user"] = {"token": token}
        path = tmp_path / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(document))
        return str(path)

    yield write
    rbac.delete_cluster_role_binding("peering")
    rbac.delete_cluster_role("peering")
    core.delete_namespaced_service_account("peering", "default")


def said(stack: Stack, environment: dict[str, str]) -> str:
    """What a preview says, on one line."""
    done = stack.run("preview", environment=environment)
    return " ".join((done.stdout + done.stderr).split())


def test_a_pool_without_an_overlay_is_warned_about(bare_stack: Stack, changed: Changed, pool: None) -> None:
    bare_stack.destroy()
    text = said(bare_stack, changed(**PODS))
    assert WARNING in text
    assert "calico-peering:machinePairs" in text
    # The lab's own pool has one.
    assert "192.168.0.0/16) has no overlay" not in text


@pytest.mark.parametrize(
    "settings",
    [{**PODS, "machinePairs": True}, {**PODS, "nodePortNetwork": ""}, {}],
    ids=["the machine is among the pairs", "nobody guards the ports", "it is none of ours"],
)
def test_where_it_does_no_harm_nothing_is_said(
    bare_stack: Stack, changed: Changed, pool: None, settings: dict[str, Any]
) -> None:
    assert "has no overlay" not in said(bare_stack, changed(**settings))


def test_where_pools_may_not_be_read_nothing_is_said(
    bare_stack: Stack, changed: Changed, pool: None, kubeconfig: Kubeconfig
) -> None:
    environment = changed(**PODS)
    assert "has no overlay" not in said(bare_stack, {**environment, "KUBECONFIG": kubeconfig(RIGHTS)})
    assert WARNING in said(bare_stack, {**environment, "KUBECONFIG": kubeconfig([*RIGHTS, LIST_POOLS])})
