"""Whatever right settings say, what is written to Calico fits Calico's own schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from components.settings.site import read_site
from tests.mocks.declared import declared
from tests.unit.calico_strategies import calico_sites
from tools.calico_types.__main__ import committed
from tools.calico_types.schema import KINDS
from tools.calico_types.stricter import stricter

SCHEMA = stricter(committed())
CHECKS = {kind: Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{kind}Spec"}) for kind in KINDS}


def wrong(kind: str, spec: Mapping[str, Any]) -> list[str]:
    """What does not fit Calico's schema."""
    return [f"{error.json_path}: {error.message}" for error in CHECKS[kind].iter_errors(spec)]


@settings(max_examples=max(10, (settings.default.max_examples if settings.default else 0) // 4))
@given(calico_sites())
def test_what_right_settings_write_fits_the_schema(texts: dict[str, str]) -> None:
    found = declared(read_site(texts), texts["bgpPassword"])
    specs = [(one["kind"], one["spec"]) for one in found if one["kind"] in CHECKS]
    assert {kind for kind, _ in specs} >= {"BGPConfiguration", "BGPPeer"}
    assert {kind: wrong(kind, spec) for kind, spec in specs if wrong(kind, spec)} == {}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("BGPPeer", {"peerIp": "172.34.8.45"}),
        ("BGPPeer", {"asNumber": 4294967296}),
        ("BGPPeer", {"ttlSecurity": 256}),
        ("BGPPeer", {"maxRestartTime": "5 s"}),
        ("BGPPeer", {"sourceAddress": "172.34.8.10"}),
        ("BGPPeer", {"password": {"secretKeyRef": {"name": "a"}}}),
        ("BGPConfiguration", {"serviceClusterIPs": ["10.96.0.0/12"]}),
        ("BGPConfiguration", {"communities": [{"name": "a", "value": "64512"}]}),
        ("BGPFilter", {"importV4": [{"cidr": "10.0.0.0/8"}]}),
        ("BGPFilter", {"importV4": [{"action": "Accept", "prefixLength": {"max": 33}}]}),
    ],
)
def test_the_schema_refuses(kind: str, spec: dict[str, Any]) -> None:
    assert len(wrong(kind, spec)) == 1
