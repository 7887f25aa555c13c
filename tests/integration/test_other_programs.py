"""Other programs on the machine: the routes are guarded, and what does harm is named with what cures it.

systemd-networkd, firewalls, Docker's rule, upgrades in the background, keepalived and NetworkManager.
"""

import time
from collections.abc import Iterator

import pytest

from lab.external import External
from lab.layout import Layout
from lab.routing import Routing
from tests.integration import other_programs as programs
from tests.integration.conftest import Changed, Stack, bird_routes, poll, with_settings
from tests.integration.delivered import Delivery
from tests.integration.other_programs import all_established, deviations, established, installed, sh

pytestmark = pytest.mark.extra("other-programs")


@pytest.fixture(scope="module")
def settings(
    module_stack: Stack, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of a verification that fails soon, where something cannot come; applied."""
    environment = with_settings(layout, tmp_path_factory.mktemp("quick"), verifyTimeout=10)
    up(module_stack, environment)
    yield environment
    module_stack.up("--refresh")


@pytest.fixture
def connected(settings: dict[str, str], machine: External) -> Iterator[External]:
    """The machine with all sessions and routes, before and after."""
    all_established(machine)
    yield machine
    poll("all routes to be there again", lambda: len(bird_routes(machine)) == 3)
    all_established(machine)
    assert deviations(machine) == []


def up(stack: Stack, environment: dict[str, str], *options: str) -> str:
    """What a `pulumi up` says."""
    return stack.run("up", "--yes", "--skip-preview", *options, environment=environment).stdout


def failing_up(stack: Stack, environment: dict[str, str], *options: str) -> str:
    """What an `up` says that has to fail."""
    done = stack.run("up", "--yes", "--skip-preview", *options, environment=environment, check=False)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_networkd_leaves_the_routes_alone_until_the_stack_goes(
    bare_stack: Stack, connected: External, settings: dict[str, str]
) -> None:
    with programs.networkd(connected):
        programs.reload_changed(connected)
        poll("systemd-networkd to remove the routes", lambda: not bird_routes(connected), 5)
        assert established(connected) == 4, "no session says anything of it"
        assert deviations(connected) == [
            "systemd-networkd runs on this machine and would remove BIRD's routes: no file sets"
            " ManageForeignRoutes=no"
        ]
        up(bare_stack, settings, "--refresh")
        poll("BIRD to put the routes back", lambda: len(bird_routes(connected)) == 3)
        programs.reload_changed(connected)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert len(bird_routes(connected)) == 3, "a route was removed"
        bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=settings)
        sh(connected, f"rm {programs.NETWORKD_FILE}")
        assert deviations(connected)[0] == f"{programs.NETWORKD_FILE} is gone"
        up(bare_stack, settings, "--refresh")
        assert deviations(connected) == []
        bare_stack.destroy()
        assert "networkd.conf.d" not in sh(connected, "find /etc/systemd")
        assert sh(connected, "systemctl is-active systemd-networkd") == "active\n"
    up(bare_stack, settings)


def test_what_the_administrator_says_of_foreign_routes_is_respected(connected: External) -> None:
    own = "/etc/systemd/networkd.conf.d/10-own.conf"
    with programs.networkd(connected):
        sh(
            connected,
            f"mkdir -p {own.rpartition('/')[0]}; printf '[Network]\\nManageForeignRoutes=yes\\n' >{own}",
        )
        try:
            done = Delivery(connected).run("guard")
            assert (
                "warning: systemd-networkd is configured to remove foreign routes, BIRD's among them"
                in done.stderr
            )
            assert (
                f"{own}: ManageForeignRoutes=yes. Nothing is changed there; set it to no" not in done.stdout
            )
            assert f"{own}:ManageForeignRoutes=yes, a file of another owner" in done.stderr
            assert sh(connected, f"ls {own.rpartition('/')[0]}") == "10-own.conf\n"
            assert deviations(connected) == []
        finally:
            sh(connected, f"rm -r {own.rpartition('/')[0]}")


FIREWALLS = {
    "ufw": ("ufw", "ufw allow 22/tcp && ufw --force enable", "(ufw, iptables, chain INPUT)"),
    "firewalld": (
        # Without the names of protocols there it ends, soon after it has begun.
        "firewalld netbase",
        "systemctl restart firewalld && firewall-cmd --state",
        "(firewalld, nftables, table inet firewalld, chain filter_INPUT)",
    ),
    "nftables": (
        "nftables",
        "nft 'table inet own { chain in { type filter hook input priority 0; policy drop;"
        ' ct state established,related accept; iifname "lo" accept; tcp dport 22 accept; icmpv6 type != 1'
        " accept; }; }'",
        "(nftables, table inet own, chain in)",
    ),
    "iptables": (
        "iptables nftables",
        "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT;"
        " iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT;"
        " iptables -A INPUT -j REJECT",
        "(iptables, chain INPUT)",
    ),
}


@pytest.mark.parametrize("name", FIREWALLS)
def test_a_firewall_that_keeps_the_nodes_out_is_named_with_the_command_that_opens_it(
    bare_stack: Stack, connected: External, settings: dict[str, str], name: str
) -> None:
    packages, close, words = FIREWALLS[name]
    with installed(connected, *packages.split(), "nftables"), programs.no_rules(connected):
        sh(connected, f"{close} && systemctl restart bird")
        poll("the sessions to be gone", lambda: established(connected) == 0)
        (line,) = deviations(connected)
        said, _, cure = line.partition(" lets no node in on TCP/179: ")
        assert said == f"no IPv4 session with a node is Established, and the firewall on this machine {words}"
        text = failing_up(bare_stack, settings, "--refresh")
        assert f"- the firewall on this machine {words} lets no node in on TCP/179: {cure}" in text
        sh(connected, cure)
        all_established(connected)
        assert deviations(connected) == []
        up(bare_stack, settings, "--refresh")


def test_dockers_rule_that_forwards_nothing_is_named_with_its_cure(
    bare_stack: Stack, connected: External, settings: dict[str, str], changed: Changed
) -> None:
    docker = (
        "-N DOCKER-USER; -A DOCKER-USER -j RETURN; -P FORWARD DROP; -A FORWARD -j DOCKER-USER;"
        " -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT;"
        " -A FORWARD -i docker0 ! -o docker0 -j ACCEPT; -A FORWARD -i docker0 -o docker0 -j ACCEPT"
    )
    environment = changed(machineNetworks=[programs.BEHIND], advertise=True)
    with (
        installed(connected, "iptables", "nftables"),
        programs.no_rules(connected),
        programs.forwarding(connected),
    ):
        assert "drops what is forwarded" not in up(bare_stack, environment)
        assert programs.passes(connected) == (True, True)
        for rule in docker.split("; "):
            sh(connected, f"iptables {rule}")
        assert programs.passes(connected) == (False, False)
        (line,) = deviations(connected)
        said, _, cure = line.partition(f" and from {programs.BEHIND} (calico-peering:advertise): ")
        assert said == ("the firewall on this machine (iptables, chain FORWARD) drops what is forwarded to")
        # The sessions are Established, so it is a warning.
        assert f"warning: {line}" in up(bare_stack, environment, "--refresh")
        assert "iptables -I DOCKER-USER" in cure
        sh(connected, cure)
        assert programs.passes(connected) == (True, True)
        assert deviations(connected) == []
    up(bare_stack, settings)


def test_an_upgrade_in_the_background_loses_no_route_and_is_no_deviation(
    connected: External, routing: Routing
) -> None:
    """The package stops BIRD and starts it again; what looks at the machine meanwhile waits for it."""
    with programs.later_bird(connected) as archive:
        steps = f"dpkg --install {archive}; dpkg --install {archive}"
        sh(connected, f"systemd-run --quiet --collect --unit=upgrade sh -c '{steps}'")
        looks = 0
        while sh(connected, "systemctl is-active upgrade || :").strip() in ("active", "activating"):
            assert deviations(connected) == []
            assert routing.full()
            looks += 1
        assert looks
        assert programs.bird_package(connected) == "2.0.12-7+later1"
        all_established(connected)
        assert deviations(connected) == []


def test_a_look_while_the_package_is_exchanged_waits_for_bird(connected: External) -> None:
    """As when many packages come at once, and BIRD is stopped for as long as all of them are unpacked."""
    steps = "systemctl stop bird; sleep 4; systemctl start bird"
    sh(connected, "cp /bin/sh /run/dpkg")
    sh(connected, f"systemd-run --quiet --collect --unit=exchange /run/dpkg -c '{steps}'")
    try:
        poll("BIRD to be stopped", lambda: sh(connected, "systemctl is-active bird || :") == "inactive\n", 3)
        assert deviations(connected) == []
    finally:
        sh(connected, "systemctl start bird; rm /run/dpkg")


def test_an_upgrade_of_a_pinned_package_shows_and_is_taken_back(
    bare_stack: Stack, connected: External, settings: dict[str, str], changed: Changed
) -> None:
    environment = changed(birdPackageVersion="2.0.12-7")
    up(bare_stack, environment)
    assert deviations(connected) == []
    with programs.later_bird(connected) as archive:
        sh(connected, f"dpkg --install {archive}")
        (line,) = deviations(connected)
        assert line == (
            "bird2 is 2.0.12-7+later1, not 2.0.12-7 (calico-peering:birdPackageVersion);"
            " `apt-mark hold bird2` keeps upgrades in the background from it"
        )
        up(bare_stack, environment, "--refresh")
        assert programs.bird_package(connected) == "2.0.12-7"
    up(bare_stack, settings)


def test_an_address_that_keepalived_took_away_is_named(connected: External) -> None:
    with installed(connected, "keepalived"):
        sh(connected, "cat >/etc/keepalived/keepalived.conf", programs.KEEPALIVED)
        try:
            sh(connected, "systemctl restart keepalived")
            poll("the address to be gone", lambda: "172.34.8.45" not in sh(connected, "ip -4 address"), 5)
            (line,) = deviations(connected)
            assert line == (
                "172.34.8.45 is not an address of this machine (any more): fd00:172:34:8::45/64."
                " Did keepalived or another program move it away?"
            )
            verify = "address 172.34.8.45\nas 65112\ntimeout 2\nnode 172.34.8.10\n"
            done = Delivery(connected).run("verify", verify, check=False)
            assert f"- {line}" in done.stderr
        finally:
            sh(connected, "systemctl stop keepalived; rm /etc/keepalived/keepalived.conf")
            programs.readdress(connected)
    all_established(connected)
    assert deviations(connected) == []


def test_networkmanager_keeps_the_routes_but_for_a_connection_that_is_begun_anew(
    connected: External, routing: Routing
) -> None:
    profile = (
        "nmcli connection add type ethernet ifname eth0 con-name own"
        " ipv4.method manual ipv4.addresses 172.34.8.45/24"
        " ipv6.method manual ipv6.addresses fd00:172:34:8::45/64"
    )
    with installed(connected, "network-manager"):
        try:
            sh(connected, f"{profile} && nmcli connection up own")
            routing.within(20, "all sessions and routes", routing.settled)
            for change in (
                "nmcli connection modify own ipv4.routes '10.77.0.0/16 172.34.8.10'",
                "nmcli device reapply eth0",
                "systemctl restart NetworkManager",
            ):
                sh(connected, change)
                end = time.monotonic() + 2
                while time.monotonic() < end:
                    assert routing.settled(), change
            assert deviations(connected) == []
        finally:
            sh(connected, "nmcli connection delete own; systemctl stop NetworkManager; ip link set eth0 up")
            programs.readdress(connected)
