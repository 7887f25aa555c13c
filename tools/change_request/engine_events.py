"""Reads a Preview out of the events of Pulumi's Automation API.

Leaves out what no reviewer needs and what would show the whole configuration: diagnostics of severity
`debug`, and `pulumi:providers:*`, whose inputs hold all settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation import EngineEvent
from pulumi.automation.events import StepEventMetadata

from tools.change_request.preview import (
    SECRET,
    UNKNOWN,
    Diagnostic,
    Operation,
    Preview,
    Properties,
    Step,
    Violation,
)

# A secret's and an asset's signature in properties (pulumi/sdk: resource/sig).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
# What stands for a value that is not known yet (pulumi/sdk: resource/plugin/rpc.go).
UNKNOWN_VALUES = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
PROVIDERS = "pulumi:providers:"
STACK = "pulumi:pulumi:Stack"
OPERATIONS: Mapping[str, Operation] = {
    "same": "same",
    "create": "create",
    "update": "change",
    "delete": "delete",
    "discard": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "discard-replaced": "replace",
    "import": "import",
    "import-replacement": "replace",
}


def read_preview(events: Iterable[EngineEvent], text: str = "", failed: bool = False) -> Preview:
    """The preview that these events report; `text` and `failed` are the engine's output and outcome."""
    steps: dict[str, _Seen] = {}
    diagnostics: dict[Diagnostic, None] = {}
    violations: dict[Violation, None] = {}
    for event in events:
        if event.resource_pre_event:
            _take(steps, event.resource_pre_event.metadata, refreshed=False)
        elif event.res_outputs_event:
            _take(steps, event.res_outputs_event.metadata, refreshed=True)
        elif told := event.diagnostic_event:
            # `info#err` is what a plugin prints to standard error, and the engine's text has it.
            if told.severity in ("info", "warning", "error"):
                name = _name(told.urn)
                diagnostics[Diagnostic(told.severity, told.message.strip(), name)] = None
        elif rule := event.policy_event:
            name = _name(rule.resource_urn)
            level, message = rule.enforcement_level, rule.message.strip()
            violations[Violation(level, rule.policy_name, message, name)] = None
    return Preview(
        steps=tuple(seen.step() for seen in steps.values() if seen.operation),
        diagnostics=tuple(diagnostics),
        violations=tuple(violations),
        text=text,
        failed=failed,
    )


@dataclass
class _Seen:
    """What the events so far have said of a resource."""

    urn: str
    type: str
    parent: str = ""
    id: str = ""
    operation: Operation | None = None
    before: Properties | None = None
    found: Properties | None = None
    after: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    replaced_by: tuple[str, ...] = ()
    gone: bool = False

    def step(self) -> Step:
        before = self.before or {}
        return Step(
            urn=self.urn,
            type=self.type,
            operation=self.operation or "same",
            id=self.id,
            parent=self.parent,
            before=before,
            found={} if self.gone else before if self.found is None else self.found,
            after=self.after,
            outputs=self.outputs,
            named=self.named,
            replaced_by=self.replaced_by,
            gone=self.gone,
        )


def _take(steps: dict[str, _Seen], said: StepEventMetadata, refreshed: bool) -> None:
    if said.type.startswith(PROVIDERS) or said.type == STACK:
        return
    seen = steps.setdefault(said.urn, _Seen(said.urn, said.type))
    operation = said.op.value
    for state in (said.old, said.new):
        if state:
            seen.parent, seen.id = state.parent or seen.parent, state.id or seen.id
    if operation == "refresh":
        # Only the later event has what was found.
        if refreshed and said.old:
            seen.before = _properties(said.old.inputs)
            seen.outputs = _properties(said.old.outputs)
            seen.gone = said.new is None
            seen.found = _properties(said.new.inputs) if said.new else {}
            # What the state did not have is a provider's default that a read fills in.
            seen.found = {key: value for key, value in seen.found.items() if key in seen.before}
            if seen.gone:
                seen.operation = seen.operation or "delete"
        return
    if refreshed or operation not in OPERATIONS:
        return
    _settle(seen, said, OPERATIONS[operation])


def _settle(seen: _Seen, said: StepEventMetadata, operation: Operation) -> None:
    """What the program wants of it; a replacement comes in several steps."""
    if seen.operation != "replace":
        seen.operation = operation
    if said.old and seen.before is None:
        seen.before, seen.outputs = _properties(said.old.inputs), _properties(said.old.outputs)
    if said.new:
        seen.after = _properties(said.new.inputs)
    if operation == "same":
        return
    paths = [*(said.diffs or ()), *(said.detailed_diff or {})]
    seen.named |= {_top(path) for path in paths if not _top(path).startswith("__")}
    seen.replaced_by = tuple(dict.fromkeys([*seen.replaced_by, *(said.keys or ())]))


def _top(path: str) -> str:
    """The property at the top of a path such as `spec.asNumber` or `fixedIps[0].ipAddress`."""
    return path.replace("[", ".").split(".", 1)[0]


def _name(urn: str | None) -> str:
    return (urn or "").rsplit("::", 1)[-1]


def _properties(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: _plain(value) for key, value in (values or {}).items() if not key.startswith("__")}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return SECRET if value[SIGNATURE] == SECRET_SIGNATURE else "(file)"
        return _properties(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str) and value in UNKNOWN_VALUES:
        return UNKNOWN
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
