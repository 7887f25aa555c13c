"""Runs `pulumi` for a stack as a job does: prints each line as it comes, without secrets; keeps the events.

The command line and not the Automation API, whose `up` leaves out the preview: with `--plan` that is what
refuses a plan before anything is written.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi.automation import EngineEvent

from tools.change_request.engine import Opened, scrubber_of
from tools.change_request.engine_events import read_preview
from tools.change_request.preview import Preview

# Of a plan's refusal (pulumi 3.259: pkg/resource/deploy, step_generator.go and deployment_executor.go).
REFUSALS = ("violates plan", "expected resource operations for")


@dataclass(frozen=True)
class Run:
    """How it ended, without secrets."""

    preview: Preview
    """What was done, or was to be done; `failed` when it ended with an error."""
    seconds: float
    refused: bool
    """Whether a given plan was refused before anything was written."""


def run_update(opened: Opened, folder: Path, command: Sequence[str], hidden: Sequence[str] = ()) -> Run:
    """`pulumi COMMAND…` for a stack. Its output is printed."""
    scrubber = scrubber_of(opened.secrets, [], os.environ, hidden)
    lines: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="calico-peering-events-") as name:
        log = Path(name) / "events"
        engine = subprocess.Popen(
            [
                *("pulumi", *command, "--stack", opened.stack.name, "--color", "never"),
                *("--suppress-progress", "--non-interactive", "--event-log", str(log)),
            ],
            cwd=folder,
            # Without it the engine knows no --event-log.
            env={**os.environ, "PULUMI_DEBUG_COMMANDS": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert engine.stdout
        for line in engine.stdout:
            lines.append(line.rstrip("\n"))
            print(scrubber.text(lines[-1]), flush=True)
        code = engine.wait()
        events = _events(log)
    text = "\n".join(lines)
    preview = read_preview(_last_phase(events), text, bool(code))
    clean = scrubber_of(opened.secrets, events, os.environ, hidden).clean(preview)
    return Run(clean, time.monotonic() - began, bool(code) and is_refused(events, text))


def is_refused(events: Sequence[EngineEvent], text: str) -> bool:
    """Whether a run that failed was refused its plan before it wrote anything."""
    # The preview and the update have a prelude each. An update may violate its plan too, half-way.
    begun = sum(bool(each.prelude_event) for each in events) > 1
    return not begun and any(each in text for each in REFUSALS)


def _events(log: Path) -> list[EngineEvent]:
    if not log.exists():
        return []
    found = []
    for line in log.read_text().splitlines():
        try:
            found.append(EngineEvent.from_json(json.loads(line)))
        except ValueError:
            # The last line of a run that was killed.
            break
    return found


def _last_phase(events: Sequence[EngineEvent]) -> list[EngineEvent]:
    """From the last prelude on: what was done, without the preview before it."""
    begins = [index for index, each in enumerate(events) if each.prelude_event]
    return list(events[begins[-1] :]) if begins else list(events)
