"""The names by which what a stack has written is known: its own, and those from before it was renamed.

Pure. What is written bears today's name; after `pulumi stack rename` the next `pulumi up` changes the mark on
everything that the state holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class StackNames:
    """`now` and `before` are each `<project>/<stack>`."""

    now: str
    before: frozenset[str] = frozenset()

    def __contains__(self, name: object) -> bool:
        return name == self.now or name in self.before

    def __str__(self) -> str:
        return self.now

    def its(self, by_stack: Mapping[str, Mapping[str, T]]) -> dict[str, T]:
        """What is the stack's, by whatever, of what is written down by stack."""
        return {key: one for name, each in by_stack.items() if name in self for key, one in each.items()}
