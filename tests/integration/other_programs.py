"""Programs that change a machine's network beside BIRD, really run on the lab's external machine for a while.

Helpers of the tests about them, no tests. Each leaves the machine as it was.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lab.external import External
from lab.site import HOSTS, HOSTS6, PEER
from tests.integration.conftest import Stack, plain, poll
from tests.integration.delivered import Delivery

NETWORKD_FILE = "/etc/systemd/networkd.conf.d/90-calico-peering.conf"
NETWORK_FILE = "/etc/systemd/network/10-eth0.network"
# Both addresses; of IPv4 as the lab itself sets it, without a broadcast address.
NETWORK = f"""\
[Match]
Name=eth0
[Network]
IPv6AcceptRA=no
Address={HOSTS6[PEER]}/64
[Address]
Address={HOSTS[PEER]}/24
Broadcast=no
"""
BEHIND = "10.50.0.0/16"
KEEPALIVED = f"""\
vrrp_instance moved {{
  state BACKUP
  interface eth0
  virtual_router_id 7
  priority 100
  virtual_ipaddress {{
    {HOSTS[PEER]}/24
  }}
}}
"""


def sh(machine: External, script: str, stdin: str = "") -> str:
    """What a shell on the machine prints; it has to succeed."""
    return Delivery(machine).sh(script, stdin).stdout


def readdress(machine: External) -> None:
    """Give the machine its addresses as the lab does."""
    sh(
        machine,
        "ip address flush dev eth0 scope global; ip link set eth0 addrgenmode eui64;"
        f" ip address add {HOSTS[PEER]}/24 dev eth0; ip address add {HOSTS6[PEER]}/64 dev eth0 nodad",
    )


@contextmanager
def installed(machine: External, *names: str) -> Iterator[None]:
    """The packages, and what they need; what came with them goes again."""
    packages = "dpkg-query -W -f '${Package}\\n' | sort"
    had = set(sh(machine, packages).split())
    quiet = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends"
    sh(machine, f"apt-get update -qq && {quiet} install {' '.join(names)} 2>&1")
    try:
        yield
    finally:
        came = " ".join(sorted(set(sh(machine, packages).split()) - had))
        sh(
            machine,
            f"DEBIAN_FRONTEND=noninteractive apt-get -qq -y purge {came} 2>&1; systemctl daemon-reload",
        )


@contextmanager
def networkd(machine: External) -> Iterator[None]:
    """systemd-networkd has the machine's network."""
    sh(
        machine,
        f"mkdir -p /etc/systemd/network; cat >{NETWORK_FILE}; systemctl start systemd-networkd",
        NETWORK,
    )
    try:
        yield
    finally:
        sh(machine, f"systemctl stop systemd-networkd.socket systemd-networkd; rm -f {NETWORK_FILE}")
        readdress(machine)


def reload_changed(machine: External) -> None:
    """Have networkd read a file that somebody changed, as `netplan apply` does."""
    sh(machine, f"echo '# changed' >>{NETWORK_FILE}; networkctl reload")


@contextmanager
def no_rules(machine: External) -> Iterator[None]:
    """A block after which no rule of a firewall is left, and nothing forwarded more than before."""
    try:
        yield
    finally:
        sh(machine, "nft flush ruleset")


@contextmanager
def forwarding(machine: External) -> Iterator[None]:
    """A host behind the machine (10.50.0.2) and one elsewhere (10.60.0.2), each in a network of its own."""
    make = "\n".join(
        f"ip netns add {name}; ip link add {name} type veth peer name eth0 netns {name};"
        f" ip link set {name} up;"
        f" ip address add 10.{number}.0.1/16 dev {name}; ip -n {name} link set eth0 up;"
        f" ip -n {name} address add 10.{number}.0.2/16 dev eth0;"
        f" ip -n {name} route add default via 10.{number}.0.1"
        for name, number in (("behind", 50), ("elsewhere", 60))
    )
    try:
        sh(machine, make)
        yield
    finally:
        sh(machine, "for name in behind elsewhere; do ip link del $name; ip netns del $name; done")


def passes(machine: External) -> tuple[bool, bool]:
    """Whether a packet is passed on to the host behind the machine, and one from there."""
    ping = "ping -c 1 -W 1 -q"
    asked = (("elsewhere", "10.50.0.2"), ("behind", "10.60.0.2"))
    to, out = (
        Delivery(machine).sh(f"ip netns exec {name} {ping} {host}", check=False).returncode == 0
        for name, host in asked
    )
    return to, out


def bird_package(machine: External) -> str:
    """The version of BIRD's package."""
    return sh(machine, "dpkg-query -W -f '${Version}' bird2")


@contextmanager
def later_bird(machine: External) -> Iterator[str]:
    """The path of a package of BIRD like the lab's but for its version; at last the lab's is there again."""
    folder, before = "/tmp/later", "/opt/repository/bird2_*.deb"
    later = f"sed -i 's/^Version: .*/&+later1/' {folder}/DEBIAN/control"
    sh(machine, f"dpkg-deb -R {before} {folder} && {later} && dpkg-deb -b {folder} {folder}.deb")
    try:
        yield f"{folder}.deb"
    finally:
        sh(machine, f"dpkg --force-downgrade --install {before} 2>&1; rm -r {folder} {folder}.deb")


def deviations(machine: External) -> list[str]:
    """What the script says is not as it was left."""
    lines = Delivery(machine).run("drift").stdout.splitlines()
    assert lines[-1] == "calico-peering: looked", lines
    return [line.removeprefix("calico-peering: deviation ") for line in lines[1:-1]]


def refreshed(stack: Stack, environment: dict[str, str]) -> str:
    """What a refreshed preview shows."""
    return plain(stack.run("preview", "--refresh", "--diff", environment=environment).stdout)


def established(machine: External) -> int:
    """How many sessions are Established."""
    text = machine.run("birdc", "show", "protocols", check=False).stdout
    return len(re.findall("Established *$", text, re.MULTILINE))


def all_established(machine: External) -> None:
    """Wait until the sessions with the four nodes are."""
    poll("all sessions to be Established", lambda: established(machine) == 4)
