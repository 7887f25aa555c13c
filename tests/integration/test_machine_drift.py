"""What somebody changes on the machine shows in a refreshed preview and is repaired by the next up."""

import pytest

from lab.external import External
from tests.integration.conftest import Stack, bird_routes, plain, poll

HASH = "/proc/sys/net/ipv4/fib_multipath_hash_policy"
SYSCTL_FILE = "/etc/sysctl.d/90-calico-peering.conf"
CONFIGURATION = "/etc/bird/bird.conf"


def seen(stack: Stack) -> str:
    """The refreshed preview, which has to show something, and touches nothing."""
    done = stack.preview("--refresh", "--expect-no-changes", check=False)
    assert done.returncode != 0, "the refreshed preview shows no change"
    assert "Traceback" not in done.stdout + done.stderr
    return plain(done.stdout)


@pytest.mark.main_path
def test_what_was_changed_by_hand_is_shown_line_by_line_and_repaired(stack: Stack, machine: External) -> None:
    edit = 's/hold time 9;/hold time 240;/; $a # password "of somebody"'
    machine.run("sed", "-i", edit, CONFIGURATION)
    machine.run("chmod", "0644", CONFIGURATION)
    machine.run("sh", "-c", f"echo 0 >{HASH}; rm {SYSCTL_FILE}; systemctl disable --now bird")
    text = seen(stack)
    for line in (
        f'"{CONFIGURATION} has mode and owner 644 root:bird, not 640 root:bird"',
        f'"{CONFIGURATION} was changed:"',
        '" delivered | hold time 9;"',
        '" found | hold time 240;"',
        '" found | # password \\"[not shown]"',
        f'"{SYSCTL_FILE} is gone"',
        '"bird.service is inactive, not active"',
        '"bird.service is disabled, not enabled: it would not start at boot"',
        '"the kernel\'s parameter net.ipv4.fib_multipath_hash_policy is 0, not 1"',
    ):
        assert line in text
    assert "somebody" not in text
    assert "240" in machine.run("cat", CONFIGURATION).stdout
    stack.up("--refresh")
    assert "hold time 9;" in machine.run("cat", CONFIGURATION).stdout
    assert machine.run("stat", "-c", "%a %U:%G", CONFIGURATION).stdout == "640 root:bird\n"
    assert machine.run("cat", HASH).stdout == "1\n"
    assert machine.run("systemctl", "is-active", "bird").stdout == "active\n"
    assert machine.run("systemctl", "is-enabled", "bird").stdout == "enabled\n"
    poll("the routes to come back", lambda: len(bird_routes(machine)) == 3)
    stack.run("preview", "--refresh", "--expect-no-changes")


def test_the_kernels_parameters_are_those_of_the_next_boot_too(stack: Stack, machine: External) -> None:
    machine.run("sh", "-c", f"echo 0 >{HASH}; echo 1 >/proc/sys/net/ipv4/conf/eth0/accept_redirects")
    # What sets them at boot.
    machine.run("systemctl", "restart", "systemd-sysctl")
    stack.run("preview", "--refresh", "--expect-no-changes")


def test_a_machine_that_cannot_be_looked_at_is_told_and_fails_no_preview(
    stack: Stack, machine: External
) -> None:
    machine.run("systemctl", "stop", "ssh")
    try:
        stack.run("preview", "--expect-no-changes")
        text = seen(stack)
    finally:
        machine.run("systemctl", "start", "ssh")
    assert "the machine could not be looked at: root@172.34.8.45 port 22 was not reached: conn" in text
