"""The table of what is wrong (wrong_objects.yaml), read for the two tests of it.

test_wrong_objects.py in tests/unit/ holds our settings to it, that in tests/acceptance/ the API server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).with_suffix(".yaml")
BODIES = {"BGPConfiguration", "BGPFilter", "BGPPeer"}


@dataclass(frozen=True)
class Wrong:
    """One row. `server` and `taken`: exactly one of the two."""

    settings: Mapping[str, Any]
    kind: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    """Of a kind that has no spec."""
    name: str = ""
    namespace: str = ""
    server: str = ""
    """A piece of the API server's refusal."""
    taken: str = ""
    """What would come of it, when the API server takes it."""

    def texts(self) -> dict[str, str]:
        """The settings as Pulumi's configuration hands them out."""
        return {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in self.settings.items()
        }

    @property
    def called(self) -> str:
        """The object's name; some fields may stand in `default` only."""
        return self.name or ("default" if self.kind == "BGPConfiguration" else "wrong-object")

    def object(self) -> dict[str, Any]:
        """What would be written to the cluster."""
        version = "projectcalico.org/v3" if self.kind in BODIES else "v1"
        metadata = {"name": self.called, **({"namespace": self.namespace} if self.namespace else {})}
        own = {"spec": dict(self.spec)} if self.kind in BODIES else dict(self.body)
        return {"apiVersion": version, "kind": self.kind, "metadata": metadata, **own}


def table() -> dict[str, Wrong]:
    """The rows by name."""
    return {name: Wrong(**row) for name, row in yaml.safe_load(TABLE.read_text()).items()}
