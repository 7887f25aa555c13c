"""Our part of BGPConfigurations, by the real engine: what was there before us, and what becomes of it.

The table of docs/calico.md, a case a row. A small program declares the component alone, so a run takes
seconds; the settings are tried at the end, by the whole program. Nothing here changes who peers with whom:
the values are those that BIRD only logs by, or what Calico has by default.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.external import External
from tests.integration.conftest import Calico, Changed, Stack, plain, poll
from tests.integration.provided import SERVICES
from tests.integration.small_program import SmallProgram

PROGRAM = """
import pulumi
from components.calico.bgp_configuration import BgpConfiguration

BgpConfiguration("our", {
    "lists": {"serviceClusterIPs": ["10.96.0.0/12"], "serviceExternalIPs": ["203.0.113.0/28"]},
    "values": {"logSeverityScreen": "Debug", "asNumber": 64512},
    "take_over": pulumi.Config().get_object("takeOver") or [],
})
"""
EXTERNAL = [{"cidr": "203.0.113.0/28"}]
OURS: dict[str, Any] = {
    "serviceClusterIPs": [{"cidr": SERVICES}],
    "serviceExternalIPs": EXTERNAL,
    "logSeverityScreen": "Debug",
    "asNumber": 64512,
}
FILLED = {"serviceLoadBalancerAggregation": "Enabled"}
THEIR_NETWORK = {"cidr": "10.200.0.0/16"}
LATER = {"cidr": "10.77.0.0/16"}
# Two networks, one of them ours; a value that is not ours; one that is the same; one that we have no part in.
THEIRS: dict[str, Any] = {
    "serviceClusterIPs": [THEIR_NETWORK, {"cidr": SERVICES}],
    "logSeverityScreen": "Warning",
    "asNumber": 64512,
    "ignoredInterfaces": ["eth9"],
}
MARK = "calico-peering/values"


@pytest.fixture
def default(no_stack: Stack, calico: Calico) -> Iterator[Calico]:
    """Calico without BGPConfigurations; none stays."""
    calico.delete("bgpconfigurations", "default")
    yield calico
    for name in ("default", "node.node1"):
        calico.delete("bgpconfigurations", name)


@pytest.fixture
def program(tmp_path: Path) -> SmallProgram:
    return SmallProgram(tmp_path, PROGRAM)


def spec(calico: Calico) -> dict[str, Any] | None:
    """The spec of `default`, without what the API server sets itself."""
    found = calico.find("bgpconfigurations", "default")
    return found and {name: value for name, value in found["spec"].items() if name not in FILLED}


def mark(calico: Calico) -> Any:
    found = calico.find("bgpconfigurations", "default") or {"metadata": {}}
    text = found["metadata"].get("annotations", {}).get(MARK)
    return text and json.loads(text)["small-program/test"]


def write(calico: Calico, fields: dict[str, Any]) -> None:
    calico.put("bgpconfigurations", "BGPConfiguration", "default", fields)


def drift(calico: Calico) -> dict[str, Any]:
    """Somebody changes a value and a list of ours, and adds things of his own; the latter are returned."""
    now = calico.spec("bgpconfigurations", "default")
    own = {"serviceClusterIPs": [*now["serviceClusterIPs"], LATER], "localWorkloadPeeringIPV4": "169.254.1.1"}
    write(calico, {**now, **own, "serviceExternalIPs": [], "logSeverityScreen": "Error"})
    return own


def check_drift(program: SmallProgram, calico: Calico, whole: dict[str, Any]) -> None:
    """Ours is shown and repaired, theirs neither; `whole`: what was there before the drift."""
    own = drift(calico)
    shown = plain(program.run("preview", "--refresh", "--diff"))
    assert '"Error" => "Debug"' in shown
    assert '"203.0.113.0/28"' in shown
    assert "10.77.0.0" not in shown and "169.254.1.1" not in shown
    assert "1 to update" in shown
    program.run("up", "--yes", "--skip-preview", "--refresh")
    assert spec(calico) == {**whole, **own}


def without_later(calico: Calico) -> dict[str, Any] | None:
    """What is left in `default` without what `drift` added, of which all has to be there."""
    left = spec(calico)
    assert left is not None
    assert left.pop("localWorkloadPeeringIPV4") == "169.254.1.1"
    networks = left.pop("serviceClusterIPs")
    assert LATER in networks
    networks.remove(LATER)
    return {**left, **({"serviceClusterIPs": networks} if networks else {})}


def test_default_is_absent(program: SmallProgram, default: Calico) -> None:
    program.run("up", "--yes", "--skip-preview")
    assert spec(default) == OURS
    assert mark(default) == {"asNumber": {"ours": 64512}, "logSeverityScreen": {"ours": "Debug"}}
    check_drift(program, default, OURS)
    # What others added meanwhile would keep the object; without it nothing is left.
    write(default, OURS)
    program.run("destroy", "--yes", "--skip-preview")
    assert spec(default) is None


def test_default_is_present_and_empty(program: SmallProgram, default: Calico) -> None:
    write(default, {})
    program.run("up", "--yes", "--skip-preview")
    assert spec(default) == OURS
    check_drift(program, default, OURS)
    # With what others added it would stay whosever it is.
    write(default, OURS)
    program.run("destroy", "--yes", "--skip-preview")
    assert spec(default) == {}


def test_default_has_others_values_in_our_fields(program: SmallProgram, default: Calico) -> None:
    write(default, THEIRS)
    refused = program.try_to("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert 'logSeverityScreen of BGPConfiguration default: wanted "Debug", found "Warning"' in refused.stdout
    assert "set calico-peering:bgpConfigurationTakeOver to [logSeverityScreen]" in refused.stdout
    assert (spec(default), mark(default)) == (THEIRS, None)
    program.run("config", "set", "--path", "takeOver[0]", "logSeverityScreen")
    program.run("up", "--yes", "--skip-preview")
    whole = {**THEIRS, "serviceExternalIPs": EXTERNAL, "logSeverityScreen": "Debug"}
    assert spec(default) == whole
    assert mark(default) == {"logSeverityScreen": {"before": "Warning", "ours": "Debug"}}
    check_drift(program, default, whole)
    program.run("destroy", "--yes", "--skip-preview")
    assert without_later(default) == THEIRS
    assert mark(default) is None


def test_default_came_between_the_preview_and_the_up(program: SmallProgram, default: Calico) -> None:
    assert "to create" in program.run("preview")
    made = {"serviceClusterIPs": [{"cidr": SERVICES}], "asNumber": 64512}
    write(default, made)
    program.run("up", "--yes", "--skip-preview")
    whole = {**OURS, **made}
    assert spec(default) == whole
    assert mark(default) == {"logSeverityScreen": {"ours": "Debug"}}
    check_drift(program, default, whole)
    program.run("destroy", "--yes", "--skip-preview")
    assert without_later(default) == made


def test_anothers_value_is_told_before_anything_is_written(
    bare_stack: Stack, default: Calico, changed: Changed
) -> None:
    tracked = {"argocd.argoproj.io/tracking-id": "bgp:BGPConfiguration:default"}
    body = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "BGPConfiguration",
        "metadata": {"name": "default", "annotations": tracked},
        "spec": {"asNumber": 64999, "nodeMeshMaxRestartTime": "60s"},
    }
    default.api.create_cluster_custom_object(
        "projectcalico.org", "v3", "bgpconfigurations", body, field_manager="kubectl-create"
    )
    settings = changed(writeCalicoAsNumber=True, nodeToNodeMesh="Disabled")
    for command in ("preview", "up"):
        arguments = [command, *(["--yes", "--skip-preview"] if command == "up" else [])]
        refused = bare_stack.run(*arguments, check=False, environment=settings)
        told = plain(refused.stdout + refused.stderr)
        assert refused.returncode != 0
        assert "asNumber of BGPConfiguration default: wanted 64512, found 64999, written by kubectl" in told
        assert "Argo CD (argocd.argoproj.io/tracking-id: bgp:BGPConfiguration:default)" in told
        assert 'nodeMeshMaxRestartTime of BGPConfiguration default: wanted none, found "1m0s"' in told
        assert "set calico-peering:bgpConfigurationTakeOver to [asNumber]" in told
    assert default.find("bgppeers", "bgppeer-external") is None
    assert default.spec("bgpconfigurations", "default")["asNumber"] == 64999


def told_to_the_machine(machine: External, prefix: str) -> dict[str, set[str]]:
    """The communities of the machine's routes for a prefix, by next hop."""
    text = machine.run("birdc", "show", "route", "all", "for", prefix).stdout
    found: dict[str, set[str]] = {}
    hop = ""
    for line in text.splitlines():
        if via := re.search(r"via (\S+) on", line):
            hop = via[1]
            found.setdefault(hop, set())
        if "community:" in line:
            found[hop] |= {f"{one[0]}:{one[1]}" for one in re.findall(r"\((\d+), ?(\d+)\)", line)}
    return found


def test_the_settings_are_what_the_nodes_announce(
    bare_stack: Stack, default: Calico, machine: External, changed: Changed
) -> None:
    settings = changed(
        writeCalicoAsNumber=True,
        nodeToNodeMesh="Enabled",
        serviceLoadBalancerAggregation="Disabled",
        bgpLogSeverity="Info",
        externalNetworks=["203.0.113.0/28"],
        loadBalancerNetworks=["203.0.113.16/28"],
        communities={"external": "65112:100"},
        prefixAdvertisements={SERVICES: ["external", "65112:7"]},
        nodeBgpConfigurations={"node1": {"prefixAdvertisements": {SERVICES: ["65112:201"]}}},
    )
    bare_stack.run("up", "--yes", "--skip-preview", environment=settings)
    assert default.spec("bgpconfigurations", "default") == {
        "asNumber": 64512,
        "nodeToNodeMeshEnabled": True,
        "serviceLoadBalancerAggregation": "Disabled",
        "logSeverityScreen": "Info",
        "serviceClusterIPs": [{"cidr": SERVICES}],
        "serviceExternalIPs": [{"cidr": "203.0.113.0/28"}],
        "serviceLoadBalancerIPs": [{"cidr": "203.0.113.16/28"}],
        "communities": [{"name": "external", "value": "65112:100"}],
        "prefixAdvertisements": [
            {"cidr": SERVICES, "communities": ["external"]},
            {"cidr": SERVICES, "communities": ["65112:7"]},
        ],
    }
    others = {f"172.34.8.{node}": {"65112:100", "65112:7"} for node in (30, 76, 87)}
    wanted = {"172.34.8.10": {"65112:201"}, **others}
    poll("the nodes' communities", lambda: told_to_the_machine(machine, SERVICES) == wanted)
    bare_stack.destroy()
    assert default.find("bgpconfigurations", "default") is None
    assert default.find("bgpconfigurations", "node.node1") is None
