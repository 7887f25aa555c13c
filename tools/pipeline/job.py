"""What all commands of this folder share: logins as files, errors as sentences, outputs for the next job."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.change_request.engine import EngineError
from tools.change_request.rest import PostError
from tools.pipeline.credentials import CredentialError, credentials
from tools.pipeline.stacks import ChangeError

PROJECT = Path(__file__).resolve().parents[2]

FAILED = 1
REFUSED = 3
"""The plan fits no longer; nothing was written, and a new one waits for approval."""
DRIFTED = 7
"""As of `pulumi preview --expect-no-changes`."""


def run_job(job: Callable[[Sequence[str]], int]) -> int:
    """Run a job with its logins as files; it is given the secrets in these. Its exit code."""
    try:
        with credentials(os.environ) as hidden:
            return job(hidden)
    except (ChangeError, CredentialError, EngineError, PostError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED


def set_output(name: str, value: str) -> bool:
    """Tell GitHub's next step or job something; False elsewhere."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a") as file:
            file.write(f"{name}={value}\n")
    return bool(path)
