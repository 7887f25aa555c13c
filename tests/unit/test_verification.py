"""What the machine's script says about sessions and routes, from the texts of birdc and ip."""

import os
import subprocess
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.bird.bird_router import router_script
from lab.debian import tools
from lab.layout import Layout

NODES = ("172.34.8.10", "172.34.8.30")
EXPECTED = (
    "address 172.34.8.45\nas 65112\ntimeout 9\nnode 172.34.8.10\nnode 172.34.8.30\n"
    "service 10.96.0.0/12\npod 192.168.0.0/16\nafter 0123\n"
)
PARENT = "calico BGP --- start 06:41 Passive\n  BGP state:          Passive\n"


def session(name: str, node: str, state: str = "Established", error: str = "") -> str:
    text = f"{name}    BGP  ---  up  06:41:28.352  {state}\n  BGP state:          {state}\n"
    text += f"    Neighbor address: {node}\n    Neighbor AS:      64512\n"
    return text + (f"    Last error:       {error}\n" if error else "")


def route(prefix: str, *hops: str) -> str:
    if len(hops) == 1:
        return f"{prefix} via {hops[0]} dev eth0 metric 32 \n"
    lines = [f"\tnexthop via {hop} dev eth0 weight 1 \n" for hop in hops]
    return f"{prefix} metric 32 \n" + "".join(lines)


SESSIONS = PARENT + session("calico1", NODES[1]) + session("calico2", NODES[0])
SERVICES = route("10.96.0.0/12", *NODES)
PODS = route("192.168.204.0/26", *NODES)


def judged(
    folder: Path,
    sessions: str,
    routes: str,
    expected: str = EXPECTED,
    routes6: str = "",
    aliases: str = "",
) -> list[str]:
    """The lines of the verdict."""
    files = {"expected": expected, "protocols": sessions, "aliases": aliases}
    for name, text in {**files, "routes": routes, "routes6": routes6}.items():
        (folder / name).write_text(text)
    # The functions without the line that starts them.
    script = router_script().removesuffix('main "$@"\n') + "judge expected protocols aliases .\n"
    command = ["sh", "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def missing(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("missing ")]


def test_nothing_is_missing_when_everything_stands(tmp_path: Path) -> None:
    assert judged(tmp_path, SESSIONS, SERVICES + PODS) == [
        "session 172.34.8.10 Established calico2",
        "session 172.34.8.30 Established calico1",
        "route 10.96.0.0/12 172.34.8.10 172.34.8.30",
        "route 192.168.204.0/26 172.34.8.10 172.34.8.30",
    ]


def test_any_next_hop_will_do_for_pods_where_each_block_has_its_own_node(tmp_path: Path) -> None:
    one = route("192.168.204.0/26", NODES[1])
    assert missing(judged(tmp_path, SESSIONS, SERVICES + one)) == [
        "missing next hops of 192.168.204.0/26 (pod network 192.168.0.0/16): 172.34.8.10"
    ]
    expected = EXPECTED + "pod_next_hops one\n"
    assert missing(judged(tmp_path, SESSIONS, SERVICES + one, expected)) == []
    [line] = missing(judged(tmp_path, SESSIONS, SERVICES, expected))
    assert line.startswith("missing route into the pod network 192.168.0.0/16")


def test_nodes_that_never_came_are_told_in_one_line(tmp_path: Path) -> None:
    lines = judged(tmp_path, PARENT, SERVICES + PODS)
    assert lines[0] == "session 172.34.8.10 None -"
    [line] = missing(lines)
    assert line.startswith("missing session with 172.34.8.10, 172.34.8.30:")
    assert "TCP/179" in line
    assert "peerIP 172.34.8.45 and asNumber 65112" in line


def test_a_session_that_fails_is_told_with_birds_words(tmp_path: Path) -> None:
    failing = session("calico1", NODES[1], "Active", "Received: Bad peer AS")
    [line] = missing(judged(tmp_path, failing + session("calico2", NODES[0]), SERVICES + PODS))
    assert line.startswith("missing session with 172.34.8.30: BIRD says Active, Received: Bad")


def test_an_old_session_beside_the_new_one_does_not_count(tmp_path: Path) -> None:
    for order in (("Established", "Down"), ("Down", "Established")):
        both = session("calico1", NODES[0], order[0]) + session("calico3", NODES[0], order[1])
        assert not missing(judged(tmp_path, both + session("calico2", NODES[1]), SERVICES + PODS))


def test_a_missing_next_hop_is_named(tmp_path: Path) -> None:
    lines = judged(tmp_path, SESSIONS, route("10.96.0.0/12", NODES[0]) + PODS)
    [line] = missing(lines)
    assert line.startswith("missing next hops of 10.96.0.0/12: 172.34.8.30. Do these nodes")


def test_a_node_that_announces_no_services_is_missed_for_pods_alone(tmp_path: Path) -> None:
    expected = EXPECTED + f"announces_none {NODES[1]}\n"
    alone = route("10.96.0.0/12", NODES[0])
    assert not missing(judged(tmp_path, SESSIONS, alone + PODS, expected))
    [line] = missing(judged(tmp_path, SESSIONS, alone + route("192.168.204.0/26", NODES[0]), expected))
    assert line == "missing next hops of 192.168.204.0/26 (pod network 192.168.0.0/16): 172.34.8.30"
    [line] = missing(judged(tmp_path, SESSIONS, route("10.96.0.0/12", NODES[1]) + PODS, expected))
    assert line.startswith("missing next hops of 10.96.0.0/12: 172.34.8.10.")


def test_only_the_exact_service_network_counts(tmp_path: Path) -> None:
    [line] = missing(judged(tmp_path, SESSIONS, route("10.96.0.0/13", *NODES) + PODS))
    assert line.startswith("missing route to the service network 10.96.0.0/12:")


def test_one_whole_prefix_in_the_pod_network_is_enough(tmp_path: Path) -> None:
    partial = route("192.168.0.0/26", NODES[0])
    # awk has no order of its own, so the whole one must be found among many.
    many = "".join(route(f"192.168.{block}.0/26", NODES[0]) for block in range(20)) + PODS
    many += "".join(route(f"192.168.{block}.64/26", NODES[0]) for block in range(20))
    assert not missing(judged(tmp_path, SESSIONS, SERVICES + many))
    [line] = missing(judged(tmp_path, SESSIONS, SERVICES + partial))
    assert line == "missing next hops of 192.168.0.0/26 (pod network 192.168.0.0/16): 172.34.8.30"


def test_prefixes_beside_or_around_the_pod_network_do_not_count(tmp_path: Path) -> None:
    others = [route(net, *NODES) for net in ("192.169.0.0/26", "192.168.0.0/15", "default")]
    [line] = missing(judged(tmp_path, SESSIONS, SERVICES + "".join(others)))
    assert line.startswith("missing route into the pod network 192.168.0.0/16:")


def test_a_host_route_is_inside_the_pod_network(tmp_path: Path) -> None:
    assert not missing(judged(tmp_path, SESSIONS, SERVICES + route("192.168.204.2", *NODES)))


NODES6 = ("2001:db8:8::10", "2001:db8:8:0:0:0:1:30")
LINK_LOCAL = ("fe80::f816:3eff:fe22:80a", "fe80::f816:3eff:fe22:81e")
DUAL = (
    EXPECTED + "address 2001:db8:8::45\nnode 2001:db8:8::10\nnode 2001:db8:8::1:30\n"
    "service fd00:10:96::/108\npod fd00:10:244::/56\n"
)
SESSIONS6 = session("calico6_1", NODES6[0]) + session("calico6_2", NODES6[1] + "%eth0")
SERVICES6 = route("fd00:10:96::/108", *NODES6)
PODS6 = route("fd00:10:244:0:c0:ffee::/122", *NODES6)


def test_both_families_stand_side_by_side(tmp_path: Path) -> None:
    lines = judged(tmp_path, SESSIONS + SESSIONS6, SERVICES + PODS, DUAL, routes6=SERVICES6 + PODS6)
    assert not missing(lines)
    assert "session 2001:db8:8::1:30 Established calico6_2" in lines
    assert f"route fd00:10:96::/108 {NODES6[0]} {NODES6[1]}" in lines


def test_a_family_that_lacks_does_not_hide_behind_the_other(tmp_path: Path) -> None:
    lines = missing(judged(tmp_path, SESSIONS + PARENT, SERVICES + PODS, DUAL))
    assert len(lines) == 3
    assert "2001:db8:8::10, 2001:db8:8::1:30" in lines[0]
    assert "peerIP 2001:db8:8::45 and" in lines[0]
    assert lines[1].startswith("missing route to the service network fd00:10:96::/108:")
    assert lines[2].startswith("missing route into the pod network fd00:10:244::/56:")


@pytest.mark.parametrize(
    ("prefix", "inside"),
    [
        ("fd00:10:244::/56", True),
        ("fd00:10:244:ff::/64", True),
        ("fd00:10:244:ff:ffff:ffff:ffff:ffff", True),
        ("fd00:10:244:100::/64", False),
        ("fd00:10:244::/55", False),
        ("fd00:10:243:ffff::/64", False),
        ("::/0", False),
    ],
)
def test_a_prefix_of_ipv6_is_inside_by_its_bits(tmp_path: Path, prefix: str, inside: bool) -> None:
    lines = judged(tmp_path, SESSIONS + SESSIONS6, SERVICES + PODS, DUAL, SERVICES6 + route(prefix, *NODES6))
    assert [line.split(":")[0] for line in missing(lines)] == ["missing route into the pod network fd00"] * (
        not inside
    )


@given(
    network=st.ip_addresses(v=6).flatmap(
        lambda address: st.integers(0, 128).map(lambda size: IPv6Network((address, size), strict=False))
    ),
    address=st.ip_addresses(v=6),
    size=st.integers(0, 128),
    near=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_inside_is_what_python_says_it_is(
    network: IPv6Network, address: IPv6Address, size: int, near: bool
) -> None:
    # Close to the network, since nothing is inside it by chance.
    first = IPv6Address(int(network.network_address) | (int(address) & int(network.hostmask)))
    prefix = IPv6Network((first if near else address, size), strict=False)
    expected = f"address ::1\nas 65112\nnode {NODES6[0]}\npod {network}\n"
    with TemporaryDirectory() as folder:
        lines = judged(
            Path(folder), session("a", NODES6[0]), "", expected, routes6=route(str(prefix), NODES6[0])
        )
    assert (not missing(lines)) == prefix.subnet_of(network)


def test_a_link_local_next_hop_counts_for_the_node_that_told_it(tmp_path: Path) -> None:
    routes = "".join(
        f"{prefix} metric 32 pref medium\n"
        + "".join(f"\tnexthop via {hop} dev eth0.8 weight 1 \n" for hop in LINK_LOCAL)
        for prefix in ("fd00:10:96::/108", "fd00:10:244::/64")
    )
    told = f"BGP.next_hop: {NODES6[0]} {LINK_LOCAL[0]}\n"
    both = told + f"BGP.next_hop: {NODES6[1]} {LINK_LOCAL[1]}\n"
    sessions = SESSIONS + SESSIONS6
    lines = judged(tmp_path, sessions, SERVICES + PODS, DUAL, routes, both)
    assert not missing(lines)
    assert f"route fd00:10:244::/64 {LINK_LOCAL[0]}%eth0.8 {LINK_LOCAL[1]}%eth0.8" in lines
    lines = missing(judged(tmp_path, sessions, SERVICES + PODS, DUAL, routes, told))
    assert [line.split(". Do")[0] for line in lines] == [
        "missing next hops of fd00:10:96::/108: 2001:db8:8::1:30",
        "missing next hops of fd00:10:244::/64 (pod network fd00:10:244::/56): 2001:db8:8::1:30",
    ]


def test_a_listed_node_that_never_came_is_told_like_any_other(tmp_path: Path) -> None:
    waiting = session("calico_172_34_8_10", NODES[0], "Passive") + session("b", NODES[1])
    [line] = missing(judged(tmp_path, waiting, SERVICES + PODS))
    assert line.startswith("missing session with 172.34.8.10: BIRD has heard nothing from there.")


def many(count: int) -> tuple[str, ...]:
    return tuple(f"172.34.{8 + i // 200}.{i % 200 + 1}" for i in range(count))


def limited(nodes: tuple[str, ...]) -> str:
    return "address 172.34.8.245\nas 65112\nlimit 255\nservice 10.96.0.0/12\npod 192.168.0.0/16\n" + "".join(
        f"node {node}\n" for node in nodes
    )


def test_more_nodes_than_next_hops_fit_into_a_route(tmp_path: Path) -> None:
    nodes = many(500)
    sessions = "".join(session(f"calico{i}", node) for i, node in enumerate(nodes))
    pods = route("192.168.0.0/26", *nodes[:255])
    assert not missing(
        judged(tmp_path, sessions, route("10.96.0.0/12", *nodes[100:355]) + pods, limited(nodes))
    )
    [line] = missing(judged(tmp_path, sessions, route("10.96.0.0/12", *nodes[:200]) + pods, limited(nodes)))
    assert "10.96.0.0/12: it has 200 of the 255 that BIRD puts into one route" in line


def test_of_many_that_lack_ten_are_named(tmp_path: Path) -> None:
    nodes = many(255)
    pods = route("192.168.0.0/26", *nodes)
    lines = missing(judged(tmp_path, PARENT, route("10.96.0.0/12", nodes[0]) + pods, limited(nodes)))
    assert lines[0].startswith("missing session with 172.34.8.1, 172.34.8.2,")
    assert "172.34.8.10 and 245 more: BIRD" in lines[0]
    assert "172.34.8.11 and 244 more. Do these" in lines[1]


def test_a_route_that_leads_nowhere_has_no_next_hop(tmp_path: Path) -> None:
    lines = judged(tmp_path, SESSIONS, "unreachable 10.96.0.0/12 metric 32 \n" + PODS)
    assert "route 10.96.0.0/12" in lines
    assert missing(lines)[0].startswith("missing next hops of 10.96.0.0/12: 172.34.8.10 172.34.8.30")


@pytest.mark.parametrize("family", [4, 6])
def test_a_route_of_255_next_hops_is_read_from_the_kernel(tmp_path: Path, family: int) -> None:
    """`ip route` alone prints nothing for it."""
    unpacked = tools(Layout())
    hops = [f"10.0.{i // 200}.{i % 200 + 2}" if family == 4 else f"fd00::{i + 16:x}" for i in range(255)]
    prefix = "10.96.0.0/12" if family == 4 else "fd01::/108"
    channel = f"ipv{family} {{ import none; export all; }};"
    (tmp_path / "bird.conf").write_text(
        "router id 10.0.0.1;\nprotocol device { }\n"
        f"protocol kernel {{ kernel table 77; merge paths on limit 255; {channel} }}\n"
        f"protocol static {{ ipv{family}; route {prefix} {' '.join(f'via {hop}' for hop in hops)}; }}\n"
    )
    ways = (
        "ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up"
        " && ip address add 10.0.0.1/16 dev v0 && ip -6 address add fd00::1/64 dev v0 nodad"
    )
    inside = f"{ways}\n{unpacked.path('bird2')} -c bird.conf -s ctl -P pid && trap 'kill $(cat pid)' EXIT\n"
    script = router_script().removesuffix('main "$@"\n') + (
        f"{inside}scratch=.; table=77; : >protocols; : >aliases; : >expected\n"
        # The kernel takes the next hops of IPv6 in one by one, and may be asked meanwhile.
        "there() { kernel_routes 4 >routes; kernel_routes 6 >routes6\n"
        "[ $(grep -ow via routes* | wc -l) = 255 ]; }\n"
        "wait_until 10 there; judge expected protocols aliases .\n"
    )
    command = ["unshare", "--net", "sh", "-c", script]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **unpacked.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"route {prefix} {' '.join(hops)}" in done.stdout.splitlines()
