"""A delivery that the machine or BIRD does not let through: the old configuration runs on, the error says
why in BIRD's own words, and the next delivery finishes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from components.bird.bird_router import END
from tests.integration.conftest import poll
from tests.integration.delivered import PASSWORD_FILES, Delivery, Seen, configuration

OLD = Seen("old", "the old word", "old", "the old word")
NEW = Seen("new", "the new word", "new", "the new word")
LISTENER = """\
import socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("172.34.8.45", 1790))
listener.listen()
print("listens", flush=True)
listener.accept()
"""
TAKEN_PORT = """
protocol bgp taken {
  local 172.34.8.45 port 1790 as 65112;
  neighbor 172.34.8.10 as 64512;
  passive yes;
  ipv4 { import none; export none; };
}
"""
# bird -p runs as root, the daemon as user bird.
ROOTS_LOG = 'log "/root/only-for-root" all;\n'


@pytest.fixture
def delivery(installed: Delivery) -> Delivery:
    """The old configuration runs."""
    installed.deliver("old", "the old word")
    assert installed.settled() == OLD
    return installed


def refused(delivery: Delivery, text: str, password: str = "the new word") -> str:
    """Deliver; the error."""
    generation = delivery.stage(password)
    done = delivery.run(f"deliver bird {generation}", text + END, check=False)
    assert done.returncode != 0, done.stdout
    assert "the new word" not in done.stdout + done.stderr
    return done.stderr


def check_goes_on(delivery: Delivery) -> None:
    """The old one runs, and the new one can be delivered."""
    assert delivery.settled() == OLD
    assert ".calico-peering" not in " ".join(delivery.passwords())
    delivery.deliver("new", "the new word")
    assert delivery.settled() == NEW


@contextmanager
def full(delivery: Delivery, folder: str) -> Iterator[None]:
    """The folder is a file system without a free byte."""
    filled = f"{folder}.full"
    delivery.sh(
        f"mkdir {filled}; mount -t tmpfs -o size=256k,mode=0755 none {filled}; cp -a {folder}/. {filled};"
        f" chown --reference={folder} {filled}; mount --bind {filled} {folder};"
        f" cat /dev/zero >{folder}/filling 2>/dev/null || :"
    )
    try:
        yield
    finally:
        delivery.sh(f"umount {folder}; umount {filled}; rmdir {filled}")


@pytest.mark.parametrize("folder", ["/etc/bird", "/var/lib/calico-peering"])
def test_a_full_disk_changes_nothing_and_is_told(delivery: Delivery, folder: str) -> None:
    with full(delivery, folder):
        done = delivery.deliver("new", "the new word", check=False)
        assert done.returncode != 0
        assert "No space left on device" in done.stderr
        assert "still in use" in done.stderr, done.stderr
        assert delivery.settled() == OLD
    check_goes_on(delivery)


def test_a_configuration_that_fills_the_disk_changes_nothing(delivery: Delivery) -> None:
    generation = delivery.stage("the new word")
    with full(delivery, "/etc/bird"):
        done = delivery.run(f"deliver bird {generation}", configuration("new") + END, check=False)
        assert "could not be written to /etc/bird" in done.stderr
        assert delivery.seen() == OLD
    check_goes_on(delivery)


def test_what_bird_refuses_is_shown_with_the_lines_around(delivery: Delivery) -> None:
    text = configuration("new").replace("protocol device { }", "protocol device { nonsense; }")
    error = refused(delivery, text)
    assert "BIRD refuses the new configuration; the old one is still in use. It says:" in error
    assert ":4:19 syntax error" in error
    assert "  >   4  protocol device { nonsense; }" in error
    assert f'      3  include "{PASSWORD_FILES}.' in error
    check_goes_on(delivery)


def test_what_bird_refuses_of_the_passwords_file_is_not_shown(delivery: Delivery) -> None:
    generation = delivery.stage("the new word")
    file = f"{PASSWORD_FILES}.{generation}"
    delivery.sh(f"echo 'define PASSWORD = the new word;' >{file}")
    done = delivery.run(f"deliver bird {generation}", configuration("new") + END, check=False)
    assert f"the password's file {file} is not one that BIRD can read" in done.stderr
    assert "word;" not in done.stderr and "syntax" not in done.stderr
    delivery.sh(f"rm {file}")
    check_goes_on(delivery)


def test_a_password_that_is_not_there_any_more_is_told_with_what_to_do(delivery: Delivery) -> None:
    generation = delivery.stage("the new word")
    delivery.sh(f"rm {PASSWORD_FILES}.{generation}")
    done = delivery.run(f"deliver bird {generation}", configuration("new") + END, check=False)
    assert f"{PASSWORD_FILES}.{generation} is not there" in done.stderr
    assert "pulumi up --replace" in done.stderr
    check_goes_on(delivery)


def test_a_daemon_that_refuses_what_the_check_took_goes_on_with_the_old_one(delivery: Delivery) -> None:
    error = refused(delivery, configuration("new", ROOTS_LOG))
    assert "did not take the new configuration over; the previous one is back in its place" in error
    assert "Unable to open log file '/root/only-for-root': Permission denied" in error
    check_goes_on(delivery)
    delivery.sh("rm -f /root/only-for-root")


def test_a_protocol_that_cannot_begin_is_an_error_and_the_old_one_runs(delivery: Delivery) -> None:
    delivery.sh("cat >/run/listener.py; systemd-run --unit=listener python3 /run/listener.py", LISTENER)
    # The journal has the listener of a run before as well.
    this_one = "_SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID listener)"
    listening = f"journalctl {this_one} -o cat | grep -q listens"
    poll("the listener", lambda: delivery.sh(listening, check=False).returncode == 0)
    try:
        error = refused(delivery, configuration("new", TAKEN_PORT))
        assert "BIRD took the configuration, but not all of it runs:" in error
        assert "taken" in error and "Address already in use" in error
    finally:
        delivery.sh("systemctl stop listener; rm /run/listener.py")
    check_goes_on(delivery)


def test_a_daemon_that_was_stopped_and_does_not_start_stays_with_the_old_one(delivery: Delivery) -> None:
    delivery.sh("systemctl stop bird")
    error = refused(delivery, configuration("new", ROOTS_LOG))
    assert "BIRD did not start." in error
    assert delivery.seen().file_mark == "old"
    delivery.sh("systemctl reset-failed bird; systemctl start bird; rm -f /root/only-for-root")
    check_goes_on(delivery)


def test_the_password_is_the_daemons_to_read_and_nobody_elses(delivery: Delivery) -> None:
    [mode] = delivery.sh(f"stat -c '%a %U:%G' {PASSWORD_FILES}.*").stdout.splitlines()
    assert mode == "640 root:bird"
    reads = "find /proc/[0-9]*/cmdline /proc/[0-9]*/environ /run/systemd /var/log -type f"
    assert not delivery.sh(f"{reads} -exec grep -l '[t]he old word' {{}} + 2>/dev/null", check=False).stdout


def test_restarts_recover_and_a_start_with_nothing_to_recover_does_not(delivery: Delivery) -> None:
    graceful = configuration("new").replace(
        "  password PASSWORD;", "  password PASSWORD;\n  graceful restart yes;"
    )
    delivery.run(f"deliver bird {delivery.stage('the new word')}", graceful + END)
    arguments = "tr '\\0' ' ' </proc/$(systemctl show -P MainPID bird)/cmdline"
    delivery.sh("ip route flush proto bird; systemctl restart bird")
    assert "-R" not in delivery.sh(arguments).stdout.split()
    delivery.sh("ip route add blackhole 203.0.113.0/24 proto bird metric 32; systemctl restart bird")
    assert "-R" in delivery.sh(arguments).stdout.split()
    assert "-u bird -g bird" in delivery.sh(arguments).stdout
    assert "on-abort" in delivery.sh("systemctl show -P Restart bird").stdout
    delivery.sh("ip route flush proto bird")
    delivery.run("restore bird")
    assert "calico-peering" not in delivery.sh("systemctl cat bird; ls /etc/systemd/system").stdout
