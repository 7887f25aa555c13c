"""Rule: BIRD takes only the expected networks, unless the policy configuration has the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.resource import Resource, mapping
from policies.rules.bird_sessions import read_bird_sessions

# Fewer characters say nothing.
SHORTEST_REASON = 15


def import_all(resource: Resource, configuration: Mapping[str, Any]) -> Iterator[str]:
    """`configuration` has `reasons`, texts by `<resource>/<protocol>`."""
    reasons = mapping(configuration.get("reasons"))
    for sessions in read_bird_sessions(resource):
        key = f"{resource.name}/{sessions.name}"
        if sessions.takes_all and not _is_reason(reasons.get(key)):
            yield (
                "BIRD takes every route that a node announces, the default route too: expected an import"
                f" filter with the pod and service networks, found `accept` in {sessions.name}. Set"
                " importPolicy to `expected`, or write the reason into the stack's policy configuration:"
                f' "import-all": {{"reasons": {{"{key}": "…"}}}}'
            )


def _is_reason(text: object) -> bool:
    return isinstance(text, str) and len(" ".join(text.split())) >= SHORTEST_REASON
