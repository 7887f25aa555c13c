"""A bastion for the tests: Debian's sshd in the network of one of the cluster's nodes.

It has a root of its own above the cached Debian, and a login that may forward TCP connections and nothing
else. The external machine answers the management host no more while it is there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.external import External, KeyPair
from lab.hosts import Host
from lab.layout import Layout
from lab.machine import Machine, write_file
from lab.parts import Parts
from lab.site import HOSTS, MGMT, NODES
from lab.waiting import wait_for

USER, PORT = "hop", 2222
CONFIGURATION = f"""
Port {PORT}
HostKey /etc/ssh/bastion_key
AuthorizedKeysFile /etc/ssh/authorized_keys
UsePAM no
PasswordAuthentication no
AllowUsers {USER}
PermitTTY no
ForceCommand /usr/sbin/nologin
PidFile none
"""


@dataclass(frozen=True)
class Bastion:
    """Where it is and what is needed to log in."""

    host: str
    host_key: str
    """Public."""
    login_key: str
    """Private."""
    log: Path
    began: int
    """What is before that in the log is of another one's."""

    def forwarded(self) -> int:
        """How many connections it was asked for."""
        return self.log.read_text()[self.began :].count("Accepted publickey for")


@contextmanager
def bastion(layout: Layout, machine: External) -> Iterator[Bastion]:
    """The only way to the machine, until the end."""
    node, address = next(iter(NODES.items()))
    host_key, login_key = KeyPair.new(), KeyPair.new()
    own = Machine(layout, Host("bastion", layout))
    own.mount(Parts.of_running(layout).debian)
    write_file(own.root / "etc/ssh/bastion_key", host_key.private, 0o600)
    write_file(own.root / "etc/ssh/authorized_keys", login_key.public + "\n", 0o644)
    write_file(own.root / "etc/ssh/bastion_config", CONFIGURATION, 0o644)
    with (own.root / "etc/passwd").open("a") as users:
        users.write(f"{USER}:*:1999:1999::/:/bin/sh\n")
    (own.root / "run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = layout.log / "bastion.log"
    began = len(log.read_text()) if log.exists() else 0
    service = Host(node, layout).start(
        "bastion", "chroot", str(own.root), "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/bastion_config"
    )
    machine.run("ip", "route", "add", "blackhole", str(HOSTS[MGMT]))
    try:
        listening = "Server listening"
        wait_for("the bastion", lambda: listening in log.read_text()[began:], 10, hint=service.tail)
        yield Bastion(str(address), host_key.public, login_key.private, log, began)
    finally:
        machine.run("ip", "route", "delete", "blackhole", str(HOSTS[MGMT]))
        service.stop()
        own.unmount()
