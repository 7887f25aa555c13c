"""What a reviewer sees in a pull request when a setting changes, and that it is applied in place."""

from lab.external import External
from tests.integration.conftest import Changed, Stack, bird_routes


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
