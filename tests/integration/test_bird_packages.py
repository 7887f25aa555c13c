"""Which BIRD the machine gets: its series, a pinned version, from files, beside one that is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.external import External
from lab.rootfs import REPOSITORY
from tests.integration.conftest import Changed, Stack, bird_routes
from tests.integration.delivered import Delivery
from tests.integration.test_connection import SCENARIO
from tests.integration.test_dual_stack import BOTH, SCENARIO6, routes6, states
from tests.integration.test_leaving import on_machine


@pytest.fixture
def delivery(bare_stack: Stack, machine: External) -> Iterator[Delivery]:
    """The script alone; no BIRD."""
    bare_stack.destroy()
    made = Delivery(machine)
    made.put_script()
    yield made
    made.run("remove")
    made.sh("apt-get purge -y -qq bird bird2 libssh-gcrypt-4 2>&1", check=False)


@pytest.fixture
def clean(bare_stack: Stack) -> Iterator[Stack]:
    """The stack with nothing in it, before and after."""
    bare_stack.destroy()
    yield bare_stack
    bare_stack.destroy()


def up(stack: Stack, environment: dict[str, str]) -> None:
    stack.run("up", "--yes", "--skip-preview", environment=environment)


def version(machine: External) -> str:
    return machine.run("sh", "-c", "bird --version 2>&1").stdout.split()[-1]


def both(machine: External) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The routes of both families."""
    return bird_routes(machine), routes6(machine)


def test_the_old_birds_two_daemons_connect_change_and_are_exchanged_for_the_new_one_and_back(
    clean: Stack, machine: External, changed: Changed
) -> None:
    before = on_machine(machine)
    up(clean, changed(**BOTH, birdVersion="1.6"))
    assert version(machine) == "1.6.8"
    assert states(clean) == dict.fromkeys(BOTH["nodes"], "Established")
    assert both(machine) == (SCENARIO, SCENARIO6)
    assert machine.run("systemctl", "is-active", "bird", "bird6").stdout == "active\nactive\n"

    lengths = changed(**BOTH, birdVersion="1.6", podPrefixLengths="26-32", podPrefixLengths6="122-128")
    up(clean, lengths)
    for file, line in (("bird", "192.168.0.0/16{26,32}"), ("bird6", "fd00:192:168::/48{122,128}")):
        assert line in machine.run("cat", f"/etc/bird/{file}.conf").stdout
    assert both(machine) == (SCENARIO, SCENARIO6)
    machine.run("systemctl", "stop", "bird6")
    text = clean.run("preview", "--refresh", "--diff", environment=lengths).stdout
    assert "bird6.service is inactive, not active" in text
    up(clean, changed(**BOTH, birdVersion="2"))
    assert version(machine) == "2.0.12"
    assert both(machine) == (SCENARIO, SCENARIO6)
    for family in ("-4", "-6"):
        routes = machine.run("ip", family, "route", "show", "proto", "bird").stdout
        metrics = {line.partition("metric")[2].split()[0] for line in routes.splitlines() if "metric" in line}
        # Those of the old BIRD would win.
        assert metrics == {"32"}, routes

    alone = changed(birdVersion="1.6")
    up(clean, alone)
    assert version(machine) == "1.6.8"
    assert both(machine) == (SCENARIO, {})
    clean.run("destroy", "--yes", "--skip-preview", environment=alone)
    after = on_machine(machine)
    for name, was in before.items():
        assert after[name] == was, name


def test_the_next_bird_finds_no_route_of_the_one_before(delivery: Delivery) -> None:
    """In a table that the new one's configuration does not name, BIRD itself would take none away."""
    delivery.run("install 1.6")
    stale = ("203.0.113.0/24", "2001:db8::/32")
    add = "; ".join(f"ip route add blackhole {prefix} proto bird table 77" for prefix in stale)
    show = "for family in -4 -6; do ip $family route show table all proto bird; done"
    try:
        for series in ("2", "1.6"):
            delivery.sh(add)
            delivery.run(f"install {series}")
            assert delivery.sh(show).stdout == "", series
    finally:
        delivery.sh(show.replace("show", "flush"))


def test_a_bird_of_somebody_else_of_another_series_is_refused(delivery: Delivery) -> None:
    delivery.sh("apt-get update -qq; apt-get install -y -qq bird 2>&1")
    done = delivery.run("install 2", check=False)
    assert (
        "BIRD 1.6.8 is on this machine, installed by somebody else; calico-peering:birdVersion asks"
        in done.stderr
    )
    assert (
        "Set that to 1.6, or move its configuration away and remove its package (purge bird;" in done.stderr
    )
    assert delivery.run("install 1.6").stdout == "BIRD 1.6.8 is there\n"
    delivery.run("uninstall")
    assert delivery.sh("bird --version 2>&1").stdout == "BIRD version 1.6.8\n"


def test_a_pinned_version_is_installed_or_refused_in_apts_words(delivery: Delivery) -> None:
    done = delivery.run("install 2 2.0.99-1", check=False)
    assert "bird2 2.0.99-1 could not be installed; apt says:" in done.stderr
    assert "Version '2.0.99-1' for 'bird2' was not found" in done.stderr
    assert "bird2" in delivery.run("install 2 2.0.12-7").stdout
    assert delivery.run("install 2 2.0.12-7").stdout == "BIRD 2.0.12 is there\n"
    done = delivery.run("install 1.6 1.6.99", check=False)
    assert "bird 1.6.99 could not be installed" in done.stderr
    # The new one is not to be had, so the old one stays.
    assert delivery.sh("systemctl is-active bird; bird --version 2>&1").stdout.split()[-1] == "2.0.12"


def test_files_are_enough_where_there_is_no_package_source(
    clean: Stack, machine: External, changed: Changed, layout_repository: list[str]
) -> None:
    before = on_machine(machine)
    machine.run("sh", "-c", "mv /etc/apt/sources.list /etc/apt/sources.hidden; rm -rf /var/lib/apt/lists/*")
    try:
        up(clean, changed(birdPackageFiles=layout_repository))
        assert len(bird_routes(machine)) == 3
        clean.destroy()
    finally:
        machine.run("mv", "/etc/apt/sources.hidden", "/etc/apt/sources.list")
    after = on_machine(machine)
    for name, was in before.items():
        assert after[name] == was, name
    assert machine.run("ls", "/var/lib").stdout.find("calico-peering") == -1


@pytest.fixture
def layout_repository(machine: External) -> list[str]:
    """The packages of BIRD 2, as files on the management host."""
    folder: Path = machine.root / REPOSITORY
    return [str(path) for name in ("bird2", "libssh") for path in folder.glob(f"{name}*.deb")]
