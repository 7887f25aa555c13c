"""What the dynamic providers of shared lists have in common: checking and comparing inputs.

A resource has the input `networks` and says in `added` which of them are ours. Its provider is
pickled by reference (dill stores module and class name for a class of an importable module), so
state holds no code and a newer version of this program works on older state. It must therefore
have no attributes of its own. Not here: reading and writing (the subclasses).
"""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult, DiffResult
from pulumi.runtime.rpc import UNKNOWN

from components.shared.own_provider import OwnProvider
from components.shared.shared_list import canonical_list


class SharedListProvider(OwnProvider):
    """Base of the providers. `reach` are inputs that only say how to get there."""

    replaced_by: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Networks in their canonical spelling, each once; a failure names the bad one."""
        networks = news.get("networks")
        if not known(networks):
            return CheckResult(news, [])
        try:
            return CheckResult({**news, "networks": canonical_list(networks or [])}, [])
        except ValueError as error:
            return CheckResult(news, [CheckFailure("networks", str(error))])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Order is no difference: neither Neutron nor Calico gives it a meaning."""
        replaces = [key for key in self.replaced_by if olds.get(key) != news.get(key)]
        moved = any(olds.get(key) != news.get(key) for key in self.reach)
        before, after = olds.get("networks") or [], news.get("networks")
        differs = not known(after) or set(before) != set(after or [])
        return DiffResult(changes=bool(replaces) or moved or differs, replaces=replaces)


def written(props: dict[str, Any]) -> int:
    """How many times the resource with this state was applied; numbers come back as floats."""
    return int(props.get("written") or 0)


def known(networks: Any) -> bool:
    """Whether a list is known in a preview, with all its entries."""
    return networks != UNKNOWN and UNKNOWN not in (networks or [])
