"""What this stack's state holds, as the last run left it.

The engine reads it, from whatever backend, by an invoke of its own, as for a StackReference, without a lock.
It deliberately keeps no values but those that tell what a resource is about (former_names.py): a state holds
secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from components.former_names import Declared, kept

READ = "pulumi:pulumi:readStackResourceOutputs"


def last_state() -> list[Declared]:
    """The resources in the state, none before the first run.

    Raises:
        pulumi.RunError: when the backend does not give it.
    """
    stack = "/".join([pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])
    try:
        answer = pulumi.runtime.invoke(READ, {"stackName": stack}).value
    except Exception as error:
        raise pulumi.RunError(
            f"the engine did not give the state of this stack ({error}), without which nobody can tell"
            " whether a machine or a cluster is new or only has another name now; nothing was written. Does"
            " `pulumi stack export` work?"
        ) from None
    return list(_declared((answer or {}).get("outputs") or {}))


def _declared(found: Mapping[str, Any]) -> Iterable[Declared]:
    for urn, one in found.items():
        outputs = one.get("outputs") or {}
        yield Declared(urn.rpartition("::")[2], str(one.get("type")), kept(outputs))
