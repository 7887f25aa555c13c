"""What a reviewer sees in a pull request when a setting changes, and that it is applied in place."""

from pathlib import Path

import pytest
import yaml

from lab.external import External
from lab.layout import Layout
from tests.integration.conftest import Calico, Changed, Stack, bird_routes


@pytest.mark.main_path
def test_a_changed_setting_is_a_readable_diff_of_the_configuration(
    stack: Stack, changed: Changed, machine: External
) -> None:
    environment = changed(importLimit=77)
    text = stack.run("preview", "--diff", environment=environment).stdout
    assert "import limit 77 action block" in text
    assert "import limit 1000 action block" in text
    assert "replace" not in text
    pid = machine.run("systemctl", "show", "-p", "MainPID", "--value", "bird").stdout
    stack.run("up", "--yes", "--skip-preview", environment=environment)
    assert "import limit 77 action block" in machine.run("cat", "/etc/bird/bird.conf").stdout
    # Reconfigured, not restarted: the sessions of a production machine go on.
    assert machine.run("systemctl", "show", "-p", "MainPID", "--value", "bird").stdout == pid
    assert len(bird_routes(machine)) == 3


def test_another_kubeconfig_is_another_way_to_the_same_cluster(
    stack: Stack, changed: Changed, calico: Calico, layout: Layout, tmp_path: Path
) -> None:
    """As when CI and an administrator each have a file of their own, and reach the API server differently."""
    path = tmp_path / "another.kubeconfig"
    document = yaml.safe_load(layout.kubeconfig.read_text())
    document["clusters"][0]["cluster"]["tls-server-name"] = "kubernetes"
    path.write_text(yaml.safe_dump(document))
    stack.run("up", "--yes", "--skip-preview")
    before = calico.find("bgppeers", "bgppeer-external")
    assert before is not None
    environment = changed(kubeconfig=str(path))
    assert "replace" not in stack.run("preview", "--diff", environment=environment).stdout
    stack.run("up", "--yes", "--skip-preview", environment=environment)
    stack.run("up", "--yes", "--skip-preview")
    after = calico.find("bgppeers", "bgppeer-external")
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
