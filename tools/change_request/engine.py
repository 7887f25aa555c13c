"""Runs one preview by Pulumi's Automation API, and knows the secrets of the stack's configuration.

Nothing is written to the stack: the refresh of a preview is not saved. The plan is, to a file, for
`pulumi up --plan`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation import EngineEvent

from tools.change_request.engine_events import read_preview
from tools.change_request.preview import Diagnostic, Preview
from tools.change_request.scrubbing import Scrubber, environment_secrets, secret_leaves


class EngineError(Exception):
    """The engine cannot be asked at all; the text is for a person and without secrets."""


@dataclass(frozen=True)
class PreviewOptions:
    """How to run it."""

    refresh: bool = True
    policy_packs: Sequence[str] = ()
    policy_pack_configurations: Sequence[str] = ()
    plan: Path | None = None
    """Where the plan goes; written only when the preview succeeds."""
    hidden: Sequence[str] = ()
    """Secrets besides those of the configuration and the environment."""


@dataclass(frozen=True)
class Outcome:
    """The preview without its secrets, and what is to be said of the stack."""

    project: str
    stack: str
    preview: Preview
    pulumi: str
    """Its version."""


@dataclass(frozen=True)
class Opened:
    """A stack that is there, and its secrets by key."""

    stack: automation.Stack
    project: str
    pulumi: str
    """The engine's version."""
    secrets: Mapping[str, str] = field(repr=False)


def run_preview(name: str, folder: Path, options: PreviewOptions) -> Outcome:
    """Preview the stack `name` of the program in `folder`.

    Raises:
        EngineError: there is no such project or stack, or its configuration cannot be decrypted.
    """
    if options.plan:
        # One of an earlier run is not this preview's.
        options.plan.unlink(missing_ok=True)
        options.plan.parent.mkdir(parents=True, exist_ok=True)
    opened = open_stack(name, folder, options.hidden)
    stack = opened.stack
    events: list[EngineEvent] = []
    output: list[str] = []
    errors: list[str] = []
    failed = False
    try:
        stack.preview(
            diff=True,
            refresh=options.refresh,
            color="never",
            suppress_progress=True,
            policy_packs=[*options.policy_packs] or None,
            policy_pack_configs=[*options.policy_pack_configurations] or None,
            plan=str(options.plan) if options.plan else None,
            on_output=output.append,
            on_error=errors.append,
            on_event=events.append,
        )
    # Without a summary event, as when the engine is killed, the API raises Python's own RuntimeError.
    except (automation.CommandError, RuntimeError):
        failed = True
    preview = read_preview(events, "\n".join(output), failed)
    if failed and not preview.reasons:
        preview = _with_error(preview, errors)
    scrubber = scrubber_of(opened.secrets, events, os.environ, options.hidden)
    return Outcome(opened.project, stack.name, scrubber.clean(preview), opened.pulumi)


def open_stack(name: str, folder: Path, hidden: Sequence[str] = ()) -> Opened:
    """A stack of the program in `folder`. Raises EngineError as run_preview does."""
    own = Scrubber([*environment_secrets(os.environ), *hidden])
    try:
        stack = automation.select_stack(name, work_dir=str(folder))
        project = stack.workspace.project_settings().name
        secrets = {
            key: value.value for key, value in stack.get_all_config().items() if value.secret and value.value
        }
        version = str(stack.workspace.pulumi_version)
    except (automation.CommandError, OSError, ValueError) as error:
        raise EngineError(own.text(_last_words(str(error)))) from None
    return Opened(stack, project, version, secrets)


def scrubber_of(
    secrets: Mapping[str, str],
    events: Sequence[EngineEvent],
    environment: Mapping[str, str],
    hidden: Sequence[str] = (),
) -> Scrubber:
    """What takes the secrets of a configuration, by key, and of the environment out.

    Of an object that has secrets in it only these, where the events have the configuration as the engine
    shows it.
    """
    shown: Mapping[str, Any] = next((each.prelude_event.config for each in events if each.prelude_event), {})
    leaves = [leaf for key, value in secrets.items() for leaf in secret_leaves(value, shown.get(key))]
    return Scrubber([*leaves, *environment_secrets(environment), *hidden])


def _with_error(preview: Preview, lines: Sequence[str]) -> Preview:
    """What the engine printed to standard error, where no event has a reason."""
    text = _reasons("\n".join(line.rstrip("\n") for line in lines))
    reason = Diagnostic("error", text or "the engine ended without an error message")
    return Preview(
        preview.steps, (*preview.diagnostics, reason), preview.violations, preview.text, failed=True
    )


def _last_words(text: str) -> str:
    """The engine's error out of the Automation API's, which begins with code and standard output."""
    _, _, said = text.partition("stderr: ")
    return _reasons(said or text) or "the engine ended without an error message"


def _reasons(text: str) -> str:
    """The last lines of what the engine printed to standard error, without its warnings."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("warning: ")]
    return "\n".join(line.removeprefix("error: ") for line in lines[-20:])
