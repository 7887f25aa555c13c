"""One request to the cluster's API: what is sent, what is answered, and what a refusal becomes."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from kubernetes.client import ApiClient, ApiException, Configuration

from components.calico.rest import MERGE_PATCH, quoted, request
from tests.unit.local_servers import answering

Seen = dict[str, Any]


@pytest.fixture
def seen() -> Seen:
    """The last request, and what is answered."""
    return {"status": 200, "answer": {"items": []}}


@pytest.fixture
def client(seen: Seen) -> Iterator[ApiClient]:
    """A client of a server on loopback, with a token."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen.update(
                method=self.command,
                path=self.path,
                headers={key.lower(): value for key, value in self.headers.items()},
                body=body,
            )
            answer = seen["answer"]
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(seen["status"])
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _any

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    configuration = Configuration(host=f"http://127.0.0.1:{server.server_port}")
    configuration.api_key["authorization"] = "Bearer word"
    configuration.retries = False
    with answering(server):
        yield ApiClient(configuration)


def test_a_read_has_the_clients_credentials_and_a_query(client: ApiClient, seen: Seen) -> None:
    assert request(client, "GET", "/apis/apps/v1/daemonsets", fieldSelector="metadata.name=a b") == {
        "items": []
    }
    assert (seen["method"], seen["body"]) == ("GET", b"")
    assert seen["path"] == "/apis/apps/v1/daemonsets?fieldSelector=metadata.name%3Da%20b"
    assert seen["headers"]["authorization"] == "Bearer word"
    assert seen["headers"]["accept"] == "application/json"


@pytest.mark.parametrize(("method", "content_type"), [("POST", "application/json"), ("PATCH", MERGE_PATCH)])
def test_a_write_sends_json_of_its_kind(
    client: ApiClient, seen: Seen, method: str, content_type: str
) -> None:
    body = {"metadata": {"labels": {"a": None}}}
    request(client, method, "/api/v1/nodes/node1", body, content_type)
    assert (seen["method"], json.loads(seen["body"])) == (method, body)
    assert seen["headers"]["content-type"] == content_type


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 500, 503])
def test_any_other_status_is_the_clients_own_exception(client: ApiClient, seen: Seen, status: int) -> None:
    seen.update(status=status, answer={"kind": "Status", "message": "why not"})
    with pytest.raises(ApiException) as caught:
        request(client, "GET", "/api/v1/nodes")
    assert caught.value.status == status
    assert json.loads(caught.value.body or "")["message"] == "why not"


@pytest.mark.parametrize("answer", [b"<html>", [], "text", 7, b""])
def test_an_answer_that_is_no_object_is_a_value_error(client: ApiClient, seen: Seen, answer: Any) -> None:
    seen["answer"] = answer
    with pytest.raises(ValueError):
        request(client, "GET", "/api/v1/nodes")


def test_a_name_stays_one_part_of_a_path() -> None:
    assert quoted("a/b?c") == "a%2Fb%3Fc"
