"""A VRF that BIRD is to speak in and the machine has not: found before BIRD has the configuration, and later.

Network namespaces are real, and BIRD's word is the real one's. A VRF is not: the kernel of CI and of the lab
has no module for it, so how one is told is tested with a line as iproute2 prints it.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from components.bird.answers import answers
from components.bird.bird_config import bird_config, daemons
from components.bird.bird_router import END, router_script
from components.bird.expectation import expectation
from components.settings.settings import read_settings
from tests.unit.bird_cases import VRF
from tests.unit.example import values
from tests.unit.real_birds import Birds

Run = Callable[[str], tuple[str, str]]
PLAIN = "ip link add blue type bridge; "
# Its parts that matter not are left out.
OF_ANOTHER_TABLE = (
    "ip() { echo '7: blue: <NOARP,MASTER,UP,LOWER_UP> mtu 65575 qdisc noqueue state UP mode DEFAULT"
    " \\    link/ether 3a:5e:aa:7d:6c:0b brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 1280 "
    " \\    vrf table 77 addrgenmode eui64 numtxqueues 1'; }; "
)
RIGHT = OF_ANOTHER_TABLE.replace("table 77", "table 100")
ABSENT = "is no interface of this machine"
NO_VRF = "is an interface of this machine, but no VRF"
OTHER = "has the kernel's table 77, where calico-peering:kernelTable is 100"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a shell text after the script's functions, in a network of its own: standard output and error."""
    for service, text in daemons(bird_config(read_settings(values(**VRF)))).items():
        (tmp_path / f"{service}.conf").write_text(text + END)

    def script(commands: str) -> tuple[str, str]:
        text = router_script().removesuffix('main "$@"\n')
        text = text.replace("/var/lib/calico-peering", str(tmp_path))
        text = text.replace("/run/calico-peering-", f"{tmp_path}/")
        done = subprocess.run(
            ["unshare", "--net", "sh", "-c", text + commands],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
            capture_output=True,
            text=True,
        )
        return done.stdout, done.stderr

    return script


@pytest.mark.parametrize(
    ("machine", "lacks", "there"),
    [("", ABSENT, "none"), (PLAIN, NO_VRF, "none"), (OF_ANOTHER_TABLE, OTHER, "blue (table 77)")],
    ids=["absent", "no VRF", "another table"],
)
def test_a_configuration_that_bird_takes_is_refused_without_its_vrf(
    run: Run, birds: Birds, machine: str, lacks: str, there: str
) -> None:
    _, _, bird = birds.called("3")
    own = f'bird() {{ {" ".join(bird.command)} "$@"; }}; '
    printed, complaint = run(f"{machine}{own}staged=./bird.conf generation=; check; echo taken")
    assert printed == ""
    assert (
        f"in the VRF blue (calico-peering:vrf), which {lacks}; the old\nconfiguration is still in use"
        in complaint
    )
    assert f"VRFs here: {there}. Make it" in complaint
    assert "ip link add blue type vrf table 100" in complaint


def test_with_its_vrf_it_is_taken_and_one_without_a_vrf_needs_none(run: Run) -> None:
    assert run(f"{RIGHT}check_vrf ./bird.conf; echo taken") == ("taken\n", "")
    assert run("grep -v vrf bird.conf >plain; check_vrf ./plain; echo taken") == ("taken\n", "")


@pytest.mark.parametrize(("machine", "lacks"), [("", ABSENT), (PLAIN, NO_VRF), (OF_ANOTHER_TABLE, OTHER)])
def test_one_that_went_away_later_is_a_deviation(run: Run, machine: str, lacks: str) -> None:
    deliver = 'touch router; kept "$PWD/bird.conf"; '
    printed, _ = run(f"{deliver}{machine}main drift")
    assert answers(printed) == [f"deviation the VRF blue in which BIRD speaks BGP {lacks}", "looked"]
    assert answers(run(f"{deliver}{RIGHT}main drift")[0]) == ["looked"]


def test_the_verification_names_it(run: Run) -> None:
    expected = expectation(read_settings(values(**VRF, verifyTimeout="1")))
    quiet = "systemctl() { :; }; journal() { :; }; birdc() { :; }; "
    _, complaint = run(f"{quiet}verify <<'end'\n{expected}end\n")
    assert f"- the VRF blue (calico-peering:vrf) {ABSENT}.\n" in complaint


# By systemd, before BIRD reads its configuration; BIRD says where that is. The kernel has no routes.
START = 'bird() { echo "  $PWD/bird.conf"; }; routes() { :; }; main starting bird; cat bird.environment'
STARTED = "CALICO_PEERING_RECOVERY=\n"
NO_PATIENCE = 'wait_until() { shift; "$@"; }; '


def test_a_start_of_bird_waits_for_it(run: Run) -> None:
    """At boot the network may come after BIRD."""
    soon = "vrf_stands() { [ -e there ]; }; sleep() { echo waited; touch there; }; "
    assert run(soon + START) == (f"waited\n{STARTED}", "")
    assert run(NO_PATIENCE + RIGHT + START) == (STARTED, "")


@pytest.mark.parametrize(("machine", "lacks"), [("", ABSENT), (PLAIN, NO_VRF), (OF_ANOTHER_TABLE, OTHER)])
def test_a_start_of_bird_that_waited_in_vain_says_so_and_goes_on(run: Run, machine: str, lacks: str) -> None:
    assert run(NO_PATIENCE + machine + START) == (
        STARTED,
        f"calico-peering: BIRD starts without its VRF: blue {lacks}\n",
    )


def test_a_start_of_bird_waits_for_no_vrf_that_only_a_delivery_wanted_which_a_reboot_cut_off(
    run: Run, tmp_path: Path
) -> None:
    cut = "mkdir unfinished; grep -v vrf bird.conf >unfinished/bird.conf; "
    assert run(NO_PATIENCE + cut + START) == (STARTED, "")
    assert "vrf" not in (tmp_path / "bird.conf").read_text()


def test_old_birds_open_the_sessions_in_a_vrf_since_they_hear_nobody_in_it() -> None:
    """BIRD 1.6 has one listening socket, which is bound to no VRF; later ones bind one to it."""
    in_it = daemons(bird_config(read_settings(values(**VRF, birdVersion="1.6"))))["bird"]
    outside = daemons(bird_config(read_settings(values(birdVersion="1.6"))))["bird"]
    assert "passive" not in in_it and "  passive yes;\n" in outside
