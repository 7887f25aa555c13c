"""Where a preview comes from: commit, who, when, and with which Pulumi; for the foot of the comment.

What is not given is taken from the variables of GitHub Actions and GitLab CI, then from git, else left out.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.change_request.markdown import code

COMMIT = ("CHANGE_REQUEST_COMMIT", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA", "GITHUB_SHA")
ACTOR = ("CHANGE_REQUEST_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
JOB = ("CI_JOB_URL",)
# Characters of each.
LONGEST = 300


@dataclass(frozen=True)
class Origin:
    """Each empty where it is not known."""

    commit: str = ""
    actor: str = ""
    time: str = ""
    pulumi: str = ""
    job: str = ""
    """The address of the job's log."""

    def line(self) -> str:
        """It in Markdown, on one line."""
        parts = [
            f"commit {code(self.commit[:12])}" if self.commit else "",
            f"by {code(self.actor[:LONGEST])}" if self.actor else "",
            self.time and code(self.time),
            f"Pulumi {code(self.pulumi[:LONGEST])}" if self.pulumi else "",
            f"job {code(self.job[:LONGEST])}" if self.job else "",
        ]
        return " · ".join(filter(None, parts)) or "commit, actor and time are not known"


def find_origin(
    environment: Mapping[str, str],
    folder: Path,
    commit: str = "",
    actor: str = "",
    pulumi: str = "",
    now: datetime | None = None,
) -> Origin:
    """What is given, else what the environment says, else what git says of the commit in `folder`."""
    time = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    job = _first(environment, JOB)
    if not job and environment.get("GITHUB_RUN_ID"):
        server, repository = (
            environment.get("GITHUB_SERVER_URL", ""),
            environment.get("GITHUB_REPOSITORY", ""),
        )
        job = f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    return Origin(
        commit=commit or _first(environment, COMMIT) or _git(folder, "rev-parse", "HEAD"),
        actor=actor or _first(environment, ACTOR) or _git(folder, "config", "user.name"),
        time=time,
        pulumi=pulumi,
        job=job,
    )


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
