"""A lost state: an `up` with an empty one connects nothing anew, and what has no mark can be claimed."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from openstack.connection import Connection
from openstack.network.v2.port import Port

from lab.external import External
from lab.layout import Layout
from lab.stack import STACK
from tests.integration.conftest import Calico, Stack
from tests.integration.stored_stack import BGP_PASSWORD, StoredStack, new_stack
from tests.integration.test_killed import check_whole, on_site

OURS = ("192.168.0.0/16", "10.96.0.0/12")


@pytest.fixture(scope="module")
def stored(
    bare_stack: Stack,
    cloud: Connection,
    layout: Layout,
    machine: External,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StoredStack]:
    """The stack with its state in a folder, with nothing in it before and after."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "state").mkdir()
    settings: dict[str, Any] = {"nodeSecurityGroup": True, "machineNetworks": ["10.50.0.0/16"]}
    backend = {"PULUMI_BACKEND_URL": f"file://{folder / 'state'}?metadata=skip"}
    made = new_stack(layout, folder, machine, backend, **settings)
    if any(pair["ip_address"] in OURS for port in cloud.network.ports() for pair in pairs(port)):
        # What a run that was killed has left.
        made.step("apply")
        made.step("claim")
        made.destroy()
    yield made
    # A test that failed may leave what is not the stack's any more.
    made.try_step("claim")
    made.destroy()


def pairs(port: Port) -> list[dict[str, str]]:
    """A port's allowed address pairs."""
    return list(port.allowed_address_pairs or [])


@pytest.fixture(scope="module")
def before(stored: StoredStack, cloud: Connection, calico: Calico, machine: External) -> dict[str, Any]:
    """The site before the stack is connected, which it is then."""
    found = on_site(cloud, calico, machine)
    stored.step("apply")
    return found


def lose_state(stored: StoredStack) -> None:
    """Begin again with an empty state of the same name."""
    shutil.rmtree(stored.folder / "state")
    (stored.folder / "state").mkdir()


def sessions(machine: External) -> list[str]:
    """The machine's Established sessions, each with the time since when."""
    shown = machine.run("birdc", "show", "protocols").stdout
    return sorted(line for line in shown.splitlines() if "Established" in line)


def recorded(stored: StoredStack) -> dict[str, Any]:
    """What the state says is the stack's on ports and in `default`."""
    return {
        urn.rpartition("::")[2]: one["outputs"]["added"]
        for urn, one in stored.resources().items()
        if re.search("PortPairs|BgpConfigurationPart", one["type"])
    }


def test_a_stack_of_another_name_is_refused(stored: StoredStack, before: dict[str, Any]) -> None:
    """With the mark of the stack that is meant, and the command that gives it the object."""
    shutil.copy(stored.file, stored.file.with_name("Pulumi.rescued.yaml"))
    done = stored.try_shell("pulumi stack init rescued && pulumi preview --stack rescued")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "not of its making" in said and "BGPPeer bgppeer-external" in said
    assert "kubectl annotate" in said and f"calico-peering/{STACK}" in said


def test_an_up_with_an_empty_state_connects_nothing_anew(
    stored: StoredStack, cloud: Connection, calico: Calico, machine: External
) -> None:
    was, since, knew = on_site(cloud, calico, machine), sessions(machine), recorded(stored)
    assert len(since) == 4
    lose_state(stored)
    shown = stored.step("lost-state")
    for name in ("bgppeer-external", "bgpfilter-external"):
        assert any(one.get("id") == name for one in stored.resources().values()), name
    assert re.search(r"= \d+ imported", shown)
    assert on_site(cloud, calico, machine) == was and sessions(machine) == since
    check_whole(cloud, calico, machine)
    stored.run("preview", "--expect-no-changes")
    # What cannot bear a mark is taken for another owner's.
    assert recorded(stored).keys() == knew.keys() and not any(map(bool, recorded(stored).values()))


def test_what_cannot_bear_a_mark_stays_after_a_destroy(
    stored: StoredStack, before: dict[str, Any], cloud: Connection, calico: Calico, machine: External
) -> None:
    stored.destroy()
    after = on_site(cloud, calico, machine)
    for port in cloud.network.ports():
        if port.name.startswith("node"):
            assert {pair["ip_address"] for pair in pairs(port)} >= set(OURS)
    assert {"cidr": OURS[1]} in calico.spec("bgpconfigurations", "default")["serviceClusterIPs"]
    for name in before.keys() - {"pairs", "default"}:
        assert after[name] == before[name], name


def test_what_is_claimed_goes_with_a_destroy(
    stored: StoredStack, before: dict[str, Any], cloud: Connection, calico: Calico, machine: External
) -> None:
    stored.step("apply")
    assert len(re.findall("^port ", stored.step("claim"), re.M)) == 8
    stored.destroy()
    after = on_site(cloud, calico, machine)
    for name in before.keys() - {"default"}:
        assert after[name] == before[name], name
    # Nobody knows any more who made the object itself.
    assert "serviceClusterIPs" not in calico.spec("bgpconfigurations", "default")
    calico.delete("bgpconfigurations", "default")


def test_the_sessions_password_is_imported_too(stored: StoredStack, machine: External) -> None:
    """A Secret has a type that nobody gave it: an import must not want to replace it for that."""
    stored.run("config", "set", "--secret", "bgpPassword", BGP_PASSWORD)
    stored.step("apply")
    lose_state(stored)
    stored.step("lost-state")
    assert len(sessions(machine)) == 4
    stored.run("preview", "--expect-no-changes")
    kinds = {one["type"].rpartition(":")[2] for one in stored.resources().values()}
    assert kinds >= {"Secret", "Role", "RoleBinding"}
