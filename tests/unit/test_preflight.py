"""The limit of address pairs for all ports at once, what is warned of them, and what one run remembers."""

from typing import Any

import pytest

from components.ports.covered_pairs import covered_by_others
from components.preflight import check_limit
from components.shared.provider_errors import ProviderError
from components.shared.this_run import ThisRun

OURS = ["192.168.0.0/16", "10.96.0.0/12"]


def port(name: str, count: int, **more: Any) -> dict[str, Any]:
    pairs = [
        {"ip_address": f"10.{number}.0.0/16", "mac_address": "fa:16:3e:00:00:01"} for number in range(count)
    ]
    return {
        "id": f"id-{name}",
        "name": name,
        "mac_address": "fa:16:3e:00:00:01",
        "allowed_address_pairs": pairs,
        **more,
    }


def test_every_port_that_has_no_room_is_named_and_no_other() -> None:
    ports = [port("a", 9), port("b", 8), port("c", 10)]
    with pytest.raises(ProviderError) as caught:
        check_limit(ports, OURS, 10)
    text = str(caught.value)
    assert "port id-a (a) has 9 and needs 2 more" in text
    assert "port id-c (c) has 10 and needs 2 more" in text
    assert "id-b" not in text
    assert "calico-peering:maxAddressPairs" in text


def test_what_a_port_carries_already_takes_no_room() -> None:
    full = port("a", 8)
    full["allowed_address_pairs"] += [{"ip_address": network} for network in OURS]
    check_limit([full], OURS, 10)
    # It was more than the limit before us: then the limit is another one, or nothing is to be written.
    check_limit([full], OURS, 5)


def test_a_port_without_port_security_takes_no_pairs_and_needs_no_room() -> None:
    check_limit([port("a", 10, port_security_enabled=False)], OURS, 10)


def full(name: str, cover: str, **more: str) -> dict[str, Any]:
    found = port(name, 9)
    found["allowed_address_pairs"].append({"ip_address": cover, "mac_address": found["mac_address"], **more})
    return found


def test_a_full_port_that_lets_everything_through_needs_no_room() -> None:
    check_limit([full("a", "0.0.0.0/0")], OURS, 10)
    # The last of ours has its room in the other one.
    check_limit([full("a", "192.0.0.0/8")], OURS[:1], 10)


@pytest.mark.parametrize(
    ("cover", "more", "needs"),
    [
        ("0.0.0.0/0", {"mac_address": "fa:16:3e:00:00:02"}, 2),
        ("192.168.0.0/17", {}, 2),
        ("192.0.0.0/8", {}, 1),
        ("::/0", {}, 2),
    ],
    ids=["another MAC address", "narrower", "one of two", "the other family"],
)
def test_what_covers_not_all_of_ours_leaves_the_rest_to_be_added(
    cover: str, more: dict[str, str], needs: int
) -> None:
    with pytest.raises(ProviderError, match=f"has 10 and needs {needs} more"):
        check_limit([full("a", cover, **more)], OURS, 10)


def test_pairs_that_stand_for_ours_are_one_warning_for_all_ports() -> None:
    ports = [full("a", "0.0.0.0/0"), full("b", "192.168.1.1/8"), full("c", "0.0.0.0/0"), port("d", 3)]
    text = covered_by_others(ports, OURS)
    assert "0.0.0.0/0, for 192.168.0.0/16, 10.96.0.0/12, on port id-a (a), port id-c (c)" in text
    assert "192.0.0.0/8, for 192.168.0.0/16, on port id-b (b)" in text
    assert "id-d" not in text and "\n" not in text


def test_many_ports_are_not_all_named() -> None:
    text = covered_by_others([full(str(number), "0.0.0.0/0") for number in range(200)], OURS)
    assert "port id-4 (4) and 195 more ports" in text and len(text) < 600


def test_what_needs_no_warning_has_none() -> None:
    own = port("a", 2)
    own["allowed_address_pairs"] += [{"ip_address": network} for network in ("0.0.0.0/0", *OURS)]
    nested = port("b", 0)
    nested["allowed_address_pairs"] = [{"ip_address": OURS[0]}]
    off = full("c", "0.0.0.0/0") | {"port_security_enabled": False}
    assert covered_by_others([own, off, port("d", 3)], OURS) == ""
    assert covered_by_others([nested], [OURS[0], "192.168.128.0/17"]) == ""


def test_a_higher_limit_is_a_setting() -> None:
    check_limit([port("a", 10)], OURS, 12)


def test_what_was_absent_is_certain_until_we_write() -> None:
    run = ThisRun()
    run.saw_absent("port", *OURS)
    run.saw_absent("other", OURS[0])
    assert run.absent_before_us("port", OURS[:1]) == {OURS[0]}
    run.wrote("port")
    assert run.absent_before_us("port", OURS) == set()
    assert run.absent_before_us("other", OURS) == {OURS[0]}


def test_what_is_settled_is_so_for_one_thing_in_one_place() -> None:
    run = ThisRun()
    run.settle("port", OURS[:1])
    assert run.settled("port", OURS[0])
    assert not run.settled("port", OURS[1])
    assert not run.settled("other", OURS[0])
