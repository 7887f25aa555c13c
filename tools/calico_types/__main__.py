"""`python -m tools.calico_types` renders the types; with `--ask` it asks the cluster for its schema first.

The cluster is the ambient kubeconfig's; the lab's management host has one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kubernetes.client import ApiClient

from components.calico.calico_api import connect
from tools.calico_types.render import modules
from tools.calico_types.schema import KINDS, Schema, joined
from tools.calico_types.stricter import stricter

SCHEMA = Path(__file__).with_name("schema.json")
TYPES = Path(__file__).resolve().parents[2] / "components/calico/types"
OPENAPI = "/openapi/v3/apis/projectcalico.org/v3"
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}s.crd.projectcalico.org"


def committed() -> Schema:
    """The schema in the project."""
    return dict(json.loads(SCHEMA.read_text()))


def served(client: ApiClient) -> Schema:
    """The schema that a cluster's API servers serve."""
    definitions = {kind: _get(client, DEFINITION.format(kind.lower())) for kind in KINDS}
    return joined(_get(client, OPENAPI), definitions)


def _get(client: ApiClient, path: str) -> Any:
    accepted = {"Accept": "application/json"}
    sent = client.param_serialize("GET", path, header_params=accepted, auth_settings=["BearerToken"])
    answer = client.call_api(*sent, _request_timeout=30)
    if answer.status != 200:
        raise SystemExit(f"{path} of {client.configuration.host}: HTTP {answer.status}")
    return json.loads(answer.read())  # type: ignore[no-untyped-call]


def main(arguments: list[str]) -> None:
    """Write what is asked for."""
    if arguments == ["--ask"]:
        SCHEMA.write_text(json.dumps(served(connect()), indent=2, ensure_ascii=False) + "\n")
    for name, text in modules(stricter(committed())).items():
        (TYPES / f"{name}.py").write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
