"""What the lab's tests make of the kernel's words on routes that come and go."""

from math import inf

from tests.integration.route_watch import Absence, RouteWatch, absences

ONE, TWO = "10.77.0.0/26", "fd00:77::/122"
# As `ip -ts monitor route` prints them.
TOLD = """\
[2026-11-27T00:00:01.000000] 10.77.0.0/26 via 172.34.8.10 dev eth0 proto bird metric 32
[2026-11-27T00:00:02.000000] Deleted 10.77.0.0/26 via 172.34.8.10 dev eth0 proto bird metric 32
[2026-11-27T00:00:02.000100] 10.77.0.0/26 via 172.34.8.30 dev eth0 proto bird metric 32
[2026-11-27T00:00:03.000000] Deleted 10.77.0.0/26 via 172.34.8.30 dev eth0 proto bird metric 32
[2026-11-27T00:00:03.000000] Deleted 10.99.0.0/26 via 172.34.8.30 dev eth0 proto bird metric 32
[2026-11-27T00:00:04.500000] Deleted fd00:77::/122 via fd00::1 dev eth0 proto bird metric 1024 pref medium
[2026-11-27T00:00:05.000000] 10.77.0.0/26 via 172.34.8.30 dev eth0 proto bird metric 32
""".splitlines()


def watched() -> RouteWatch:
    return RouteWatch({("a", prefix): those for prefix, those in absences(TOLD, [ONE, TWO]).items()})


def test_each_time_without_a_route_is_known_with_its_end() -> None:
    seen = watched()
    assert [round(one.seconds, 4) for one in seen.absent["a", ONE]] == [0.0001, 2.0]
    assert [one.seconds for one in seen.absent["a", TWO]] == [inf]
    assert seen.absent.keys() == {("a", ONE), ("a", TWO)}


def test_a_change_of_a_route_is_no_gap() -> None:
    assert watched().gaps(0.05) == {("a", ONE): 2.0, ("a", TWO): inf}
    assert [one.seconds for one in watched().longer(0.05)["a", ONE]] == [2.0]


def test_two_absences_overlap_when_they_were_at_one_time() -> None:
    first = Absence(10, 20)
    assert first.overlaps(Absence(19, 30)) and first.overlaps(Absence(12, inf)) and first.overlaps(first)
    assert not first.overlaps(Absence(20, 30)) and not first.overlaps(Absence(0, 10))
