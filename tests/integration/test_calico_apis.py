"""The program with another of Calico's APIs than v3: all of it, to the routes, and all is given back."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.calico.calico_api import CRD_V1, V3
from lab.external import External
from tests.integration.conftest import Calico, Changed, Stack, bird_routes

PEER = "bgppeer-external"
THEIRS = {"logSeverityScreen": "Debug", "serviceClusterIPs": [{"cidr": "10.200.0.0/16"}]}


@pytest.fixture
def default(bare_stack: Stack, calico: Calico) -> Iterator[Calico]:
    """`default` is there with others' fields; afterwards it is as it was."""
    bare_stack.destroy()
    was = calico.find("bgpconfigurations", "default")
    calico.put("bgpconfigurations", "BGPConfiguration", "default", THEIRS)
    yield calico
    calico.delete("bgpconfigurations", "default")
    if was:
        calico.put("bgpconfigurations", "BGPConfiguration", "default", was["spec"])


def underneath(calico: Calico) -> dict[str, Any]:
    """The peer as crd.projectcalico.org/v1 has it."""
    found: Any = calico.api.get_cluster_custom_object(*CRD_V1, "bgppeers", PEER)
    return dict(found)


def test_crd_v1_does_all_of_it_with_a_warning_and_gives_all_back(
    default: Calico, bare_stack: Stack, changed: Changed, machine: External
) -> None:
    before = default.spec("bgpconfigurations", "default")
    its = changed(calicoApi="crd-v1")
    output = bare_stack.run("up", "--yes", "--skip-preview", environment=its)
    assert "nothing checks what is written" in output.stdout + output.stderr
    assert len(bird_routes(machine)) == 3
    assert all(len(hops) == 4 for hops in bird_routes(machine).values())
    assert all(session["state"] == "Established" for session in bare_stack.output("sessions"))

    # Calico's API server and calicoctl read both objects as their own.
    peer = default.find("bgppeers", PEER)
    assert peer is not None and peer["spec"]["peerIP"] == "172.34.8.45"
    assert peer["metadata"]["annotations"]["calico-peering/stack"] == "calico-peering/lab"
    entries = default.spec("bgpconfigurations", "default")["serviceClusterIPs"]
    assert [one["cidr"] for one in entries] == ["10.200.0.0/16", "10.96.0.0/12"]
    bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=its)

    # What calicoctl writes moves the mark into Calico's own annotation; it is still known.
    peer["spec"]["asNumber"] = 65200
    default.api.replace_cluster_custom_object(*V3, "bgppeers", PEER, peer)
    assert "calico-peering/stack" not in underneath(default)["metadata"]["annotations"]
    bare_stack.run("up", "--yes", "--skip-preview", "--refresh", environment=its)
    assert underneath(default)["spec"]["asNumber"] == 65112

    done = bare_stack.preview(check=False)
    assert done.returncode != 0
    assert f"{PEER} of this stack was made by {CRD_V1}" in done.stdout + done.stderr

    bare_stack.destroy()
    assert default.find("bgppeers", PEER) is None
    assert default.spec("bgpconfigurations", "default") == before
    assert bird_routes(machine) == {}
