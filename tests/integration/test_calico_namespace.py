"""Where calico-node runs, and what happens when that cannot be found out or is another place than was set."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kubernetes.client import (
    AppsV1Api,
    V1Container,
    V1DaemonSet,
    V1DaemonSetSpec,
    V1LabelSelector,
    V1ObjectMeta,
    V1PodSpec,
    V1PodTemplateSpec,
)

from components.calico.calico_api import CalicoClient, connect
from components.calico.calico_node import calico_namespace
from components.shared.provider_errors import ProviderError
from lab.layout import Layout
from tests.integration.conftest import Changed, Stack, plain

# It loads the kubeconfig.
pytestmark = pytest.mark.usefixtures("calico")
NAME = "calico-node"


@pytest.fixture
def client(layout: Layout) -> CalicoClient:
    """The cluster, with all rights."""
    return connect(str(layout.kubeconfig))


@contextmanager
def running_in(*namespaces: str) -> Iterator[None]:
    """DaemonSets as Calico's; the lab, whose calico-node are no pods, has none of its own."""
    labels = {"k8s-app": NAME}
    pod = V1PodSpec(containers=[V1Container(name=NAME, image=NAME)], node_selector={"nobody": "has-this"})
    template = V1PodTemplateSpec(metadata=V1ObjectMeta(labels=labels), spec=pod)
    spec = V1DaemonSetSpec(selector=V1LabelSelector(match_labels=labels), template=template)
    made = V1DaemonSet(metadata=V1ObjectMeta(name=NAME), spec=spec)
    for namespace in namespaces:
        AppsV1Api().create_namespaced_daemon_set(namespace, made)
    try:
        yield
    finally:
        for namespace in namespaces:
            AppsV1Api().delete_namespaced_daemon_set(NAME, namespace)


def test_it_is_where_its_daemon_set_is(client: CalicoClient) -> None:
    with running_in("kube-system"):
        assert calico_namespace(client, None) == ("kube-system", None)
        assert calico_namespace(client, "kube-system") == ("kube-system", None)


def test_another_place_than_was_set_is_an_error_that_names_both(client: CalicoClient) -> None:
    with running_in("kube-system"), pytest.raises(ProviderError) as caught:
        calico_namespace(client, "calico-system")
    text = str(caught.value)
    assert text.startswith("calico-peering:calicoNamespace is calico-system, but the DaemonSet calico-node")
    assert "set calico-peering:calicoNamespace to kube-system, or leave it out" in text


def test_of_several_one_has_to_be_set(client: CalicoClient) -> None:
    with running_in("default", "kube-system"):
        with pytest.raises(ProviderError, match="is not set, but .* is in default and kube-system"):
            calico_namespace(client, None)
        assert calico_namespace(client, "default") == ("default", None)


def test_without_a_daemon_set_the_setting_holds_and_without_both_it_is_said_what_is_assumed(
    client: CalicoClient,
) -> None:
    assert calico_namespace(client, "elsewhere") == ("elsewhere", None)
    found, note = calico_namespace(client, None)
    assert found == "calico-system"
    assert note and "there is no DaemonSet calico-node" in note and "taken to run in calico-system" in note


def test_who_may_not_list_daemon_sets_is_told_what_is_assumed(client: CalicoClient) -> None:
    client.set_default_header("Impersonate-User", "nobody")  # type: ignore[no-untyped-call]
    with running_in("kube-system"):
        found, note = calico_namespace(client, None)
    assert found == "calico-system"
    assert note and "DaemonSets may not be listed" in note and "set calico-peering:calicoNamespace" in note


def test_a_preview_puts_the_password_where_calico_node_runs(bare_stack: Stack, changed: Changed) -> None:
    bare_stack.destroy()
    environment = changed()
    bare_stack.run("config", "set", "--secret", "bgpPassword", "a word", environment=environment)

    def preview() -> str:
        done = bare_stack.run("preview", "--diff", environment=environment)
        return plain(done.stdout + done.stderr)

    with running_in("default"):
        text = preview()
    assert 'namespace : "default"' in text and "is taken to run in" not in text
    text = preview()
    assert 'namespace : "calico-system"' in text
    assert "calico-node is taken to run in calico-system" in " ".join(text.split())
