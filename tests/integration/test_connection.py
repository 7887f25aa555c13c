"""The main promise: one `pulumi up` connects the machine, and what a user would look at is right."""

import json
import subprocess

import pytest

from components.bird.bird_router import END
from lab.cluster.pods import PODS
from lab.cluster.service import SERVICE_URL
from lab.external import External
from lab.layout import PROJECT, Layout
from tests.integration.conftest import Stack, bird_routes, poll

NODES = ["172.34.8.10", "172.34.8.30", "172.34.8.76", "172.34.8.87"]
SCENARIO = {
    "10.96.0.0/12": NODES,
    "192.168.204.0/26": NODES,
    "192.168.219.128/26": NODES,
}


@pytest.mark.main_path
def test_the_kernel_has_exactly_the_scenarios_ecmp_routes(module_stack: Stack, machine: External) -> None:
    poll("the scenario's routes", lambda: bird_routes(machine) == SCENARIO)


@pytest.mark.main_path
def test_every_node_has_an_established_session_in_the_outputs(module_stack: Stack) -> None:
    sessions = module_stack.output("sessions")
    assert {session["neighbor"]: session["state"] for session in sessions} == dict.fromkeys(
        NODES, "Established"
    )


@pytest.mark.main_path
def test_the_routes_in_the_outputs_are_those_of_the_kernel(module_stack: Stack, machine: External) -> None:
    outputs = {route["prefix"]: sorted(route["nextHops"]) for route in module_stack.output("routes")}
    assert outputs == {prefix: sorted(hops) for prefix, hops in bird_routes(machine).items()}


@pytest.mark.main_path
def test_the_rendered_configuration_in_the_outputs_is_the_file_on_the_machine(
    module_stack: Stack, machine: External
) -> None:
    assert machine.run("cat", "/etc/bird/bird.conf").stdout == module_stack.output("birdConfiguration") + END


@pytest.mark.main_path
def test_pods_in_both_blocks_answer_from_the_machine(module_stack: Stack, machine: External) -> None:
    for pod in PODS:
        answer = machine.run("curl", "-sS", "--max-time", "5", pod.url).stdout
        assert pod.name in answer


@pytest.mark.main_path
def test_the_service_answers_from_the_machine(module_stack: Stack, machine: External) -> None:
    answer = machine.run("curl", "-sS", "--max-time", "5", SERVICE_URL).stdout
    assert any(pod.name in answer for pod in PODS)


@pytest.mark.main_path
def test_a_second_up_has_nothing_to_do(module_stack: Stack) -> None:
    module_stack.up("--expect-no-changes")
    module_stack.run("preview", "--expect-no-changes")


def test_a_refresh_finds_nothing_to_change(module_stack: Stack) -> None:
    module_stack.run("preview", "--refresh", "--expect-no-changes")


@pytest.mark.main_path
def test_the_labs_status_names_machines_sessions_and_urls(module_stack: Stack, layout: Layout) -> None:
    words = ["python", "-m", "lab.status", str(layout.folder), "json"]
    status = json.loads(subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)
    assert status["machines"]["peer"] == "172.34.8.45"
    assert sorted(session["neighbor"] for session in status["sessions"]) == NODES
    assert {session["state"] for session in status["sessions"]} == {"Established"}
    assert status["service"] == SERVICE_URL


@pytest.mark.main_path
def test_no_secret_is_in_the_state_or_the_preview(module_stack: Stack, machine: External) -> None:
    key = "".join(machine.login_key.read_text().splitlines()[1:-1])
    state = module_stack.run("stack", "export").stdout
    assert key[:40] not in state.replace("\\n", "")
    assert key[:40] not in module_stack.preview().stdout.replace("\n", "")
