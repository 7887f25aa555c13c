"""What `python -m tools.state_repair` makes of an exported state: empty secrets, and claimed entries."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tools.state_repair import RepairError, blank_secrets, claim, main, read_salt

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
PODS, SERVICES = "192.168.0.0/16", "10.96.0.0/12"


def secret(text: str) -> dict[str, str]:
    return {**SECRET, "ciphertext": text}


def plaintext(value: Any) -> dict[str, str]:
    return {**SECRET, "plaintext": json.dumps(value)}


def resource(kind: str, outputs: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    return {"type": f"pulumi-python:dynamic/calico-peering:{kind}", "outputs": outputs, "inputs": inputs}


def state(*resources: dict[str, Any], provider: str = "passphrase") -> dict[str, Any]:
    secrets = {"type": provider, "state": {"salt": "v1:old"}}
    return {"version": 3, "deployment": {"secrets_providers": secrets, "resources": list(resources)}}


def test_every_secret_becomes_an_empty_one_of_its_kind_and_all_else_stays() -> None:
    found = state(
        {
            "type": "command:remote:Command",
            "inputs": {"connection": secret("a"), "stdin": secret("b"), "create": "router verify"},
            "outputs": {"list": [secret("c"), {"deep": secret("d")}], "data": secret("e"), "count": 1},
        }
    )
    assert blank_secrets(found, "v1:new") == 5
    assert found == {
        "version": 3,
        "deployment": {
            "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:new"}},
            "resources": [
                {
                    "type": "command:remote:Command",
                    "inputs": {
                        # Their plugins do not read a text there.
                        "connection": plaintext({"host": ""}),
                        "stdin": plaintext(""),
                        "create": "router verify",
                    },
                    "outputs": {
                        "list": [plaintext(""), {"deep": plaintext("")}],
                        "data": plaintext({}),
                        "count": 1,
                    },
                }
            ],
        },
    }


def test_another_secrets_provider_is_refused() -> None:
    with pytest.raises(RepairError, match="expected passphrase, found cloud"):
        blank_secrets(state(provider="cloud"), "v1:new")


def test_the_salt_is_the_stack_files() -> None:
    assert read_salt("config:\n  a: b\nencryptionsalt: v1:abc=:v1:def==\n") == "v1:abc=:v1:def=="
    with pytest.raises(
        RepairError, match="no salt in the stack file: expected a line `encryptionsalt: v1:…`"
    ):
        read_salt("config:\n  a: b\n")


def test_what_is_named_is_claimed_on_ports_and_in_lists_and_nothing_else() -> None:
    found = state(
        resource("PortsBefore", {"networks": [PODS], "before": ["p1", "p2"]}),
        resource("PortsBefore", {"networks": [SERVICES], "before": ["p1"]}),
        resource(
            "PortPairs",
            {"port_id": "p1", "networks": [PODS, SERVICES], "before": [PODS, SERVICES], "added": []},
            before=[PODS, SERVICES],
        ),
        resource("DefaultBefore", {"place": f"serviceClusterIPs/{SERVICES}", "listed": True}),
        resource("BgpConfigurationPart", {"object": "default", "lists": {"serviceClusterIPs": [SERVICES]}}),
    )
    assert claim(found, [PODS]) == [f"port p1: {PODS}"]
    pods, services, pairs, before, part = found["deployment"]["resources"]
    assert pods["outputs"]["before"] == [] and services["outputs"]["before"] == ["p1"]
    assert pairs["outputs"]["added"] == [PODS]
    assert pairs["outputs"]["before"] == pairs["inputs"]["before"] == [SERVICES]
    assert before["outputs"]["listed"] and part["outputs"]["added"] == {}


def test_an_entry_of_a_list_is_claimed_once() -> None:
    found = state(
        resource("DefaultBefore", {"place": f"serviceClusterIPs/{SERVICES}", "listed": True}),
        resource("BgpConfigurationPart", {"object": "default", "lists": {"serviceClusterIPs": [SERVICES]}}),
    )
    assert claim(found, [SERVICES]) == [f"BGPConfiguration default, serviceClusterIPs: {SERVICES}"]
    before, part = found["deployment"]["resources"]
    assert not before["outputs"]["listed"]
    assert part["outputs"]["added"] == {"serviceClusterIPs": [SERVICES]}
    assert claim(found, [SERVICES]) == []


def test_the_command_writes_the_state_to_its_output_and_what_it_did_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(state())))
        code = main([*arguments])
        output, errors = capsys.readouterr()
        return code, output, errors

    stack_file = tmp_path / "Pulumi.production.yaml"
    stack_file.write_text("encryptionsalt: v1:new\n")
    code, output, errors = run("blank-secrets", str(stack_file))
    assert (code, errors) == (0, "0 secrets are empty now\n")
    assert json.loads(output)["deployment"]["secrets_providers"]["state"] == {"salt": "v1:new"}
    code, output, errors = run("claim", PODS)
    assert (code, errors) == (0, "nothing to claim: the state has no such entry of others\n")
    assert json.loads(output) == state()
    stack_file.write_text("config: {}\n")
    code, output, errors = run("blank-secrets", str(stack_file))
    assert code == 1 and output == "" and errors.startswith("error: no salt")
