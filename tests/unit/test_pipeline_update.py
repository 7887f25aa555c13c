"""The comment of an update says in its first line what was done, or that nothing was written and why."""

import pytest
from pulumi.automation import EngineEvent

from tools.change_request.body import LIMIT, marker
from tools.change_request.origin import Origin
from tools.change_request.preview import Diagnostic, Operation, Preview, Step
from tools.pipeline.update_body import Update, outcome, render_update
from tools.pipeline.update_run import Run, is_refused

NAME = "calico-peering/production"
REVIEWED = "update from the reviewed plan"


def step(name: str, operation: Operation) -> Step:
    """One resource."""
    return Step(f"urn:pulumi:production::calico-peering::command:remote:Command::{name}", "", operation)


def update(*operations: Operation, failed: bool = False, refused: bool = False, **more: object) -> Update:
    """One that took 12 s."""
    steps = tuple(step(f"resource-{number}", operation) for number, operation in enumerate(operations))
    errors = (Diagnostic("error", "the node network is not reached"),) if failed else ()
    preview = Preview(steps, (*errors, Diagnostic("warning", "a pool has no overlay")), failed=failed)
    again = bool(more.get("again"))
    return Update(NAME, REVIEWED, Run(preview, 12.4, refused), Origin(commit="c0ffee"), again)


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (update("create", "create", "change", "same"), f"{REVIEWED} done in 12 s: 2 created, 1 changed"),
        (update("replace", "delete", "import"), f"{REVIEWED} done in 12 s: 1 replaced, 1 deleted, 1 adopted"),
        (update("same"), f"{REVIEWED} done in 12 s: no changes"),
        (update("change", failed=True), f"{REVIEWED} failed after 12 s; begun: 1 changed"),
        (update(failed=True), f"{REVIEWED} failed after 12 s"),
        (
            update("change", failed=True, refused=True),
            f"{REVIEWED} refused, nothing was written: the plan that was reviewed fits no longer",
        ),
    ],
)
def test_the_headline(done: Update, said: str) -> None:
    assert outcome(done) == said
    assert f"### `{NAME}`: {said}\n" in render_update(done)


def test_a_refused_plan_that_was_previewed_anew_says_what_to_do() -> None:
    assert "approve the job `again`" in render_update(update(failed=True, refused=True, again=True))
    assert "approve" not in render_update(update(failed=True, refused=True))


def test_errors_are_before_warnings_and_before_the_engines_text() -> None:
    done = update("change", failed=True)
    body = render_update(done)
    assert (
        body.index("#### Errors")
        < body.index("the node network is not reached")
        < body.index("#### Warnings")
    )
    assert body.rstrip().endswith("</sub>") and "`c0ffee`" in body


PRELUDE = EngineEvent.from_json({"sequence": 0, "timestamp": 0, "preludeEvent": {"config": {}}})
VIOLATION = "error: resource urn:pulumi:…::calico-peering violates plan: properties changed: ~~stdin"
UNSEEN = "error: expected resource operations for urn:pulumi:…::peering-calico-peer but none were seen"


@pytest.mark.parametrize(
    ("events", "text", "refused"),
    [
        ([PRELUDE], VIOLATION, True),
        ([PRELUDE], UNSEEN, True),
        ([PRELUDE], "error: the cluster does not answer", False),
        ([], "error: the stack is locked", False),
        # The update had begun, and has written before it violated its plan.
        ([PRELUDE, PRELUDE], VIOLATION, False),
        ([PRELUDE, PRELUDE], UNSEEN, False),
    ],
)
def test_refused_is_a_plan_before_anything_is_written(
    events: list[EngineEvent], text: str, refused: bool
) -> None:
    assert is_refused(events, text) == refused


def test_it_is_another_comment_than_the_previews() -> None:
    body = render_update(update("create"))
    assert body.startswith("<!-- calico-peering update calico-peering/production -->\n")
    assert not body.startswith(marker(NAME))


def test_a_long_output_is_cut_and_means_nothing() -> None:
    text = "\n".join(f"line {number} </details> @everyone #1 ```" for number in range(20_000))
    done = update("create")
    run = Run(Preview(done.run.preview.steps, text=text), 1, refused=False)
    body = render_update(Update(NAME, REVIEWED, run, Origin()))
    assert len(body) <= LIMIT
    assert body.count("</details>") - body.count("line ") <= 1
    assert "more lines" in body or "left out" in body.lower(), body[-400:]
