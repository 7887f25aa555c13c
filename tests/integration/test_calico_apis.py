"""The program with each of Calico's APIs that a cluster may serve, and its words where it cannot use one.

crd.projectcalico.org/v1 is what the lab's nodes read, so there everything is seen, to the routes. Native v3
definitions the pinned Calico cannot use (3.32 is the first that can), so there only the objects are seen.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from components.calico.calico_api import CRD_V1, KINDS, V3, CalicoApi, connect
from components.calico.calico_served import check_served, look
from components.shared.provider_errors import ProviderError
from lab.cluster.other_api import (
    API_SERVICE,
    API_SERVICES,
    native_definitions,
    silent_api_server,
    without_api_server,
)
from lab.engine.build import folder
from lab.engine.products import CONFD
from lab.external import External
from lab.layout import Layout
from tests.integration.conftest import Calico, Changed, Stack, bird_routes, emptied
from tests.integration.reflected import (
    PEER_NAME,
    SETTINGS,
    all_meshed,
    all_reflected,
    assert_no_statuses,
    assert_nothing_left,
    blocks_without_overlay,
    mesh_off,
)
from tests.integration.small_program import SmallProgram
from tests.on_the_lab import poll

PEER, OPERATOR = "bgppeer-external", "apiservers.operator.tigera.io"
THEIRS = {"logSeverityScreen": "Debug", "serviceClusterIPs": [{"cidr": "10.200.0.0/16"}]}
# Calico's part alone: a verification would wait for sessions in vain.
PROGRAM = """
import pulumi
from components.calico.calico_bgp import CalicoBgp

machine = {"name": "external", "addresses": ["172.34.8.45"], "as_number": pulumi.Config().require_int("as")}
CalicoBgp("calico", {"machines": [machine], "service_networks": ["10.96.0.0/12"]})
"""


@pytest.fixture
def default(bare_stack: Stack, calico: Calico) -> Iterator[Calico]:
    """`default` is there with others' fields; afterwards it is as it was.

    The stack is empty then: what one API made, a run by another one refuses to touch.
    """
    bare_stack.destroy()
    was = calico.find("bgpconfigurations", "default")
    calico.put("bgpconfigurations", "BGPConfiguration", "default", THEIRS)
    with emptied(bare_stack):
        yield calico
    calico.delete("bgpconfigurations", "default")
    if was:
        calico.put("bgpconfigurations", "BGPConfiguration", "default", was["spec"])


def refused(api: CalicoApi = V3) -> str:
    """Why the API cannot be used."""
    with pytest.raises(ProviderError) as caught:
        check_served(connect(calico=api), KINDS)
    return str(caught.value)


def underneath(calico: Calico, name: str = PEER) -> dict[str, Any]:
    """A peer as crd.projectcalico.org/v1 has it."""
    found: Any = calico.api.get_cluster_custom_object(*CRD_V1, "bgppeers", name)
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


@pytest.mark.extra("node-status")
def test_crd_v1_makes_route_reflectors_and_gives_the_mesh_back(
    default: Calico, bare_stack: Stack, changed: Changed
) -> None:
    before = default.spec("bgpconfigurations", "default")
    its = changed(calicoApi="crd-v1", nodePortNetwork="", **SETTINGS)
    with blocks_without_overlay(default):
        bare_stack.run("up", "--yes", "--skip-preview", environment=its)
        assert all_reflected() and mesh_off(default)
        mark = {"calico-peering/stack": "calico-peering/lab", "calico-peering/api": str(CRD_V1)}
        assert mark.items() <= underneath(default, PEER_NAME)["metadata"]["annotations"].items()
        assert_no_statuses(default)
        bare_stack.run("preview", "--refresh", "--expect-no-changes", environment=its)
        bare_stack.destroy()
        assert all_meshed()
    assert_nothing_left(default)
    assert default.spec("bgpconfigurations", "default") == before


def test_native_definitions_are_used_where_calico_uses_them(
    default: Calico, layout: Layout, tmp_path: Path
) -> None:
    api = default.api
    files = folder(layout.cache, CONFD) / "files"
    with without_api_server(api), native_definitions(api, files):
        assert "no Calico uses them" in refused()
        assert look(connect(), KINDS).native
        information = {
            "apiVersion": str(V3),
            "kind": "ClusterInformation",
            "metadata": {"name": "default"},
            "spec": {"calicoVersion": "v3.32.0"},
        }
        api.create_cluster_custom_object(*V3, "clusterinformations", information)
        assert check_served(connect(), KINDS) is None
        assert "Calico (v3.32.0)" in refused(CRD_V1) and "nobody reads" in refused(CRD_V1)

        program = SmallProgram(tmp_path, PROGRAM)
        program.run("config", "set", "as", "65112")
        program.run("up", "--yes", "--skip-preview")
        assert default.spec("bgppeers", PEER) == {"peerIP": "172.34.8.45", "asNumber": 65112}
        assert default.spec("bgpconfigurations", "default")["serviceClusterIPs"] == [{"cidr": "10.96.0.0/12"}]
        # It is really another store than the one underneath Calico's API server.
        with pytest.raises(client.ApiException, match="404"):
            underneath(default)
        program.run("preview", "--refresh", "--expect-no-changes")
        program.run("config", "set", "as", "65113")
        program.run("up", "--yes", "--skip-preview")
        assert default.spec("bgppeers", PEER)["asNumber"] == 65113
        program.run("destroy", "--yes", "--skip-preview")
        assert default.find("bgppeers", PEER) is None
        assert default.find("bgpconfigurations", "default") is None


def test_without_an_api_server_a_preview_says_what_to_do(
    bare_stack: Stack, calico: Calico, layout: Layout
) -> None:
    with without_api_server(calico.api):
        done = bare_stack.preview(check=False)
        text = done.stdout + done.stderr
        assert done.returncode != 0 and "Traceback" not in text
        assert f"serves only {CRD_V1}, not {V3}" in text
        for way in ("apiserver.yaml", "native v3 definitions", "calico-peering:calicoApi to crd-v1"):
            assert way in text
        names = {"kind": "APIServer", "plural": "apiservers", "singular": "apiserver"}
        schema = {"openAPIV3Schema": {"type": "object"}}
        version = {"name": "v1", "served": True, "storage": True, "schema": schema}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": OPERATOR},
            "spec": {
                "group": OPERATOR.partition(".")[2],
                "names": names,
                "scope": "Cluster",
                "versions": [version],
            },
        }
        kind = ("apiextensions.k8s.io", "v1", "customresourcedefinitions")
        calico.api.create_cluster_custom_object(*kind, definition)
        try:
            assert "have the operator start" in refused()
        finally:
            calico.api.delete_cluster_custom_object(*kind, OPERATOR)


def test_an_api_server_that_does_not_answer_is_told_with_kubernetes_own_words(calico: Calico) -> None:
    def reason() -> str | None:
        """What Kubernetes says, once it has noticed."""
        found: Any = calico.api.get_cluster_custom_object(*API_SERVICES, API_SERVICE)
        [available] = [one for one in found["status"]["conditions"] if one["type"] == "Available"]
        return str(available["message"]) if available["status"] == "False" else None

    def told() -> bool:
        text, words = refused(), reason()
        assert "Service calico-apiserver/calico-api" in text and "does not answer" in text
        # In one line, and without the stop at the end that ours has.
        return words is not None and " ".join(words.split()).rstrip(".") in text

    with silent_api_server(calico.api):
        poll("Kubernetes' own words", told, 60)
