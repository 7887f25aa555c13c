"""The job of a pull request for one stack: previews it, writes the comment, and fails only after that.

    python -m tools.pipeline.preview STACK [OPTION OF tools.change_request…]

On a terminal it is `python -m tools.change_request` with a forge's logins as files, and comments nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.change_request import command
from tools.change_request.post import find_forge, post
from tools.pipeline.find_repository import on_a_forge
from tools.pipeline.job import run_job
from tools.pipeline.plan_files import BODY, PLAN


def preview(arguments: Sequence[str], hidden: Sequence[str]) -> int:
    """Preview and comment; the exit code. Raises PostError, when the comment could not be written."""
    code = command.main([*arguments, "--body", BODY, "--plan", PLAN], hidden)
    if on_a_forge(os.environ):
        print(f"The comment was {post(find_forge(os.environ), Path(BODY).read_text())}.")
    return code


if __name__ == "__main__":
    sys.exit(run_job(lambda hidden: preview(sys.argv[1:], hidden)))
