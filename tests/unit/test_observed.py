"""The verification's output becomes sessions and routes."""

import json

import pytest

from components.bird.observed import parse

SESSIONS = "session 172.34.8.10 Established calico2\nsession 172.34.8.30 Established calico1\n"


def hops(*addresses: str) -> list[dict[str, object]]:
    """Next hops as `ip -j route` prints them."""
    return [{"gateway": a, "dev": "eth0", "weight": 1, "flags": []} for a in addresses]


def test_sessions_and_routes_are_read() -> None:
    routes = [
        {"dst": "10.96.0.0/12", "metric": 32, "nexthops": hops("172.34.8.100", "172.34.8.30")},
        {"dst": "192.168.204.0/26", "metric": 32, "nexthops": hops("172.34.8.10", "172.34.8.30")},
    ]
    assert parse(f"{SESSIONS}routes {json.dumps(routes)}\n") == {
        "sessions": [
            {"neighbor": "172.34.8.10", "state": "Established", "protocol": "calico2"},
            {"neighbor": "172.34.8.30", "state": "Established", "protocol": "calico1"},
        ],
        "routes": [
            {"prefix": "10.96.0.0/12", "nextHops": ["172.34.8.30", "172.34.8.100"]},
            {"prefix": "192.168.204.0/26", "nextHops": ["172.34.8.10", "172.34.8.30"]},
        ],
    }


@pytest.mark.parametrize(
    ("dst", "prefix"),
    [("default", "0.0.0.0/0"), ("10.96.0.80", "10.96.0.80/32"), ("10.0.0.0/8", "10.0.0.0/8")],
)
def test_ip_routes_abbreviations_are_spelled_out(dst: str, prefix: str) -> None:
    routes = [{"dst": dst, "gateway": "172.34.8.10", "dev": "eth0"}]
    assert parse(f"routes {json.dumps(routes)}")["routes"] == [
        {"prefix": prefix, "nextHops": ["172.34.8.10"]}
    ]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("", "ends before its routes"),
        (SESSIONS, "ends before its routes"),
        ("Welcome to Debian\nroutes []", "'Welcome to Debian'"),
        ("routes [", "not those of `ip -j`"),
        ('routes [{"metric": 32}]', "not those of `ip -j`"),
        ('routes {"dst": "default"}', "not those of `ip -j`"),
    ],
)
def test_another_output_is_refused_by_its_first_strange_line(output: str, told: str) -> None:
    with pytest.raises(ValueError, match="verification") as caught:
        parse(output)
    assert told in str(caught.value)
