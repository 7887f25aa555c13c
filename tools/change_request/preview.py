"""What a preview says, as plain data: of each resource, of warnings, errors and policies.

No Pulumi here. Properties are the resources' inputs: secrets are SECRET, what is known only after the
update is UNKNOWN, and whole numbers are integers. Three states of a resource are told apart: as the last
run left it, as a refresh found it, and as the program has it now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Properties = Mapping[str, Any]
Operation = Literal["create", "change", "replace", "delete", "import", "same"]

SECRET = "[secret]"
UNKNOWN = "(known after apply)"
# Beginnings of errors that only say that there is one.
NO_REASONS = ("an unhandled error occurred: program exited", "preview failed")


@dataclass(frozen=True)
class Step:
    """One resource in a preview."""

    urn: str
    type: str
    operation: Operation
    id: str = ""
    parent: str = ""
    before: Properties = field(default_factory=dict)
    """As the last run left it; empty when it did not exist."""
    found: Properties = field(default_factory=dict)
    """As the refresh found it; `before` without a refresh."""
    after: Properties = field(default_factory=dict)
    """As the program has it; empty when it is to go."""
    outputs: Properties = field(default_factory=dict)
    """Of the state."""
    named: frozenset[str] = frozenset()
    """The top-level properties that the engine says to change, also where both values are SECRET."""
    replaced_by: tuple[str, ...] = ()
    """The properties that have it replaced."""
    gone: bool = False
    """Whether the refresh did not find it any more."""

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def kind(self) -> str:
        """The last part of its type, such as `Command`."""
        return self.type.rsplit(":", 1)[-1]

    @property
    def changed(self) -> frozenset[str]:
        """The top-level properties whose value is another after the update than before it."""
        keys = {*self.found, *self.after}
        differing = {key for key in keys if self.found.get(key) != self.after.get(key)}
        return frozenset(differing) | self.named

    @property
    def drifted(self) -> frozenset[str]:
        """The top-level properties that the refresh found changed."""
        keys = {*self.before, *self.found}
        return frozenset(key for key in keys if self.before.get(key) != self.found.get(key))


@dataclass(frozen=True)
class Diagnostic:
    """A message; `severity` is `info`, `warning` or `error`, `name` the resource's, if it is about one."""

    severity: str
    message: str
    name: str = ""


@dataclass(frozen=True)
class Violation:
    """A policy that a resource, or the stack, does not fulfil."""

    level: str
    """`mandatory`, `advisory` and the like."""
    policy: str
    message: str
    name: str = ""


@dataclass(frozen=True)
class Preview:
    """All of it, in the engine's order."""

    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    violations: tuple[Violation, ...] = ()
    text: str = ""
    """What the engine printed."""
    failed: bool = False

    @property
    def changes(self) -> list[Step]:
        """The resources that an update would touch."""
        return [step for step in self.steps if step.operation != "same"]

    @property
    def drift(self) -> list[Step]:
        """The resources that a refresh found changed, or did not find."""
        return [step for step in self.steps if step.gone or step.drifted]

    @property
    def reasons(self) -> list[Diagnostic]:
        """Why it failed: the errors, without the engine's sentences that there was one."""
        errors = [each for each in self.diagnostics if each.severity == "error"]
        own = [each for each in errors if not each.message.startswith(NO_REASONS)]
        return own if own or self.violations else errors
