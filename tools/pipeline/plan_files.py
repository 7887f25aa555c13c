"""How the files of a stack's preview are called, in a job's folder and as the forge keeps them.

Each stack's have its name: GitLab puts the files of all jobs before into one folder.
"""

from __future__ import annotations

LARGEST_PLAN = 100_000_000
"""Bytes; the plan of a stack with 400 ports has about 2 MB."""


def body_file(stack: str) -> str:
    """The comment's body."""
    return f"change-request.{stack}.md"


def plan_file(stack: str) -> str:
    """The plan."""
    return f"change-request.{stack}.plan.json"


def artifact(stack: str) -> str:
    """The name of a preview's artifact on GitHub."""
    return f"change-request-{stack}"
