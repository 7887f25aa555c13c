"""The job that applies what was reviewed: `pulumi up` from the saved plan of the merged request, and no other.

    python -m tools.pipeline.apply STACK --reviewed     the plan of the request that the job's commit came by
    python -m tools.pipeline.apply STACK --plan FILE    this one

A plan that fits no longer is refused by the engine before anything is written. The stack is then previewed
anew, its files are where `preview` writes them, and the exit code is 3: they wait for another approval. The
same where there is no plan, as after a push without a request. Exit code 0: applied; 1: failed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.change_request import command
from tools.change_request.engine import open_stack
from tools.change_request.forges import Forge
from tools.change_request.origin import find_origin
from tools.change_request.post import post
from tools.change_request.preview import Diagnostic, Preview
from tools.pipeline.find_repository import comments_of, find_commit, find_repository, on_a_forge
from tools.pipeline.job import FAILED, PROJECT, REFUSED, add_summary, run_job, set_output
from tools.pipeline.plan_files import BODY, PLAN
from tools.pipeline.update_body import Update, outcome, render_update
from tools.pipeline.update_run import Run, run_update

NO_PLAN = (
    "there is no plan of a reviewed preview: the commit came by no pull request, or its preview failed, or"
    " its files are kept no longer"
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.pipeline.apply",
        description="Applies a stack from the plan that was reviewed.",
        epilog="Exit code 0: applied; 1: failed; 3: refused, previewed anew, to be approved again.",
    )
    parser.add_argument("stack", metavar="STACK", help="name of the stack")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--plan", type=Path, metavar="FILE", help="the plan to apply")
    which.add_argument(
        "--reviewed", action="store_true", help="the plan of the request that the job's commit came by"
    )
    parser.add_argument(
        "--folder", type=Path, default=PROJECT, help="folder of the program; default: this one"
    )
    return parser.parse_args(arguments)


def apply(options: argparse.Namespace, hidden: Sequence[str]) -> int:
    """Apply, or preview anew; the exit code. Raises EngineError, PostError."""
    forge: Forge | None = None
    plan: Path | None = options.plan
    if on_a_forge(os.environ):
        repository = find_repository(os.environ)
        request = repository.merged_request(find_commit(os.environ))
        forge = comments_of(request, os.environ) if request else None
        if options.reviewed:
            content = repository.reviewed_plan(request, options.stack) if request else None
            plan = _kept(content) if content else None
    opened = open_stack(options.stack, options.folder, hidden)
    if plan:
        run = run_update(
            opened, options.folder, ["up", "--yes", "--refresh", "--plan", str(plan.absolute())], hidden
        )
    else:
        failed = Preview(diagnostics=(Diagnostic("error", NO_PLAN),), failed=True)
        run = Run(failed, 0, refused=True)
    again = run.refused and _preview_anew(options, hidden, forge)
    update = Update(
        f"{opened.project}/{opened.stack.name}",
        "update from the reviewed plan",
        run,
        find_origin(os.environ, options.folder, pulumi=opened.pulumi),
        again,
    )
    body = render_update(update)
    add_summary(body)
    print(f"{update.name}: {outcome(update)}")
    if forge:
        print(f"The comment was {post(forge, body)}.")
    if again:
        set_output("again", "true")
        return REFUSED
    return FAILED if run.preview.failed else 0


def _kept(content: bytes) -> Path:
    path = Path("reviewed.plan.json")
    path.write_bytes(content)
    return path


def _preview_anew(options: argparse.Namespace, hidden: Sequence[str], forge: Forge | None) -> bool:
    """Whether there is something to approve."""
    print("Previewing anew")
    arguments = [options.stack, "--folder", str(options.folder), "--body", BODY, "--plan", PLAN]
    code = command.main(arguments, hidden)
    if forge:
        print(f"The comment of the preview was {post(forge, Path(BODY).read_text())}.")
    return code == 0


if __name__ == "__main__":
    given = parse(sys.argv[1:])
    sys.exit(run_job(lambda hidden: apply(given, hidden)))
