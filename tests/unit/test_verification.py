"""What the machine's script says about sessions and routes, from the texts of birdc and ip."""

import subprocess
from pathlib import Path

from components.bird.bird_router import router_script

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


def judged(folder: Path, sessions: str, routes: str, expected: str = EXPECTED) -> list[str]:
    """The lines of the verdict."""
    files = {"expected": expected, "protocols": sessions + "\n", "routes": routes + "\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
    # The functions without the line that starts them.
    script = router_script().removesuffix('main "$@"\n') + "judge expected protocols routes\n"
    command = ["sh", "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def missing(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("session ")]


def test_nothing_is_missing_when_everything_stands(tmp_path: Path) -> None:
    assert judged(tmp_path, SESSIONS, SERVICES + PODS) == [
        "session 172.34.8.10 Established calico2",
        "session 172.34.8.30 Established calico1",
    ]


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
