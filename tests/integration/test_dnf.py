"""dnf and rpm on a machine that has no apt: installed, pinned, exchanged, from files, and taken away again.

Whoever has RHEL or its like has more than the lab's machine: tests/integration/dnf_machine.py says what.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from lab.external import External
from lab.layout import Layout
from tests.integration.conftest import Stack, bird_routes, emptied, with_settings
from tests.integration.delivered import Delivery
from tests.integration.dnf_machine import ADDRESS, FOLDER, NEWER, OF_3, OLDER, DnfMachine, dnf_machine
from tests.integration.test_connection import SCENARIO

pytestmark = pytest.mark.extra("next-debian")
CONFIGURATION = "/etc/bird.conf"
SOURCE_FILE = "/etc/yum.repos.d/local.repo"
FILES = "/var/lib/calico-peering-files"
LOOKS = {
    "packages": "rpm -qa | sort",
    # Its user stays, as with every rpm.
    "files": "find /etc /usr/lib/systemd /usr/sbin /var/lib/calico* -xdev ! -name '*.cache' ! -name '*-'"
    " ! -name passwd ! -name group ! -name '*shadow' ! -name 'sub?id' \\( -type d"
    " -printf '%p %M %u %g\\n' -o -printf '%p %M %u %g %s\\n' \\) | sort",
    "services": "systemctl list-units --type=service --state=running --no-legend --plain",
    "unit": "systemctl is-enabled bird 2>&1",
    "routes": "ip route",
}


@pytest.fixture(scope="module")
def rhel(bare_stack: Stack, layout: Layout, machine: External) -> Iterator[DnfMachine]:
    """The machine; the stack has nothing on it, before and after."""
    bare_stack.destroy()
    with dnf_machine(layout, machine) as made:
        yield made


@pytest.fixture
def stack_there(bare_stack: Stack, rhel: DnfMachine) -> Iterator[Stack]:
    """The stack, of which nothing stays once the machine is gone."""
    with emptied(bare_stack):
        yield bare_stack


@pytest.fixture
def script(rhel: DnfMachine) -> Iterator[Delivery]:
    """The router script alone on the machine, and no BIRD, before and after."""
    made = Delivery(rhel)
    made.put_script()
    yield made
    made.run("remove")
    rhel.run("rpm", "--erase", "bird", "libssh", check=False)


def without_source(rhel: DnfMachine, what: str = "") -> None:
    """Its source has only the packages whose files begin so."""
    kept = f"find /{FOLDER} -name '{what}*.rpm' -exec ln -s {{}} /opt/some \\;" if what else ":"
    rhel.run("sh", "-c", f"rm -rf /opt/some; mkdir /opt/some; {kept}; createrepo_c --quiet /opt/some")
    rhel.run("sed", "-i", "s,file:///.*,file:///opt/some,", SOURCE_FILE)
    rhel.run("dnf", "clean", "all")


@pytest.fixture
def with_source(rhel: DnfMachine) -> Iterator[None]:
    """Afterwards the source has all again."""
    yield
    rhel.run("sed", "-i", f"s,file:///.*,file:///{FOLDER},", SOURCE_FILE)
    rhel.run("dnf", "clean", "all")


def seen(rhel: DnfMachine) -> dict[str, str]:
    return {name: rhel.run("sh", "-c", look, check=False).stdout for name, look in LOOKS.items()}


def test_up_installs_pins_exchanges_and_destroy_takes_away(
    stack_there: Stack, rhel: DnfMachine, layout: Layout, tmp_path: Path
) -> None:
    def up(**settings: str) -> dict[str, str]:
        environment = with_settings(layout, tmp_path, machineAddress=str(ADDRESS), **settings)
        stack_there.run("up", "--yes", "--skip-preview", environment=environment)
        assert bird_routes(rhel) == SCENARIO
        return environment

    before = seen(rhel)
    # The newest of the series, though the source has BIRD 3 too.
    environment = up()
    assert rhel.packages()["bird"] == NEWER
    assert rhel.run("stat", "-c", "%a %U:%G", CONFIGURATION).stdout == "640 root:bird\n"
    assert rhel.run("systemctl", "is-enabled", "bird").stdout == "enabled\n"
    stack_there.run("preview", "--refresh", "--expect-no-changes", environment=environment)
    up(birdPackageVersion=OLDER)
    assert rhel.packages()["bird"] == OLDER
    environment = up(birdVersion="3")
    assert rhel.packages()["bird"] == OF_3
    stack_there.run("destroy", "--yes", "--skip-preview", environment=environment)
    after = seen(rhel)
    for name, was in before.items():
        assert after[name] == was, name


def test_files_are_enough_without_a_source(rhel: DnfMachine, script: Delivery, with_source: None) -> None:
    without_source(rhel)
    script.run("receive")
    names = [rhel.rpm("bird", OLDER), rhel.rpm("libssh", "0.10.6-1")]
    script.sh(f"cp {' '.join(f'/{FOLDER}/{path.name}' for path in names)} {FILES}")
    sums = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in names)
    assert script.run("install 2", sums).stdout == "installed: bird libssh \n"
    assert rhel.packages()["bird"] == OLDER
    other = f"{'0' * 64}  {names[0].name}\n"
    assert "bird-2.0.12-7.rpm: FAILED" in script.run("install 2", other, check=False).stderr
    script.run("uninstall")
    assert "bird" not in rhel.packages() and "libssh" not in rhel.packages()


def test_what_is_not_to_be_had_is_told_in_dnfs_words_and_the_old_one_stays(
    rhel: DnfMachine, script: Delivery, with_source: None
) -> None:
    done = script.run("install 2 2.0.99-1", check=False)
    assert "bird 2.0.99-1 could not be installed; dnf says:" in done.stderr
    assert "Unable to find a match: bird-2.0.99-1" in done.stderr
    assert "BIRD is in EPEL" in done.stderr
    script.run("install 2")
    without_source(rhel, "bird-2")
    done = script.run("install 3", check=False)
    assert "bird could not be installed; dnf says:" in done.stderr
    assert rhel.packages()["bird"] == NEWER
    assert script.run("install 2").stdout == "BIRD 2.0.12 is there\n"


def test_a_bird_of_somebody_else_is_taken_as_it_is_or_refused(rhel: DnfMachine, script: Delivery) -> None:
    rhel.run("dnf", "-q", "-y", "install", "bird-2.*")
    assert script.run("install 2").stdout == "BIRD 2.0.12 is there\n"
    assert f"{NEWER} is on this machine" in script.run(f"install 2 {OLDER}", check=False).stderr
    refused = script.run("install 3", check=False).stderr
    assert "BIRD 2.0.12 is on this machine, installed by somebody else" in refused
    assert "remove its package (rpm --erase bird; then: ip route flush proto bird)" in refused.replace(
        "\n", " "
    )
    script.run("uninstall")
    assert rhel.packages()["bird"] == NEWER
