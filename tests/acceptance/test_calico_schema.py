"""What the types of Calico's kinds were made from is what the cluster serves and refuses.

A change of Calico's version shows here: `make calico-schema` with the lab up, and read the difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kubernetes.client import ApiClient, ApiException, CustomObjectsApi

from components.calico.calico_api import GROUP, VERSION
from tools.calico_types.__main__ import committed, served
from tools.calico_types.stricter import REQUIRED, VALUES

# Refused in one field, so that the refusal is about that field; and no node peers.
PEER = {"peerIP": "198.51.100.1", "asNumber": 65112, "nodeSelector": "has(no-such-label)"}
COMMUNITY, ADVERTISED = "64512:1", {"cidr": "10.0.0.0/8", "communities": ["64512:1"]}
SPECS: dict[str, tuple[str, dict[str, Any]]] = {
    "BGPConfigurationSpec": ("bgpconfigurations", {}),
    "BGPPeerSpec": ("bgppeers", PEER),
    "BGPFilterRuleV4": ("bgpfilters", {"action": "Accept", "cidr": "10.0.0.0/8", "matchOperator": "In"}),
    "BGPFilterRuleV6": ("bgpfilters", {"action": "Accept", "cidr": "fd00::/8", "matchOperator": "In"}),
    "Community": ("bgpconfigurations", {"name": "a", "value": COMMUNITY}),
    "PrefixAdvertisement": ("bgpconfigurations", ADVERTISED),
}
# A whole cluster's AS number is not changed for a test.
HARMLESS = {("BGPConfigurationSpec", "asNumber"): 64512}
KINDS = {"bgpconfigurations": "BGPConfiguration", "bgpfilters": "BGPFilter", "bgppeers": "BGPPeer"}
NAME = "default"
"""Some fields may stand in BGPConfiguration `default` only."""
UNCHECKED = {("BGPConfigurationSpec", "bindMode")}
"""Where Calico takes what it does not know."""


def around(definition: str, part: dict[str, Any]) -> dict[str, Any]:
    """The spec in which a part of it stands."""
    match definition:
        case "BGPFilterRuleV4":
            return {"importV4": [part]}
        case "BGPFilterRuleV6":
            return {"importV6": [part]}
        case "Community":
            return {"communities": [part], "prefixAdvertisements": [ADVERTISED]}
        case "PrefixAdvertisement":
            return {"prefixAdvertisements": [part]}
    return part


@contextmanager
def made(cluster: ApiClient, definition: str, part: dict[str, Any]) -> Iterator[None]:
    """An object with this part; ApiException when it is refused."""
    plural, _ = SPECS[definition]
    api, body = CustomObjectsApi(cluster), {"apiVersion": f"{GROUP}/{VERSION}", "kind": KINDS[plural]}
    spec = around(definition, part)
    api.create_cluster_custom_object(
        GROUP, VERSION, plural, {**body, "metadata": {"name": NAME}, "spec": spec}
    )
    try:
        yield
    finally:
        api.delete_cluster_custom_object(GROUP, VERSION, plural, NAME)


def right_and_wrong() -> Iterator[tuple[str, str, Any, bool]]:
    """Definition, field, value, and whether Calico takes it, of all that stricter.py says."""
    for definition, fields in VALUES.items():
        for field, of in fields.items():
            for value in of.get("enum", []):
                yield definition, field, value, True
                yield definition, field, value.lower(), False
            if "minimum" in of:
                yield definition, field, HARMLESS.get((definition, field), of["maximum"]), True
                yield definition, field, of["minimum"] - 1, False
                yield definition, field, of["maximum"] + 1, False
            if "pattern" in of:
                yield definition, field, "cali*", True
                yield definition, field, "a b", False
    for value, taken in {"5s": True, "1m30s": True, "0": True, "5": False, "5 s": False, "": False}.items():
        yield "BGPPeerSpec", "maxRestartTime", value, taken


CASES = [case for case in right_and_wrong() if case[:2] not in UNCHECKED or case[3]]


@pytest.mark.main_path
def test_the_cluster_serves_the_committed_schema(cluster: ApiClient) -> None:
    assert served(cluster) == committed(), "`make calico-schema` takes the other one"


@pytest.mark.parametrize(("definition", "field", "value", "taken"), CASES)
def test_calico_takes_and_refuses_values_as_the_types_say(
    definition: str, field: str, value: object, taken: bool, cluster: ApiClient
) -> None:
    part = {**SPECS[definition][1], field: value}
    if taken:
        with made(cluster, definition, part):
            return
    with pytest.raises(ApiException) as refused, made(cluster, definition, part):
        pass
    assert refused.value.status in (400, 422), refused.value.body


@pytest.mark.parametrize(
    ("definition", "field"), [(name, one) for name, of in REQUIRED.items() for one in of]
)
def test_calico_refuses_what_lacks_a_field_that_the_types_require(
    definition: str, field: str, cluster: ApiClient
) -> None:
    part = {name: value for name, value in SPECS[definition][1].items() if name != field}
    with pytest.raises(ApiException) as refused, made(cluster, definition, part):
        pass
    assert refused.value.status in (400, 422), refused.value.body


@pytest.mark.parametrize(("definition", "field"), sorted(UNCHECKED))
def test_calico_takes_what_it_does_not_know(definition: str, field: str, cluster: ApiClient) -> None:
    with made(cluster, definition, {**SPECS[definition][1], field: "nonsense"}):
        pass
