"""What is kept of a failed test: what explains it, and no secret."""

import json
from pathlib import Path

import pytest
import yaml

from lab.layout import Layout
from tests.suite.failure_folder import LOG_LINES, folder_name, keep_state
from tests.suite.secrets_removed import (
    REMOVED,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    known_secrets,
    remove_secrets,
    without_secrets,
)
from tests.unit.suite_run import SuiteRuns

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\nZGVm\n-----END OPENSSH PRIVATE KEY-----"
PASSPHRASE, PASSWORD, TOKEN = "passphrase-of-the-lab", "password-of-a-cloud", "token-of-the-cluster"
ENCRYPTED = {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:abcdefg:hijklmn"}
CHECKPOINT = {
    "version": 3,
    "checkpoint": {
        "latest": {
            "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:saltsalt:more"}},
            "resources": [
                {
                    "urn": "urn:pulumi:lab::calico-peering::command:remote:Command::script",
                    "inputs": {"connection": ENCRYPTED, "create": "echo 1"},
                    "outputs": {"key": {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": '"in the clear"'}},
                }
            ],
        }
    },
}


@pytest.fixture
def lab(tmp_path: Path) -> Layout:
    """The files of a lab, with a secret in each."""
    made = Layout(folder=tmp_path / "lab")
    (made.stack / "passphrase").write_text(f"{PASSPHRASE}\n")
    made.clouds.write_text(yaml.safe_dump({"clouds": {"lab": {"auth": {"password": PASSWORD}}}}))
    made.kubeconfig.write_text(yaml.safe_dump({"users": [{"user": {"token": TOKEN}}]}))
    lines = [f"line {number}" for number in range(3 * LOG_LINES)]
    (made.log / "nova.log").write_text("\n".join([*lines, f"login with {PASSWORD}", KEY, "end"]))
    folder = made.state / ".pulumi" / "stacks" / "calico-peering"
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text(json.dumps(CHECKPOINT))
    return made


def test_a_failed_test_has_a_folder_with_its_output_the_logs_and_the_state_and_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, lab: Layout
) -> None:
    runs = SuiteRuns(pytester, monkeypatch)
    monkeypatch.setenv("CALICO_PEERING_LAB", str(lab.folder))
    runs.write(
        test_it=f"import pytest\n@pytest.mark.parametrize('case', ['a b/c'])\ndef test_fails(case):\n"
        f"    print({KEY!r}, {PASSWORD!r}, 'said')\n    assert False, 'why'\ndef test_passes(): pass\n"
    )
    runs.run().assert_outcomes(passed=1, failed=1)
    folder = runs.folder / "results" / "failures" / "test_it" / "test_fails-a-b-c"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    output = (folder / "output.txt").read_text()
    assert "AssertionError: why" in output and "said" in output
    log = (folder / "logs" / "nova.log").read_text().splitlines()
    assert len(log) <= LOG_LINES and log[-3:] == [f"login with {REMOVED}", REMOVED, "end"]
    assert "journal" in (folder / "logs" / "journal-peer.log").read_text()
    state = json.loads((folder / "state.json").read_text())
    assert state["checkpoint"]["latest"]["resources"][0]["inputs"]["create"] == "echo 1"
    kept = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    for secret in (PASSPHRASE, PASSWORD, TOKEN, "YWJj", "v1:", "in the clear"):
        assert secret not in kept
    assert {path.name for path in folder.iterdir()} == {"output.txt", "logs", "state.json"}


def test_a_state_that_cannot_be_read_is_named_and_hides_nothing_else(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path / "lab")
    keep_state(layout, tmp_path / "state.json", set())
    assert "could not be read" in json.loads((tmp_path / "state.json").read_text())["error"]


def test_every_kind_of_secret_is_taken_from_a_state_and_the_rest_stays() -> None:
    found = without_secrets(CHECKPOINT)["checkpoint"]["latest"]
    assert found["secrets_providers"] == {"type": "passphrase", "state": {"salt": REMOVED}}
    resource = found["resources"][0]
    assert resource["inputs"] == {"connection": REMOVED, "create": "echo 1"}
    assert resource["outputs"] == {"key": REMOVED}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"before {KEY} after", f"before {REMOVED} after"),
        (f"before {KEY!r} after", f"before '{REMOVED}' after"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nYWJj\n# cut", f"a {REMOVED}# cut"),
        ("-----BEGIN PUBLIC KEY-----\nYWJj", "-----BEGIN PUBLIC KEY-----\nYWJj"),
    ],
    ids=["whole", "quoted", "cut off", "public"],
)
def test_private_keys_are_removed_from_any_text(text: str, rest: str) -> None:
    assert remove_secrets(text) == rest


def test_a_labs_own_secrets_are_known_and_short_words_are_not_taken_for_one(lab: Layout) -> None:
    assert known_secrets(lab) == {PASSPHRASE, PASSWORD, TOKEN}
    (lab.stack / "passphrase").write_text("lab")
    assert known_secrets(lab) == {PASSWORD, TOKEN}
    assert known_secrets(Layout(folder=lab.folder / "none")) == set()


def test_a_folder_is_named_for_the_test() -> None:
    assert folder_name("tests/integration/test_killed.py::test_it[PUT ports 2-x]") == (
        "test_killed/test_it-PUT-ports-2-x"
    )
    assert folder_name("tests/unit/test_a.py") == "test_a/collection"
