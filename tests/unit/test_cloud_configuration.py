"""What clouds.yaml may hold by mistake is a sentence that names the entry, and shows nothing of the file."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from openstack.exceptions import HttpException

from components.ports import openstack_api
from components.shared.provider_errors import ProviderError
from tests.unit.local_servers import answering

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


class Answering(BaseHTTPRequestHandler):
    """A Keystone that answers everybody who asks for a token with `status`."""

    status = 401

    def do_GET(self) -> None:
        version = {
            "id": "v3.14",
            "status": "stable",
            "links": [{"rel": "self", "href": f"http://{self.headers['Host']}/v3/"}],
        }
        self._send(200, {"version": version})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(self.status, {"error": {"code": self.status, "message": "so it is"}})

    def _send(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "Keystone refused the credentials of cloud 'production'"),
        (403, "were accepted and may not do this"),
    ],
    ids=["unknown", "not permitted"],
)
def test_who_is_unknown_and_who_may_not_are_two_sentences(
    clouds: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    monkeypatch.setattr(Answering, "status", status)
    monkeypatch.setenv("NO_PROXY", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    with answering(server):
        url = f"http://127.0.0.1:{server.server_port}/v3"
        clouds.write_text(ENTRY.format(more="").replace("https://127.0.0.1:1/v3", url))
        with pytest.raises(ProviderError) as caught:
            openstack_api.connect("production")
    text = str(caught.value)
    assert said in text and "so it is" in text
    assert "hidden" not in text


@pytest.mark.parametrize(("status", "said"), [(401, "do not allow GET /v2"), (403, "may not do this")])
def test_what_a_known_user_may_not_do_is_no_wrong_password(status: int, said: str) -> None:
    request = requests.Request("GET", "http://127.0.0.1/v2/ports").prepare()
    answer = requests.Response()
    answer.request, answer.status_code = request, status
    with pytest.raises(ProviderError, match=said) as caught, openstack_api.clear_errors("production"):
        raise HttpException(response=answer, http_status=status)
    assert "password" not in str(caught.value)
