"""The job of a pull request for one stack: previews it, writes the comment, and fails only after that.

It is `python -m tools.change_request` with the logins of a job as files and with the stack's policies. On a
terminal nothing is commented.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tools.change_request import command
from tools.change_request.post import find_forge, post
from tools.pipeline.find_repository import on_a_forge
from tools.pipeline.plan_files import body_file, plan_file


def preview(stack: str, folder: Path, hidden: Sequence[str]) -> int:
    """Preview and comment; the exit code. Raises PostError, when the comment could not be written."""
    code = preview_to(stack, folder, hidden)
    if on_a_forge(os.environ):
        print(f"The comment was {post(find_forge(os.environ), Path(body_file(stack)).read_text())}.")
    return code


def preview_to(stack: str, folder: Path, hidden: Sequence[str], *more: str) -> int:
    """Preview into the job's files, with the policies and with `more` options; the exit code."""
    options = [stack, "--folder", str(folder), "--body", body_file(stack), "--plan", plan_file(stack)]
    return command.main([*options, *policy_options(stack, folder), *more], hidden)


def policy_options(stack: str, folder: Path) -> list[str]:
    """The program's pack, and its levels for the stack where there are any."""
    pack, levels = folder / "policies", folder / f"policies/levels/{stack}.json"
    return [
        *(["--policy-pack", str(pack)] if (pack / "PulumiPolicy.yaml").exists() else []),
        *(["--policy-pack-config", str(levels)] if levels.exists() else []),
    ]
