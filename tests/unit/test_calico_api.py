"""Which API a client uses for Calico's objects."""

from pathlib import Path

import pytest
import yaml

from components.calico.calico_api import CRD_V1, V3, CalicoApi, client_of, connect


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    path = tmp_path / "kubeconfig"
    document = {
        "clusters": [{"name": "one", "cluster": {"server": "https://203.0.113.1:6443"}}],
        "users": [{"name": "one", "user": {"token": "secret"}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


@pytest.mark.parametrize("api", [V3, CRD_V1])
def test_a_client_carries_the_api_that_it_was_made_for(kubeconfig: str, api: CalicoApi) -> None:
    assert connect(kubeconfig, calico=api).calico == api
    assert client_of({"kubeconfig": kubeconfig, "calico_api": str(api)}).calico == api


def test_v3_is_used_unless_somebody_says_otherwise(kubeconfig: str) -> None:
    assert connect(kubeconfig).calico == V3
    assert client_of({"kubeconfig": kubeconfig}).calico == V3


def test_an_api_is_called_as_in_a_manifest() -> None:
    assert (str(V3), str(CRD_V1)) == ("projectcalico.org/v3", "crd.projectcalico.org/v1")
