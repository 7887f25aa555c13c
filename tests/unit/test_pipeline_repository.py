"""Jobs find the plan that was reviewed, and report drift as one issue of the stack; GitHub and GitLab."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.forge_servers import TOKEN
from tests.unit.repository_servers import HEAD, MERGED, RepositoryServer, repository_server
from tools.change_request.body import marker
from tools.change_request.rest import PostError
from tools.pipeline.drift import report
from tools.pipeline.find_repository import find_repository
from tools.pipeline.plan_files import plan_file
from tools.pipeline.repository import MergedRequest, Repository

NAME = "calico-peering/production"
BODY = f"{marker(NAME, 'drift')}\n### 1 to change\n"
BOT = "calico-peering-bot"


@pytest.fixture(params=["github", "gitlab"])
def server(request: pytest.FixtureRequest, no_proxy: None) -> Iterator[RepositoryServer]:
    """Each of the forges in turn."""
    with repository_server(request.param) as made:
        yield made


def repository(server: RepositoryServer, token: str = TOKEN) -> Repository:
    """As a job finds it."""
    if server.kind == "github":
        return find_repository(
            {"GITHUB_REPOSITORY": "octo/site", "GITHUB_TOKEN": token, "GITHUB_API_URL": server.address}
        )
    return find_repository(
        {"CI_PROJECT_ID": "group/site", "GITLAB_TOKEN": token, "CI_API_V4_URL": server.address}
    )


def body_of(issue: dict[str, str], server: RepositoryServer) -> str:
    """By the forge's key."""
    return issue["body" if server.kind == "github" else "description"]


def test_a_merged_commit_leads_to_its_request_and_another_one_to_none(server: RepositoryServer) -> None:
    server.description = "interrupts sessions"
    found = repository(server).merged_request(MERGED)
    assert found == MergedRequest(7, HEAD, "One network more", "interrupts sessions")
    assert repository(server).merged_request("4" * 40) is None


def test_the_plan_of_the_last_previewed_commit_is_found(server: RepositoryServer, tmp_path: Path) -> None:
    (tmp_path / plan_file("production")).write_text("the plan")
    server.artifacts = {"change-request-production": tmp_path, "change-request-staging": tmp_path / "none"}
    asked = repository(server)
    assert asked.reviewed_plan(MergedRequest(7, HEAD), "production") == b"the plan"
    assert asked.reviewed_plan(MergedRequest(7, "5" * 40), "production") is None
    assert asked.reviewed_plan(MergedRequest(7, HEAD), "unknown") is None


def test_a_preview_that_failed_has_no_plan(server: RepositoryServer, tmp_path: Path) -> None:
    (tmp_path / "change-request.md").write_text("the preview failed")
    server.artifacts = {"change-request-production": tmp_path}
    assert repository(server).reviewed_plan(MergedRequest(7, HEAD), "production") is None


def test_drift_opens_one_issue_updates_it_and_closes_it(server: RepositoryServer) -> None:
    server.add_issue("alice", "something else")
    asked = repository(server)
    assert report(asked, NAME, None, "") == "not needed"
    assert report(asked, NAME, BODY, "") == "opened"
    assert report(asked, NAME, BODY.replace("1 to", "2 to"), "") == "updated"
    assert len(server.issues) == 2
    assert "2 to change" in body_of(server.issues[1], server)
    assert report(asked, NAME, None, "commit `1`") == "closed"
    assert [body_of(each, server) for each in server.open_issues()] == ["something else"]
    assert "finds no changes any more" in server.issues[1]["comments"][0]
    assert report(asked, NAME, BODY, "") == "opened"
    assert len(server.issues) == 3


def test_issues_of_others_and_of_other_stacks_are_left_alone(server: RepositoryServer) -> None:
    server.add_issue("mallory", BODY)
    server.add_issue(BOT, BODY.replace("production", "staging"))
    for number in range(150):
        server.add_issue("alice", f"issue {number}")
    own = server.add_issue(BOT, BODY)
    assert report(repository(server), NAME, BODY.replace("1 to", "3 to"), "") == "updated"
    assert "3 to change" in body_of(own, server)
    assert all("3 to" not in body_of(each, server) for each in server.issues[:-1])


def test_a_pull_request_is_no_issue(server: RepositoryServer) -> None:
    if server.kind == "github":
        server.add_issue(BOT, BODY, pull_request={"url": "…"})
    else:
        server.add_issue("alice", BODY)
    assert report(repository(server), NAME, BODY, "") == "opened"


def test_a_refused_token_is_a_sentence_without_it(server: RepositoryServer) -> None:
    with pytest.raises(PostError, match="refused with 401") as caught:
        report(repository(server, "another-token-of-somebody"), NAME, BODY, "")
    assert "another-token" not in str(caught.value)


def test_an_answer_of_something_else_is_a_sentence(server: RepositoryServer) -> None:
    server.issues.append({"state": "open" if server.kind == "github" else "opened", "html": True})
    with pytest.raises(PostError, match="expected the answer of a forge's API, found another"):
        report(repository(server), NAME, BODY, "")
