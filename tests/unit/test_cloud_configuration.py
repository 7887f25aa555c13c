"""What clouds.yaml may hold by mistake is a sentence that names the entry, and shows nothing of the file."""

from pathlib import Path

import pytest

from components.ports import openstack_api
from components.shared.provider_errors import ProviderError

ENTRY = """
clouds:
  production:
    auth: {{auth_url: "https://127.0.0.1:1/v3", username: u, password: hidden, project_name: p}}
    user_domain_name: Default
    project_domain_name: Default
    region_name: r
{more}
"""


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clouds.yaml that openstacksdk finds, and no cloud that was connected to before."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.delenv("OS_CLOUD", raising=False)
    monkeypatch.setattr(openstack_api, "_connections", {})
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clouds: {production: }", "cannot be used"),
        ("clouds: {production: []}", "cannot be used"),
        ("clouds: {production: {auth: hidden}}", "cannot be used"),
        ("clouds: {production: {}}", "missing or incomplete"),
        ("clouds: {staging: {auth: {auth_url: x}}}", "missing or incomplete"),
        ("clouds: [hidden", "missing or incomplete"),
        (ENTRY.format(more="    cacert: /nowhere/ca.pem"), "cacert"),
        (ENTRY.format(more=""), "does not answer"),
    ],
    ids=[
        "empty",
        "a list",
        "auth is a text",
        "no auth",
        "another name",
        "no YAML",
        "no cacert",
        "nobody there",
    ],
)
def test_what_is_wrong_is_one_sentence(clouds: Path, text: str, said: str) -> None:
    clouds.write_text(text)
    with pytest.raises(ProviderError) as caught:
        openstack_api.connect("production")
    assert said in str(caught.value)
    assert "'production'" in str(caught.value)
    assert "hidden" not in str(caught.value)
