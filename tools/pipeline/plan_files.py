"""How the files of a preview are called, in a job's folder and as the forge keeps them."""

from __future__ import annotations

BODY = "change-request.md"
PLAN = "change-request.plan.json"
LARGEST_PLAN = 100_000_000
"""Bytes; the plan of a stack with 400 ports has about 2 MB."""


def artifact(stack: str) -> str:
    """The name of a preview's artifact on GitHub."""
    return f"change-request-{stack}"
