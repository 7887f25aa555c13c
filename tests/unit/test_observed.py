"""The verification's output becomes sessions and routes."""

import pytest

from components.bird.observed import parse

SESSIONS = "session 172.34.8.10 Established calico2\nsession 172.34.8.30 Established calico1\n"


def test_sessions_and_routes_are_read() -> None:
    routes = (
        "route 10.96.0.0/12 172.34.8.100 172.34.8.30\nroute 192.168.204.0/26 172.34.8.10 172.34.8.30\n"
        "route fd00:10:96::/108 fe80::2%eth0 2001:db8::10\nroute 10.97.0.0/16\n"
    )
    assert parse(f"{SESSIONS}{routes}") == {
        "sessions": [
            {"neighbor": "172.34.8.10", "state": "Established", "protocol": "calico2"},
            {"neighbor": "172.34.8.30", "state": "Established", "protocol": "calico1"},
        ],
        "routes": [
            {"prefix": "10.96.0.0/12", "nextHops": ["172.34.8.30", "172.34.8.100"]},
            {"prefix": "192.168.204.0/26", "nextHops": ["172.34.8.10", "172.34.8.30"]},
            {"prefix": "fd00:10:96::/108", "nextHops": ["2001:db8::10", "fe80::2%eth0"]},
            {"prefix": "10.97.0.0/16", "nextHops": []},
        ],
    }


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("", "no session"),
        (f"Welcome to Debian\n{SESSIONS}", "'Welcome to Debian'"),
        (f"{SESSIONS}route 10.96.0.0/12 via eth0", "'route 10.96.0.0/12 via eth0'"),
        (f"{SESSIONS}route default 172.34.8.10", "'route default 172.34.8.10'"),
        ("session 172.34.8.10 Established", "'session 172.34.8.10 Established'"),
    ],
)
def test_another_output_is_refused_by_its_first_strange_line(output: str, told: str) -> None:
    with pytest.raises(ValueError, match="verification") as caught:
        parse(output)
    assert told in str(caught.value)
