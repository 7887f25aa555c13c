"""Policy: a change that interrupts sessions or traffic is announced in its pull request.

It is here and not in the pack: what is interrupted follows from the old and the new state, of which a pack
sees the new one only. Level and words are in the same policy configuration as the pack's, and a violation is
shown, and stops, like one of the pack's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.change_request.interruptions import find_interruptions
from tools.change_request.markdown import visible
from tools.change_request.preview import Preview, Violation

NAME = "interrupts-sessions"
WORDS = ("interrupts sessions",)
LEVELS = ("disabled", "advisory", "mandatory")
HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# What may be before the words on a line: marks of lists, headings and emphasis, and a box that is ticked.
BEFORE = re.compile(r"^[\s>*_#-]*(?:\[[xX]\]\s+)?[*_]*")


class PolicyConfigurationError(Exception):
    """The policy configuration cannot be read; the text is for a person."""


@dataclass(frozen=True)
class Announcement:
    """What has to be announced, and how."""

    level: str = "disabled"
    words: tuple[str, ...] = WORDS
    """Any of them announces it."""


@dataclass(frozen=True)
class RequestText:
    """What people wrote into a pull request."""

    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()

    def announces(self, words: Sequence[str]) -> bool:
        """Whether the words are in the title, are a label, or begin a line of the description.

        Not anywhere in the description, where a template or a denial has them too.
        """
        lines = [BEFORE.sub("", line) for line in HTML_COMMENT.sub("", self.description).splitlines()]
        return any(
            _plain(word) in _plain(self.title)
            or _plain(word) in map(_plain, self.labels)
            or any(_plain(line).startswith(_plain(word)) for line in lines)
            for word in words
        )


def read_announcement(files: Sequence[Path]) -> Announcement:
    """The rule in policy configurations; of several files the last that has it counts.

    Raises:
        PolicyConfigurationError: a file is none, or a level or the words are wrong.
    """
    found = Announcement()
    for file in files:
        try:
            document = json.loads(file.read_text())
        except (OSError, ValueError):
            raise PolicyConfigurationError(
                f"the policy configuration {file} cannot be read: expected a file with JSON"
            ) from None
        if not isinstance(document, dict):
            raise PolicyConfigurationError(f"the policy configuration {file}: expected an object")
        if "all" in document or NAME in document:
            found = _announcement(file, document)
    return found


def find_request_text(environment: Mapping[str, str], file: Path | None = None) -> RequestText | None:
    """The pull request's text, of `file` (as a commit message), GitHub's event or GitLab's variables.

    None where there is no pull request. GitLab gives at most 2,700 characters of a description.
    """
    if file:
        title, _, description = file.read_text(errors="replace").partition("\n")
        return RequestText(title, description)
    if environment.get("CI_MERGE_REQUEST_IID"):
        labels = environment.get("CI_MERGE_REQUEST_LABELS", "").split(",")
        return RequestText(
            environment.get("CI_MERGE_REQUEST_TITLE", ""),
            environment.get("CI_MERGE_REQUEST_DESCRIPTION", ""),
            tuple(filter(None, labels)),
        )
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_text())
        request = event["pull_request"]
        labels = [str(label["name"]) for label in request.get("labels") or ()]
        return RequestText(str(request["title"]), str(request.get("body") or ""), tuple(labels))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def check_announcement(preview: Preview, rule: Announcement, text: RequestText | None) -> Preview:
    """The preview with a violation where it interrupts something that is not announced.

    It counts as failed where the level is mandatory.
    """
    if rule.level == "disabled" or not find_interruptions(preview):
        return preview
    if text and text.announces(rule.words):
        return preview
    words = " or ".join(f"`{word}`" for word in rule.words)
    message = (
        "the update interrupts sessions or traffic, and the pull request does not announce it: expected"
        f" {words} in the title, as a label or at the beginning of a line of the description,"
        f" found {'none' if text else 'no pull request (--request-text FILE)'}. Agree on when to apply it,"
        " write that there, and run the check again"
    )
    return replace(
        preview,
        violations=(*preview.violations, Violation(rule.level, NAME, message)),
        failed=preview.failed or rule.level == "mandatory",
    )


def _announcement(file: Path, document: Mapping[str, Any]) -> Announcement:
    own = document.get(NAME, {})
    own = own if isinstance(own, dict) else {"enforcementLevel": own}
    level = own.get("enforcementLevel", document.get("all", Announcement().level))
    # Of all policies it is the engine's word for one that changes what it finds; there is nothing to change.
    level = "mandatory" if level == "remediate" else level
    words = own.get("words", [*WORDS])
    if level not in LEVELS:
        raise PolicyConfigurationError(
            f"the policy configuration {file}: {NAME}.enforcementLevel: expected one of {', '.join(LEVELS)}"
        )
    if not isinstance(words, list) or not words or not all(isinstance(w, str) and w.strip() for w in words):
        raise PolicyConfigurationError(
            f"the policy configuration {file}: {NAME}.words: expected a list of texts, at least one"
        )
    return Announcement(level, tuple(words))


def _plain(text: str) -> str:
    return " ".join(visible(text).split()).casefold()
