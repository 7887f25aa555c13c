"""A job's logins are files of its user alone while it runs, and are nowhere afterwards."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.unit.local_servers import answering
from tools.pipeline.credentials import CredentialError, credentials

KUBECONFIG = "users: [{name: ci, user: {token: the-clusters-token, client-key-data: a2V5}}]\nclusters: []"
CLOUDS = "clouds: {production: {auth: {password: the-clouds-password, username: ci}}}\n"


def test_texts_become_files_that_only_the_user_reads_and_that_go(tmp_path: Path) -> None:
    environment = {"KUBECONFIG_TEXT": KUBECONFIG, "CLOUDS_TEXT": CLOUDS, "PATH": "/bin"}
    before = dict(environment)
    with credentials(environment) as secrets:
        paths = [Path(environment["KUBECONFIG"]), Path(environment["OS_CLIENT_CONFIG_FILE"])]
        assert [path.read_text() for path in paths] == [f"{KUBECONFIG}\n", CLOUDS]
        assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]
        assert paths[0].parent.stat().st_mode & 0o777 == 0o700
        assert "KUBECONFIG_TEXT" not in environment and "CLOUDS_TEXT" not in environment
        assert secrets == ["the-clusters-token", "a2V5", "the-clouds-password"]
    assert environment == before
    assert not paths[0].parent.exists()


def test_a_run_that_fails_leaves_nothing_either() -> None:
    environment = {"KUBECONFIG_TEXT": KUBECONFIG}
    with pytest.raises(RuntimeError), credentials(environment):
        folder = Path(environment["KUBECONFIG"]).parent
        raise RuntimeError
    assert not folder.exists()


def test_what_the_runner_has_already_is_left_as_it_is() -> None:
    environment = {"KUBECONFIG": "/etc/site/kubeconfig", "KUBECONFIG_TEXT": ""}
    with credentials(environment) as secrets:
        assert environment == {"KUBECONFIG": "/etc/site/kubeconfig"}
        assert secrets == []


def test_a_secret_that_the_forge_has_not_is_no_empty_one() -> None:
    environment = {"PGPASSWORD": "", "AWS_ROLE_ARN": "", "NO_PROXY": "", "PULUMI_BACKEND_URL": "s3://state"}
    with credentials(environment):
        assert environment == {"NO_PROXY": "", "PULUMI_BACKEND_URL": "s3://state"}


def test_a_text_that_is_not_yaml_is_an_error_without_it() -> None:
    with (
        pytest.raises(CredentialError, match="^CLOUDS_TEXT: expected YAML, found something else in line 3$"),
        credentials({"CLOUDS_TEXT": "clouds:\n  password: [the-clouds-password\n"}),
    ):
        pass


def test_gitlabs_token_becomes_the_file_that_the_kubeconfig_names() -> None:
    environment = {"KUBECONFIG_TEXT": "users: []", "KUBERNETES_ID_TOKEN": "ey.the.token"}
    with credentials(environment) as secrets:
        token = Path(environment["KUBECONFIG"]).with_name("kubernetes-token")
        assert token.read_text() == "ey.the.token"
        assert secrets == ["ey.the.token"]
        assert "KUBERNETES_ID_TOKEN" not in environment


def test_a_token_for_aws_without_a_role_is_left_out() -> None:
    environment = {"AWS_ID_TOKEN": "ey.the.token"}
    with credentials(environment):
        assert environment == {}
    environment = {"AWS_ID_TOKEN": "ey.the.token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/state"}
    with credentials(environment):
        assert Path(environment["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text() == "ey.the.token"


@contextmanager
def token_service(status: int = 200, answer: object = None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """GitHub's, and what it was asked: path and authorization."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with answering(server):
        yield f"http://127.0.0.1:{server.server_port}/token?version=2", asked


def on_github(address: str) -> dict[str, str]:
    """The variables of a job that may ask."""
    return {
        "KUBERNETES_AUDIENCE": "https://cluster.example.org",
        "ACTIONS_ID_TOKEN_REQUEST_URL": address,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-jobs-token",
    }


def test_github_is_asked_for_a_token_of_the_audience() -> None:
    with token_service(answer={"value": "ey.of.github"}) as (address, asked):
        with credentials(on_github(address)) as secrets:
            assert secrets == ["ey.of.github"]
        assert asked == [
            ("/token?version=2&audience=https%3A%2F%2Fcluster.example.org", "Bearer the-jobs-token")
        ]


@pytest.mark.parametrize(("status", "answer"), [(403, {}), (200, {}), (200, []), (302, {"value": "x"})])
def test_a_token_that_is_not_given_is_a_sentence(status: int, answer: object) -> None:
    with (
        token_service(status, answer) as (address, _),
        pytest.raises(CredentialError, match="the forge gives no identity token") as caught,
        credentials(on_github(address)),
    ):
        pass
    assert "the-jobs-token" not in str(caught.value)


def test_a_job_without_the_permission_is_told_which() -> None:
    with (
        pytest.raises(CredentialError, match="give the job the permission `id-token: write`"),
        credentials({"KUBERNETES_AUDIENCE": "kubernetes"}),
    ):
        pass
