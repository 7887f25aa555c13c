"""Real BIRDs from Debian's packages, to check rendered configurations; API servers that record who asks."""

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from components.calico import exec_plugin, kubeconfig
from lab.errors import LabError
from tests.unit.answering_cluster import AnsweringCluster, answering_cluster
from tests.unit.real_birds import Birds, real_birds
from tests.unit.recording_servers import Servers, recording_servers


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine's own is asked for a server of a test."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def birds() -> Birds:
    """Every BIRD; fetched from Debian's packages where the cache has them not."""
    try:
        return real_birds()
    except LabError as error:
        pytest.fail(f"a BIRD to ask could not be had: {error}", pytrace=False)


@pytest.fixture(scope="session")
def bird2(birds: Birds) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs BIRD 2.0.12 with arguments."""
    return birds.by_service["2", "bird"][0].run


@pytest.fixture(scope="module")
def running_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with recording_servers(tmp_path_factory.mktemp("clusters")) as servers:
        yield servers


@pytest.fixture
def servers(running_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Servers:
    """Two clusters of which nothing was asked yet; nothing of this machine's own is in the environment."""
    running_servers.seen.clear()
    running_servers.proxied.clear()
    for name in [*os.environ]:
        if name.upper().endswith("_PROXY") or name.startswith("KUBE"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(exec_plugin, "_answers", {})
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", running_servers.folder / "no-pod")
    return running_servers


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnsweringCluster]:
    """A cluster on loopback for a file's tests, which set its answers anew for each."""
    with answering_cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made
