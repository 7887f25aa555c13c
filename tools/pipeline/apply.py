"""The job that applies what was reviewed: `pulumi up` from the saved plan of the merged request.

A plan that fits no longer is refused by the engine before anything is written. The stack is then previewed
anew, its files are where `preview` writes them, and they wait for another approval: the job `again` applies
them. The same where there is no plan, as after a push without a request.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.change_request.command import add_summary
from tools.change_request.engine import open_stack
from tools.change_request.forges import Forge
from tools.change_request.origin import find_origin
from tools.change_request.post import post
from tools.change_request.preview import Diagnostic, Preview
from tools.pipeline.find_repository import comments_of, find_commit, find_repository, find_run, on_a_forge
from tools.pipeline.job import FAILED, REFUSED, set_output
from tools.pipeline.plan_files import body_file
from tools.pipeline.preview import preview_to
from tools.pipeline.repository import MergedRequest, Repository
from tools.pipeline.update_body import Update, outcome, render_update
from tools.pipeline.update_run import Run, run_update

NO_PLAN = (
    "there is no plan of a reviewed preview: the commit came by no pull request, or its preview failed, or"
    " its files are kept no longer"
)


def apply(
    stack: str, folder: Path, hidden: Sequence[str], plan: Path | None = None, again: bool = False
) -> int:
    """Apply, or preview anew; the exit code: 0 applied, 1 failed, 3 refused.

    On GitHub it is 0 with the output `again` when it is refused: a job after a failed one would not run.
    `plan`: default is that of the request which the job's commit came by, or, `again`, of this run's preview.
    Raises EngineError, PostError.
    """
    forge: Forge | None = None
    request: MergedRequest | None = None
    if on_a_forge(os.environ):
        repository = find_repository(os.environ)
        request = repository.merged_request(find_commit(os.environ))
        forge = comments_of(request, os.environ) if request else None
        plan = plan or _fetched(repository, request, stack, again)
    opened = open_stack(stack, folder, hidden)
    if plan:
        command = ["up", "--yes", "--refresh", "--plan", str(plan.absolute())]
        run = run_update(opened, folder, command, hidden)
    else:
        failed = Preview(diagnostics=(Diagnostic("error", NO_PLAN),), failed=True)
        run = Run(failed, 0, refused=True)
    waits = run.refused and _preview_anew(stack, folder, hidden, request, forge)
    what = "update from the new plan" if again else "update from the reviewed plan"
    origin = find_origin(os.environ, folder, pulumi=opened.pulumi)
    update = Update(f"{opened.project}/{opened.stack.name}", what, run, origin, waits)
    body = render_update(update)
    add_summary(body)
    print(f"{update.name}: {outcome(update)}")
    if forge:
        print(f"The comment was {post(forge, body)}.")
    if waits:
        return 0 if set_output("again", "true") else REFUSED
    return FAILED if run.preview.failed else 0


def _fetched(repository: Repository, request: MergedRequest | None, stack: str, again: bool) -> Path | None:
    content = (
        repository.plan_of_run(find_run(os.environ), stack)
        if again
        else repository.reviewed_plan(request, stack)
        if request
        else None
    )
    if not content:
        return None
    # Not the name under which the job keeps a new one.
    path = Path("reviewed.plan.json")
    path.write_bytes(content)
    return path


def _preview_anew(
    stack: str, folder: Path, hidden: Sequence[str], request: MergedRequest | None, forge: Forge | None
) -> bool:
    """Whether there is something to approve."""
    print("Previewing anew")
    with tempfile.NamedTemporaryFile("w", prefix="calico-peering-request-") as text:
        # What announces an interruption was said in the request.
        text.write(f"{request.title}\n\n{request.description}" if request else "")
        text.flush()
        code = preview_to(stack, folder, hidden, "--request-text", text.name)
    if forge:
        print(f"The comment of the preview was {post(forge, Path(body_file(stack)).read_text())}.")
    return code == 0
