"""The types of Calico's kinds are those of its schema, and a type checker refuses what does not fit them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import get_args

import pytest

from components.calico.bgp_configuration_fields import COMMUNITIES, LISTS, VALUES
from components.settings.settings import Settings
from tests.unit.example import PROJECT
from tools.calico_types.__main__ import SCHEMA as COMMITTED
from tools.calico_types.__main__ import TYPES, committed
from tools.calico_types.render import modules
from tools.calico_types.schema import KINDS, joined
from tools.calico_types.stricter import stricter

SCHEMA = stricter(committed())
HEAD = """
from components.calico.types.bgp_configuration import BGPConfigurationSpec
from components.calico.types.bgp_filter import BGPFilterSpec
from components.calico.types.bgp_peer import BGPPeer, BGPPeerSpec
from components.calico.types.shared import BGPPassword
import pulumi
password = pulumi.Output.from_input("x").apply(lambda name: BGPPassword(secretKeyRef={"key": name}))
"""
RIGHT = """
a: BGPPeerSpec = {"peerIP": "172.34.8.45", "asNumber": pulumi.Output.from_input(65112), "ttlSecurity": 1}
b: BGPPeerSpec = {"peerSelector": "a == 'b'", "filters": ["x"], "nextHopMode": "Self", "password": password}
e: BGPPeerSpec = {"password": {"secretKeyRef": {"name": "a", "key": "b"}}, "sourceAddress": "None"}
c: BGPConfigurationSpec = {"serviceClusterIPs": [{"cidr": "10.96.0.0/12"}], "bindMode": "NodeIP"}
d: BGPFilterSpec = {"importV4": [{"action": "Reject"}], "exportV6": [{"action": "Accept", "interface": "*"}]}
"""
WRONG = {
    "a field that is none": ('BGPPeerSpec(peerIp="172.34.8.45")', 'Extra key "peerIp"'),
    "a field of an entry that is none": (
        'BGPConfigurationSpec(serviceClusterIPs=[{"network": "10.96.0.0/12"}])',
        'Extra key "network"',
    ),
    "a field of another kind": ("BGPConfigurationSpec(ttlSecurity=1)", 'Extra key "ttlSecurity"'),
    "another spelling of a value": ('BGPPeerSpec(nextHopMode="self")', "Literal['Auto', 'Self', 'Keep']"),
    "a value that only Calico's code refuses": (
        'BGPFilterSpec(importV4=[{"action": "Deny"}])',
        "Literal['Accept', 'Reject']",
    ),
    "a text for a number": ('BGPPeerSpec(asNumber="65112")', 'item "asNumber" has type "int |'),
    "a number for a time": ("BGPPeerSpec(maxRestartTime=5)", 'item "maxRestartTime" has type "str |'),
    "one network for a list": (
        'BGPConfigurationSpec(serviceClusterIPs="10.96.0.0/12")',
        'item "serviceClusterIPs" has type "list[',
    ),
    "a key that is missing": ('BGPPassword(secretKeyRef={"name": "a"})', 'Missing key "key"'),
    "an action that is missing": ('BGPFilterSpec(exportV4=[{"cidr": "10.0.0.0/8"}])', 'Missing key "action"'),
    "a community without a value": (
        'BGPConfigurationSpec(communities=[{"name": "a"}])',
        'Missing key "value"',
    ),
    "another kind's spec": (
        'BGPPeer(apiVersion="projectcalico.org/v3", kind="BGPFilter", metadata={}, spec={})',
        "Literal['BGPPeer']",
    ),
}


LINES = [*HEAD.splitlines(), *RIGHT.splitlines(), *(code for code, _ in WRONG.values())]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What mypy says of each line of LINES that it refuses."""
    path = tmp_path_factory.mktemp("specs") / "specs.py"
    path.write_text("\n".join([*LINES, ""]))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        _, place, text = line.split(":", 2)
        refused = LINES[int(place) - 1]
        found[refused] = f"{found.get(refused, '')}{text}\n"
    return found


def test_a_type_checker_refuses_wrong_specs_and_no_right_one(said: Mapping[str, str]) -> None:
    assert list(said) == [code for code, _ in WRONG.values()]


@pytest.mark.parametrize("what", WRONG)
def test_a_type_checker_says_what_is_wrong_with(what: str, said: Mapping[str, str]) -> None:
    code, text = WRONG[what]
    assert text in said.get(code, "")


def test_the_types_are_what_the_generator_makes_of_the_schema() -> None:
    made = modules(SCHEMA)
    there = {path.stem: path.read_text() for path in TYPES.glob("*.py") if path.stem != "__init__"}
    assert made == there, "`make types` writes them anew"


def test_what_only_calicos_code_knows_has_to_be_a_field_of_calicos() -> None:
    schema = json.loads(COMMITTED.read_text().replace('"sourceAddress"', '"sourceIP"'))
    with pytest.raises(LookupError):
        stricter(schema)


def test_fields_come_from_the_api_server_and_their_values_from_what_it_stores() -> None:
    group = "com.github.projectcalico.api.pkg.apis.projectcalico.v3."

    def spec(of: dict[str, object]) -> dict[str, object]:
        return {"type": "object", "properties": {"port": {"$ref": f"#/components/schemas/{group}Port"}, **of}}

    schemas = {f"{group}{kind}Spec": spec({"mode": {"type": "string"}}) for kind in KINDS}
    schemas[f"{group}Port"] = {
        "type": "object",
        "properties": {"number": {"type": "integer", "format": "int32", "description": "Of  TCP."}},
        "required": ["number"],
    }
    stored = {
        "mode": {"type": "string", "allOf": [{"enum": ["A", "B"]}, {"enum": ["A", "B"]}]},
        "port": {"properties": {"number": {"minimum": 1, "maximum": 65535, "format": "int32"}}},
        "gone": {"type": "string"},
    }
    version = {"schema": {"openAPIV3Schema": {"properties": {"spec": {"properties": stored}}}}}
    definitions = {kind: {"spec": {"versions": [version]}} for kind in KINDS}
    made = joined({"components": {"schemas": schemas}}, definitions)["$defs"]
    assert made["BGPPeerSpec"]["properties"] == {
        "port": {"$ref": "#/$defs/Port"},
        "mode": {"type": "string", "enum": ["A", "B"]},
    }
    assert made["Port"] == {
        "type": "object",
        "properties": {
            "number": {"type": "integer", "description": "Of TCP.", "minimum": 1, "maximum": 65535}
        },
        "required": ["number"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("setting", "definition", "field"),
    [
        ("node_source_address", "BGPPeerSpec", "sourceAddress"),
        ("node_next_hop_mode", "BGPPeerSpec", "nextHopMode"),
        ("service_load_balancer_aggregation", "BGPConfigurationSpec", "serviceLoadBalancerAggregation"),
        ("bind_mode", "BGPConfigurationSpec", "bindMode"),
        ("bgp_log_severity", "BGPConfigurationSpec", "logSeverityScreen"),
    ],
)
def test_a_setting_has_the_values_that_calico_has(setting: str, definition: str, field: str) -> None:
    wanted, unset = get_args(Settings.model_fields[setting].annotation)
    assert unset is type(None)
    assert set(get_args(wanted)) == set(SCHEMA["$defs"][definition]["properties"][field]["enum"])


def test_what_is_written_of_a_bgpconfiguration_are_fields_of_calicos() -> None:
    fields = {*LISTS, *VALUES, COMMUNITIES}
    assert fields <= set(SCHEMA["$defs"]["BGPConfigurationSpec"]["properties"])
