"""Which of the machine's firewalls keep nodes out, or what is forwarded: the real nft and iptables.

Each in a network namespace of its own.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from components.bird.bird_config import bird_config, daemons
from components.bird.bird_router import router_script
from components.settings.settings import read_settings
from lab.debian import tools
from lab.layout import Layout
from tests.unit.example import values
from tests.unit.machine_script import script

NODES, BEHIND = "172.34.8.0/24", "10.50.0.0/16"
Chains = Callable[..., list[str]]
# Of firewalls that are asked by commands of their own there is none.
ALONE = "systemctl() { false; }\n"


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], str]:
    """Runs a shell text after the script's functions, with nft and iptables, in a namespace without rules."""
    unpacked = tools(Layout())
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "nft").symlink_to(unpacked.path("nft"))
    for name in ("iptables", "ip6tables"):
        (folder / name).symlink_to(unpacked.netfilter / name)

    def given(commands: str) -> str:
        whole = f"PATH={folder}:$PATH\nDELIVERED={tmp_path}\n{ALONE}{commands}\n"
        own = {**os.environ, **unpacked.environment()}
        text = router_script().removesuffix('main "$@"\n') + whole
        done = subprocess.run(
            ["unshare", "--net", "sh", "-c", text], cwd=tmp_path, env=own, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return given


@pytest.fixture
def chains(run: Callable[[str], str]) -> Chains:
    """The chains that are closed with these rules."""

    def closed(rules: str, hook: str = "input", family: int = 4, networks: str = NODES) -> list[str]:
        return run(f"{rules}\nclosed_chains {family} {hook} '{networks}'").splitlines()

    return closed


def nft(*rules: str, policy: str = "drop", hook: str = "input", more: str = "") -> str:
    """A table of nftables with one chain of these rules, after those that nearly all machines have."""
    usual = ("ct state established,related accept", 'iifname "lo" accept', "tcp dport 22 accept")
    text = "; ".join((*usual, "meta l4proto icmp accept", "udp dport 53 accept", *rules))
    chain = f"chain own {{ type filter hook {hook} priority 0; policy {policy}; {text}; }}\n"
    return f"nft -f - <<'end'\ntable inet mine {{\n{more}\n{chain}}}\nend\n"


def test_a_machine_without_rules_is_open(chains: Chains) -> None:
    assert chains("") == []


@pytest.mark.parametrize(
    "rules",
    [
        (),
        ("ip saddr 10.9.9.9 accept",),
        ("tcp dport { 80, 443 } accept",),
        ("tcp dport 180-1024 accept",),
        ("tcp sport 179 accept",),
    ],
)
def test_what_drops_all_that_no_rule_accepts_is_closed(chains: Chains, rules: tuple[str, ...]) -> None:
    assert chains(nft(*rules)) == ["inet mine own"]


@pytest.mark.parametrize(
    "rule",
    [
        "tcp dport 179 accept",
        "tcp dport { 22, 179 } accept",
        "tcp dport 1-1024 counter accept",
        f"ip saddr {NODES} tcp dport 179 ct state new accept",
        f"ip saddr {NODES} accept",
        'iifname "eth0" accept',
        "accept",
    ],
)
def test_a_rule_that_lets_the_nodes_in_opens_it(chains: Chains, rule: str) -> None:
    assert chains(nft(rule)) == []


@pytest.mark.parametrize(
    "last",
    ["drop", "reject", 'log prefix "no: " level info drop', "counter reject with icmpx admin-prohibited"],
)
def test_a_last_rule_that_drops_all_is_as_good_as_a_policy(chains: Chains, last: str) -> None:
    assert chains(nft(last, policy="accept")) == ["inet mine own"]


@pytest.mark.parametrize("rule", ["tcp dport 23 drop", "ip saddr 10.0.0.0/8 drop", "ct state invalid drop"])
def test_a_rule_that_drops_something_else_closes_nothing(chains: Chains, rule: str) -> None:
    assert chains(nft(rule, policy="accept")) == []


def test_a_rule_that_drops_bgp_closes_it(chains: Chains) -> None:
    assert chains(nft("tcp dport 179 drop", policy="accept")) == ["inet mine own"]


def test_chains_that_it_jumps_to_count_and_others_do_not(chains: Chains) -> None:
    opening = "chain other { tcp dport 179 accept; }"
    assert chains(nft("jump other", more=opening)) == []
    assert chains(nft(more=opening)) == ["inet mine own"]
    # As fail2ban does it.
    closing = "chain other { drop; }"
    assert chains(nft("tcp dport 22 jump other", policy="accept", more=closing)) == []
    assert chains(nft("jump other", policy="accept", more=closing)) == ["inet mine own"]


def test_a_table_of_the_other_family_counts_for_that_one(chains: Chains) -> None:
    rules = nft().replace("table inet", "table ip6").replace("meta l4proto icmp", "meta l4proto ipv6-icmp")
    assert chains(rules) == []
    assert chains(rules, family=6) == ["ip6 mine own"]


IPTABLES = (
    "iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT;"
    " iptables -A INPUT -p tcp --dport 22 -j ACCEPT;"
    " iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
)


@pytest.mark.parametrize(
    ("rule", "closed"),
    [
        ("true", True),
        ("iptables -A INPUT -s 10.9.9.9 -j ACCEPT", True),
        ("iptables -A FORWARD -p tcp --dport 179 -j ACCEPT", True),
        ("iptables -A INPUT -p tcp -m multiport --dports 22,170:180 -j ACCEPT", False),
        (f"iptables -A INPUT -s {NODES} -j ACCEPT", False),
        ("iptables -N own; iptables -A own -p tcp --dport 179 -j ACCEPT; iptables -A INPUT -j own", False),
    ],
)
def test_iptables_is_named_once_by_its_own_words(chains: Chains, rule: str, closed: bool) -> None:
    assert chains(IPTABLES + rule) == (["iptables INPUT"] if closed else [])


DOCKER = (
    "iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN;"
    " iptables -A FORWARD -j DOCKER-USER; iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT;"
    " iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
)


def test_what_docker_lets_through_for_itself_is_not_for_the_networks_behind_the_machine(
    chains: Chains,
) -> None:
    assert chains(DOCKER, "forward", networks=BEHIND) == ["iptables FORWARD"]
    rule = f"iptables -I DOCKER-USER -d {BEHIND} -j ACCEPT"
    assert chains(DOCKER + rule, "forward", networks=BEHIND) == []


@pytest.mark.parametrize(
    ("rules", "hook"),
    [
        (nft(), "input"),
        (IPTABLES, "input"),
        (nft(hook="forward"), "forward"),
        (DOCKER, "forward"),
        ("iptables -P FORWARD DROP", "forward"),
    ],
)
@pytest.mark.parametrize("networks", [BEHIND, f"{BEHIND} 10.51.0.0/16"])
def test_the_command_that_is_named_opens_it(
    run: Callable[[str], str], rules: str, hook: str, networks: str
) -> None:
    closed = f"closed_chains 4 {hook} '{networks}'"
    steps = f"""{rules}
{closed} >closed; read -r chain <closed
for_each "$(opening 4 {hook} $chain)" {networks} >cure
. ./cure
echo "closed: $({closed})"
(iptables -S; nft list table inet mine 2>/dev/null) | grep -c '10\\.5[01]\\.'
"""
    first, count = run(steps).splitlines()
    assert first == "closed: "
    assert int(count) == len(networks.split()) * (1 if hook == "input" else 2)


def test_addresses_and_networks_are_those_of_the_delivered_configuration(tmp_path: Path) -> None:
    both = {
        "machineAddress6": "2001:db8:8::45",
        "nodeNetwork6": "2001:db8:8::/64",
        "nodes": '["172.34.8.10", "2001:db8:8::10"]',
        "machineNetworks": f'["{BEHIND}", "2001:db8:50::/48"]',
        "podNetworks": '["192.168.0.0/16", "2001:db8:9::/48"]',
        "serviceNetworks": '["10.96.0.0/12", "2001:db8:10::/108"]',
        "advertise": "true",
    }
    for series, peers in (("2", "172.34.8.0/24 2001:db8:8::/64"), ("1.6", "172.34.8.10 2001:db8:8::10")):
        folder = tmp_path / series
        (folder / "own/etc").mkdir(parents=True)
        for service, text in daemons(bird_config(read_settings(values(**both, birdVersion=series)))).items():
            (folder / f"own/etc/{service}.conf").write_text(text)
        words = f"DELIVERED={folder}/own; for what in local peer behind; do echo $(of_delivered $what); done"
        assert script(words, folder).stdout.splitlines() == [
            "172.34.8.45 2001:db8:8::45",
            peers,
            f"{BEHIND} 2001:db8:50::/48",
        ]


def test_of_many_networks_ten_are_named(run: Callable[[str], str]) -> None:
    hosts = [f"172.34.8.{number}" for number in range(1, 13)]
    said = run(f"for_each 'open NET' {' '.join(hosts)}")
    shown = " ".join(hosts[:10])
    assert said == f"for net in {shown}; do open $net; done (and the same for 2 more)\n"
