"""The policy interrupts-sessions: how a pull request announces an interruption, what happens if none does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.recorded_previews import recorded, request
from tools.change_request import command
from tools.change_request.announcement import (
    NAME,
    Announcement,
    PolicyConfigurationError,
    RequestText,
    check_announcement,
    find_request_text,
    read_announcement,
)
from tools.change_request.body import render_body
from tools.change_request.engine import Outcome
from tools.change_request.preview import Preview
from tools.change_request.terminal import render_short

WORDS = ("interrupts sessions",)
MANDATORY = Announcement("mandatory")
SILENT = RequestText("Announce another AS number", "As agreed.")
ANNOUNCED = replace(SILENT, labels=("interrupts sessions",))


def preview(name: str) -> Preview:
    return request(recorded(name)).preview


@pytest.mark.parametrize(
    ("text", "announces"),
    [
        (RequestText("Another AS number (interrupts sessions)"), True),
        (RequestText("Interrupts  Sessions: another AS number"), True),
        (RequestText("x", labels=("bgp", "Interrupts sessions")), True),
        (RequestText("x", "Why.\n\nInterrupts sessions: window on Sunday, 02:00 UTC."), True),
        (RequestText("x", "- **interrupts sessions** for 2 s"), True),
        (RequestText("x", "- [x] interrupts sessions"), True),
        (RequestText("x", "## Interrupts sessions\r\nyes"), True),
        (RequestText("x", "- [ ] interrupts sessions"), False),
        (RequestText("x", "This never interrupts sessions."), False),
        (RequestText("x", "<!-- Write\ninterrupts sessions\nwhere it does. -->"), False),
        (RequestText("x", "<!-- not closed\ninterrupts sessions"), False),
        (RequestText("x", labels=("no: interrupts sessions",)), False),
        (RequestText("interrupts no sessions", "interrupt sessions"), False),
        (RequestText(), False),
    ],
)
def test_the_words_announce_it_where_somebody_wrote_them_on_purpose(
    text: RequestText, announces: bool
) -> None:
    assert text.announces(WORDS) == announces


def test_any_of_the_words_announces_it() -> None:
    assert RequestText("Wartung: Sitzungen brechen ab").announces(
        ("interrupts sessions", "Sitzungen brechen ab")
    )


@pytest.mark.parametrize("name", ["as-number", "bird-restarted", "sessions-ended", "vm-replaced"])
def test_an_interruption_that_is_not_announced_violates_the_policy(name: str) -> None:
    before = preview(name)
    found = check_announcement(before, MANDATORY, SILENT)
    (violation,) = found.violations
    assert (violation.level, violation.policy) == ("mandatory", NAME)
    assert "expected `interrupts sessions` in the title" in violation.message
    assert "found none" in violation.message
    assert found.failed
    assert check_announcement(before, MANDATORY, ANNOUNCED) == before


def test_where_there_is_no_pull_request_nothing_is_announced() -> None:
    (violation,) = check_announcement(preview("as-number"), MANDATORY, None).violations
    assert "found no pull request (--request-text FILE)" in violation.message


@pytest.mark.parametrize("name", ["network-added", "nothing-to-do", "drift-peer-gone", "first-preview"])
def test_what_interrupts_nothing_need_not_be_announced(name: str) -> None:
    assert check_announcement(preview(name), MANDATORY, None) == preview(name)


def test_the_level_decides_whether_it_fails() -> None:
    before = preview("as-number")
    advisory = check_announcement(before, Announcement("advisory"), SILENT)
    assert [each.level for each in advisory.violations] == ["advisory"]
    assert not advisory.failed
    assert check_announcement(before, Announcement(), SILENT) == before


def test_the_comment_shows_it_like_any_policy() -> None:
    asked = request(recorded("as-number"))
    found = replace(asked, preview=check_announcement(asked.preview, MANDATORY, SILENT))
    body = render_body(found)
    assert "stopped by a policy: " in body.splitlines()[1]
    assert "**Interrupts sessions or traffic:**" in body
    assert "mandatory: interrupts-sessions: the update interrupts sessions or traffic" in body
    assert "Why the preview failed" not in body
    assert "policy interrupts-sessions (mandatory): the update" in render_short(found)


def test_the_check_fails_after_the_comment_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, levels, text = tmp_path / "c.md", tmp_path / "levels.json", tmp_path / "text"
    levels.write_text(json.dumps({"all": "mandatory"}))

    def run(_name: str, _folder: Path, options: Any) -> Outcome:
        options.plan.write_text("{}")
        return Outcome("calico-peering", "lab", preview("as-number"), "3.259.0")

    monkeypatch.setattr(command, "run_preview", run)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    words = ["lab", "--body", str(body), "--policy-pack-config", str(levels), "--request-text", str(text)]
    text.write_text("Another AS number\n\nAs agreed.\n")
    assert command.main(words) == 1
    assert "mandatory: interrupts-sessions" in body.read_text()
    assert not (tmp_path / "c.plan.json").exists()
    text.write_text("Another AS number\n\ninterrupts sessions\n")
    assert command.main(words) == 0
    assert "interrupts-sessions" not in body.read_text()
    assert (tmp_path / "c.plan.json").exists()
    levels.write_text("no JSON")
    assert command.main(words) == 1
    assert "expected a file with JSON" in " ".join(body.read_text().split())
    assert "levels.json" in capsys.readouterr().out


def test_the_text_is_taken_from_githubs_event(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    asked = {"title": "T", "body": None, "labels": [{"name": "bgp"}, {"name": "interrupts sessions"}]}
    event.write_text(json.dumps({"pull_request": asked}))
    found = find_request_text({"GITHUB_EVENT_PATH": str(event)})
    assert found == RequestText("T", "", ("bgp", "interrupts sessions"))


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"ref": "main"}', '{"pull_request": 1}'])
def test_another_event_of_github_is_no_pull_request(tmp_path: Path, text: str) -> None:
    event = tmp_path / "event.json"
    event.write_text(text)
    assert find_request_text({"GITHUB_EVENT_PATH": str(event)}) is None
    assert find_request_text({}) is None


def test_the_text_is_taken_from_gitlabs_variables() -> None:
    environment = {
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TITLE": "T",
        "CI_MERGE_REQUEST_DESCRIPTION": "D",
        "CI_MERGE_REQUEST_LABELS": "bgp,interrupts sessions",
    }
    assert find_request_text(environment) == RequestText("T", "D", ("bgp", "interrupts sessions"))
    assert find_request_text({"CI_MERGE_REQUEST_TITLE": "T"}) is None


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], Announcement()),
        ([{}], Announcement()),
        ([{"session-password": "mandatory"}], Announcement()),
        ([{"all": "mandatory"}], Announcement("mandatory")),
        ([{"all": "remediate"}], Announcement("mandatory")),
        ([{"all": "mandatory", NAME: "advisory"}], Announcement("advisory")),
        (
            [{NAME: {"enforcementLevel": "advisory", "words": ["a", "b"]}}],
            Announcement("advisory", ("a", "b")),
        ),
        ([{"all": "mandatory", NAME: {"words": ["a"]}}], Announcement("mandatory", ("a",))),
        ([{"all": "mandatory"}, {"other": "advisory"}], Announcement("mandatory")),
        ([{"all": "mandatory"}, {NAME: "disabled"}], Announcement("disabled")),
    ],
)
def test_level_and_words_are_in_the_policy_configuration(
    tmp_path: Path, documents: list[Any], expected: Announcement
) -> None:
    files = [tmp_path / f"{place}.json" for place, _ in enumerate(documents)]
    for file, document in zip(files, documents, strict=True):
        file.write_text(json.dumps(document))
    assert read_announcement(files) == expected


@pytest.mark.parametrize(
    "document",
    [[], {NAME: "sometimes"}, {NAME: {"words": []}}, {NAME: {"words": "x"}}, {NAME: {"words": [" "]}}],
)
def test_a_wrong_policy_configuration_is_an_error(tmp_path: Path, document: Any) -> None:
    file = tmp_path / "levels.json"
    file.write_text(json.dumps(document))
    with pytest.raises(PolicyConfigurationError, match="expected"):
        read_announcement([file])
