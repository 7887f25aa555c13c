"""A stack has one comment on a request, which is edited in its place, and nobody else's ever is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.forge_servers import TOKEN, ForgeServer, forge_server
from tools.change_request.body import marker
from tools.change_request.forges import Forge, GitHub, GitLab
from tools.change_request.post import find_forge, main, post
from tools.change_request.rest import PostError

OWN = f"{marker('calico-peering/lab')}\n### `calico-peering/lab`: no changes\n"
BEFORE = OWN.replace("no changes", "1 to create")
BOT = "calico-peering-bot"


@pytest.fixture(params=["github", "gitlab"])
def server(request: pytest.FixtureRequest, no_proxy: None) -> Iterator[ForgeServer]:
    """Each of the forges in turn."""
    with forge_server(request.param) as made:
        yield made


def forge(server: ForgeServer, token: str = TOKEN) -> Forge:
    """The client for it."""
    if server.kind == "github":
        return GitHub(server.address, "octo/site", 7, token)
    return GitLab(server.address, "group/site", 7, token)


def bodies(server: ForgeServer) -> list[str]:
    """Of all comments."""
    return [comment["body"] for comment in server.comments]


def test_a_first_comment_is_made(server: ForgeServer) -> None:
    server.add("alice", "looks good")
    assert post(forge(server), OWN) == "created"
    assert bodies(server) == ["looks good", OWN]


def test_the_next_one_takes_its_place(server: ForgeServer) -> None:
    assert post(forge(server), BEFORE) == "created"
    server.add("alice", "looks good")
    assert post(forge(server), OWN) == "edited"
    assert bodies(server) == [OWN, "looks good"]
    assert server.methods() == ["POST", "PATCH" if server.kind == "github" else "PUT"]


def test_it_is_found_on_the_last_page(server: ForgeServer) -> None:
    for number in range(250):
        server.add("alice", f"comment {number}")
    server.add(BOT, BEFORE)
    assert post(forge(server), OWN) == "edited"
    assert len(server.comments) == 251
    assert server.comments[-1]["body"] == OWN
    assert sum(each.method == "GET" and each.path != "/user" for each in server.asked) == 3


def test_another_users_comment_with_the_marker_is_never_edited(server: ForgeServer) -> None:
    server.add("mallory", BEFORE)
    assert post(forge(server), OWN) == "created"
    assert bodies(server) == [BEFORE, OWN]
    assert post(forge(server), BEFORE) == "edited"
    assert bodies(server) == [BEFORE, BEFORE]
    assert server.comments[0]["id"] not in [
        int(each.path.rsplit("/", 1)[1]) for each in server.asked if each.method in ("PATCH", "PUT")
    ]


def test_a_marker_within_a_text_is_not_the_stacks(server: ForgeServer) -> None:
    server.add(BOT, f"quoting {BEFORE}")
    server.add(BOT, BEFORE.replace("calico-peering/lab", "calico-peering/lab2"))
    assert post(forge(server), OWN) == "created"


def test_two_stacks_have_two_comments(server: ForgeServer) -> None:
    other = OWN.replace("calico-peering/lab", "calico-peering/production")
    post(forge(server), OWN)
    post(forge(server), other)
    post(forge(server), OWN)
    assert bodies(server) == [OWN, other]


@pytest.mark.parametrize("what", ["read", "write"])
def test_a_403_says_what_the_token_needs(server: ForgeServer, what: str) -> None:
    server.refuses = {"GET"} if what == "read" else {"POST"}
    if server.kind == "github":
        # Who it is a job's token may not ask.
        assert what == "write" or forge(server).user() == "github-actions[bot]"
    with pytest.raises(
        PostError, match="refused with 403 .Resource not accessible by integration.; the token needs"
    ) as caught:
        post(forge(server), OWN)
    assert TOKEN not in str(caught.value)
    assert server.comments == []


def test_a_token_that_is_not_known_is_refused(server: ForgeServer) -> None:
    with pytest.raises(PostError, match="refused with 401"):
        post(forge(server, "another"), OWN)


def test_a_request_that_is_not_there_is_named(server: ForgeServer) -> None:
    client = (
        GitHub(server.address, "octo/other", 7, TOKEN)
        if server.kind == "github"
        else GitLab(server.address, "9", 8, TOKEN)
    )
    with pytest.raises(PostError, match=r"not there \(404\)"):
        post(client, OWN)


def test_the_token_goes_to_no_other_server(server: ForgeServer) -> None:
    for number in range(101):
        server.add("alice", str(number))
    server.next_page = "http://127.0.0.2:9/comments"
    with pytest.raises(PostError, match="the next page is at another server"):
        post(forge(server), OWN)


def test_a_server_that_does_not_answer(server: ForgeServer) -> None:
    client = (
        GitHub("http://127.0.0.1:1", "octo/site", 7, TOKEN)
        if server.kind == "github"
        else GitLab("http://127.0.0.1:1", "1", 7, TOKEN)
    )
    with pytest.raises(PostError, match=r"no answer \(ConnectionError\)"):
        post(client, OWN)


def test_a_body_without_a_marker_is_not_posted(server: ForgeServer) -> None:
    with pytest.raises(PostError, match="does not begin with a marker"):
        post(forge(server), "hello")
    assert server.asked == []


def test_a_job_of_github_actions_comments_as_its_own_user() -> None:
    with forge_server("github") as server:
        server.login = None
        server.add("github-actions[bot]", BEFORE)
        assert post(forge(server), OWN) == "edited"


def test_system_notes_of_gitlab_are_none() -> None:
    with forge_server("gitlab") as server:
        server.add(BOT, BEFORE, system=True)
        assert post(forge(server), OWN) == "created"


def environment(server: ForgeServer) -> dict[str, str]:
    """A job's."""
    if server.kind == "github":
        return {
            "GITHUB_API_URL": server.address,
            "GITHUB_REPOSITORY": "octo/site",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_TOKEN": TOKEN,
        }
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": server.address,
        "CI_PROJECT_ID": "group/site",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": TOKEN,
    }


def test_the_command_takes_all_from_the_jobs_environment(
    server: ForgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "change-request.md"
    path.write_text(OWN)
    monkeypatch.delenv("GITLAB_CI", raising=False)
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    assert main([str(path)]) == 0
    assert bodies(server) == [OWN]
    assert capsys.readouterr().out == "The comment was created.\n"
    assert main([str(tmp_path / "none.md")]) == 1
    assert "none.md cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    "missing", [("GITHUB_TOKEN", "GITLAB_TOKEN"), ("GITHUB_REF", "CI_MERGE_REQUEST_IID")]
)
def test_what_is_missing_in_the_environment_is_named(server: ForgeServer, missing: tuple[str, str]) -> None:
    known = {name: value for name, value in environment(server).items() if name not in missing}
    named = {"GITHUB_REF": "PULL_REQUEST"}.get(missing[0], missing[0])
    with pytest.raises(PostError, match=f"found nothing in ({named}|{missing[1]})$"):
        find_forge(known)
