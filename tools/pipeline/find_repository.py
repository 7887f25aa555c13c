"""The repository, or the request, of the job that runs, by the variables of GitHub Actions and GitLab CI."""

from __future__ import annotations

from collections.abc import Mapping

from tools.change_request.forges import Forge
from tools.change_request.post import GITHUB_API, find_forge, needed
from tools.pipeline.github_repository import GitHubRepository
from tools.pipeline.gitlab_project import GitLabProject
from tools.pipeline.repository import MergedRequest, Repository


def on_a_forge(environment: Mapping[str, str]) -> bool:
    """Whether a forge runs this, or it is to be treated as if one did."""
    return bool(environment.get("GITHUB_REPOSITORY") or environment.get("CI_PROJECT_ID"))


def find_repository(environment: Mapping[str, str]) -> Repository:
    """The job's repository.

    Raises:
        PostError: naming the variables that are missing.
    """
    if environment.get("CI_PROJECT_ID"):
        return GitLabProject(*needed(environment, "CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN"))
    repository, token = needed(environment, "GITHUB_REPOSITORY", "GITHUB_TOKEN")
    address = environment.get("GITHUB_API_URL") or GITHUB_API
    return GitHubRepository(address, repository, token, environment.get("COMMENT_AUTHOR", ""))


def find_commit(environment: Mapping[str, str]) -> str:
    """The commit that the job is about. Raises PostError."""
    name = "CI_COMMIT_SHA" if environment.get("CI_PROJECT_ID") else "GITHUB_SHA"
    return needed(environment, name)[0]


def find_run(environment: Mapping[str, str]) -> str:
    """The number of the run or pipeline. Raises PostError."""
    name = "CI_PIPELINE_ID" if environment.get("CI_PROJECT_ID") else "GITHUB_RUN_ID"
    return needed(environment, name)[0]


def comments_of(request: MergedRequest, environment: Mapping[str, str]) -> Forge:
    """Where comments on a request are written that is merged already. Raises PostError."""
    name = "CI_MERGE_REQUEST_IID" if environment.get("CI_PROJECT_ID") else "PULL_REQUEST"
    return find_forge({**environment, name: str(request.number)})
