"""Puts the body into the one comment that a stack has on a pull request: edits it in its place, or makes it.

    python -m tools.change_request.post change-request.md

On GitHub Actions it needs GITHUB_TOKEN, and the number of the pull request in PULL_REQUEST or GITHUB_REF;
on GitLab CI a token with the scope `api` in GITLAB_TOKEN (the job's own may not write comments). The rest
is in the job's environment. A comment is the stack's when it begins with the marker and the token's user
wrote it: anybody may write the marker.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.change_request.forges import Forge, GitHub, GitLab
from tools.change_request.rest import PostError

MARKER = re.compile(r"<!-- calico-peering (?:change-request|update) [A-Za-z0-9._/-]+ -->")
GITHUB_API = "https://api.github.com"


def post(forge: Forge, body: str) -> str:
    """Write the body, and say what was done: `edited` or `created`.

    Raises:
        PostError: the body has no marker, or the forge refuses.
    """
    found = MARKER.match(body)
    if not found:
        raise PostError(
            "the body does not begin with a marker: it is not one of `python -m tools.change_request`"
        )
    user = forge.user()
    for comment in forge.comments():
        if comment.author == user and comment.body.startswith(found[0]):
            forge.edit(comment, body)
            return "edited"
    forge.create(body)
    return "created"


def find_forge(environment: Mapping[str, str]) -> Forge:
    """The request of the job that runs.

    Raises:
        PostError: naming the variables that are missing.
    """
    if environment.get("GITLAB_CI") or environment.get("CI_MERGE_REQUEST_IID"):
        address, project, number, token = needed(
            environment, "CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "GITLAB_TOKEN"
        )
        return GitLab(address, project, _number("CI_MERGE_REQUEST_IID", number), token)
    pull = re.fullmatch(r"refs/pull/(\d+)/merge", environment.get("GITHUB_REF", ""))
    known = {**environment, "PULL_REQUEST": environment.get("PULL_REQUEST") or (pull[1] if pull else "")}
    repository, number, token = needed(known, "GITHUB_REPOSITORY", "PULL_REQUEST", "GITHUB_TOKEN")
    address = environment.get("GITHUB_API_URL") or GITHUB_API
    return GitHub(
        address, repository, _number("PULL_REQUEST", number), token, environment.get("COMMENT_AUTHOR", "")
    )


def needed(environment: Mapping[str, str], *names: str) -> list[str]:
    """The values of these variables. Raises PostError, naming those that are missing."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise PostError(
            f"expected {', '.join(names)} in the environment, found nothing in {', '.join(missing)}"
        )
    return [environment[name] for name in names]


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]+", text):
        raise PostError(f"{name}: expected the number of a request, found {text!r}")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.change_request.post", description="Writes a body into the stack's comment."
    )
    parser.add_argument("body", type=Path, help="the file that `python -m tools.change_request` wrote")
    options = parser.parse_args(arguments)
    try:
        print(f"The comment was {post(find_forge(os.environ), options.body.read_text())}.")
    except PostError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {options.body} cannot be read: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
