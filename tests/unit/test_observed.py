"""The verification's answer becomes sessions and routes, whatever the login prints beside it."""

import pytest

from components.bird.answers import MARK
from components.bird.observed import Observed, parse, warnings_since


def framed(*lines: str) -> str:
    """An answer as `router verify` prints it."""
    return "\n" + "".join(f"{MARK}{line}\n" for line in lines)


SESSIONS = ("session 172.34.8.10 Established calico2", "session 172.34.8.30 Established calico1")
READ: Observed = {
    "sessions": [
        {"neighbor": "172.34.8.10", "state": "Established", "protocol": "calico2"},
        {"neighbor": "172.34.8.30", "state": "Established", "protocol": "calico1"},
    ],
    "routes": [],
}


def test_sessions_and_routes_are_read() -> None:
    routes = (
        "route 10.96.0.0/12 172.34.8.100 172.34.8.30",
        "route 192.168.204.0/26 172.34.8.10 172.34.8.30",
        "route fd00:10:96::/108 fe80::2%eth0 2001:db8::10",
        "route 10.97.0.0/16",
    )
    assert parse(framed(*SESSIONS, *routes)) == {
        **READ,
        "routes": [
            {"prefix": "10.96.0.0/12", "nextHops": ["172.34.8.30", "172.34.8.100"]},
            {"prefix": "192.168.204.0/26", "nextHops": ["172.34.8.10", "172.34.8.30"]},
            {"prefix": "fd00:10:96::/108", "nextHops": ["2001:db8::10", "fe80::2%eth0"]},
            {"prefix": "10.97.0.0/16", "nextHops": []},
        ],
    }


@pytest.mark.parametrize(
    "noise",
    [
        "Welcome to Debian",
        "session 10.0.0.1 Established theirs",
        "route 10.0.0.0/8 10.0.0.1",
        "bash: warning: setlocale: LC_ALL: cannot change locale (xx_XX)",
        "\x1b[31mmotd\x1b[0m\r",
        "calico-peering",
    ],
)
def test_what_a_login_prints_beside_it_is_not_read(noise: str) -> None:
    assert parse(f"{noise}\n{framed(*SESSIONS)}{noise}\n") == READ
    # Also where it ends in the middle of a line.
    assert parse(f"{noise}{framed(*SESSIONS)}{noise}") == READ


@pytest.mark.parametrize(
    "line",
    [
        "route 10.96.0.0/12 via eth0",
        "route default 172.34.8.10",
        "session 172.34.8.10 Established",
        "session nobody Established calico1",
        "something else",
        "",
    ],
)
def test_a_line_that_is_neither_is_passed_over(line: str) -> None:
    assert parse(framed(*SESSIONS, line)) == READ


@pytest.mark.parametrize("output", ["", "Please login as the user debian\n", "\n" * 3])
def test_without_an_answer_there_is_nothing(output: str) -> None:
    assert parse(output) == {"sessions": [], "routes": []}


def test_warnings_are_those_of_a_verification_that_has_just_run() -> None:
    output = (
        "warning 900 of the login\n"
        "calico-peering: warning 100 long ago\n"
        "calico-peering: warning 901 FORWARD drops 10.50.0.0/16: do this\n"
        "calico-peering: warning soon odd\ncalico-peering: warning 950\n"
    )
    assert warnings_since(output, 900.5) == ["FORWARD drops 10.50.0.0/16: do this"]
    assert parse(output) == {"sessions": [], "routes": []}
