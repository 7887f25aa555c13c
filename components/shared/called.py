"""How the names of resources begin, in this run and in the state, so that another name is no other resource.

Children whose names begin with their parent's are renamed with it (Pulumi's inherited aliases).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


def joined(*parts: str) -> str:
    """The parts of a name that are not empty."""
    return "-".join(part for part in parts if part)


@dataclass(frozen=True)
class Called:
    """What names begin with, and what they begin with in the state; the dash that follows is in neither."""

    now: str
    before: str

    def name(self, part: str) -> str:
        """The name of a part."""
        return joined(self.now, part)

    def opts(self, part: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """The options of a part, with its name in the state if that is another one."""
        if self.now == self.before:
            return opts
        former = pulumi.Alias(name=joined(self.before, part))
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[former]))


def always(name: str) -> Called:
    """A name that is the same in the state."""
    return Called(name, name)


def called(root: str, label: str, former: Mapping[str, str]) -> Called:
    """How what is of one machine or cluster is called; `label` is empty for the only one.

    `former`: by label now, the label in the state of those that have another one there.
    """
    return Called(joined(root, label), joined(root, former.get(label, label)))
