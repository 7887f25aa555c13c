"""The fields of a BGPConfiguration that we may have a part in, and how their entries and values look.

A *place* is where one thing of ours stands: `serviceClusterIPs/10.96.0.0/12`, `asNumber`,
`communities/external`. Lists are merged as sets; a community has a name and a value, so it is a single value
that stands in a list. Source: Calico 3.31's API (bgpconfig.go), its validator and confd. Fields that are not
here are never written: listenPort (BIRD on the machine dials 179), what is about the mesh's own sessions,
and what is about workloads that peer with their node.

Pure. It deliberately knows nobody's wishes, and does not merge (bgp_configuration_part.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.shared.shared_list import Entry, Shape, canonical

Spec = Mapping[str, Any]

DEFAULT = "default"
NODE = "node."
CLUSTER_IPS, EXTERNAL_IPS, BALANCER_IPS = "serviceClusterIPs", "serviceExternalIPs", "serviceLoadBalancerIPs"
ADVERTISEMENTS, COMMUNITIES = "prefixAdvertisements", "communities"
AGGREGATION, BIND_MODE = "serviceLoadBalancerAggregation", "bindMode"
MESH, AS_NUMBER, LOG_SEVERITY = "nodeToNodeMeshEnabled", "asNumber", "logSeverityScreen"

VALUES = (AGGREGATION, BIND_MODE, MESH, AS_NUMBER, LOG_SEVERITY)
# Refused in a node's object, or not read from it: confd takes its advertisements, its log level and its port.
NODE_FIELDS = frozenset({ADVERTISEMENTS, COMMUNITIES, LOG_SEVERITY})
# What Calico sets in a new object, the log level from 3.32 on; nobody need have meant it. Its aggregated API
# server does not say so in a dry run.
FILLED_IN = {AGGREGATION: "Enabled", LOG_SEVERITY: "Info"}


def _networks() -> Shape:
    return Shape(lambda entry: str(entry.get("cidr")), lambda network: {"cidr": network})


def _advertised(entry: Entry) -> str | None:
    """Our entries have one community each, so an entry of others is never changed."""
    told = entry.get("communities") or []
    return f"{entry.get('cidr')} {told[0]}" if len(told) == 1 else None


def _advertises(entry: Entry) -> Iterator[str]:
    try:
        network = canonical(str(entry.get("cidr")))
    except ValueError:
        return
    for community in entry.get("communities") or []:
        yield f"{network} {community}"


def _advertisement(key: str) -> Entry:
    network, community = key.split(" ", 1)
    return {"cidr": network, "communities": [community]}


LISTS: Mapping[str, Shape] = {
    CLUSTER_IPS: _networks(),
    EXTERNAL_IPS: _networks(),
    BALANCER_IPS: _networks(),
    # Several entries for one network add up: confd makes a statement of each (bird.cfg.template).
    ADVERTISEMENTS: Shape(_advertised, _advertisement, _advertises),
}
"""By field. A list's key is a network; in prefixAdvertisements `<network> <community>`."""


def canonical_keys(field: str, keys: Iterable[str]) -> list[str]:
    """The keys of a list in their one spelling, each once. Raises ValueError, for a person."""
    spelled = []
    for key in keys:
        network, space, community = key.partition(" ")
        spelled.append(canonical(network) + space + community)
        if (field == ADVERTISEMENTS) != bool(space and community):
            raise ValueError(f"{key!r} is no entry of {field}")
    return list(dict.fromkeys(spelled))


def wrong_places(name: str, lists: Iterable[str], values: Iterable[str]) -> list[str]:
    """What may not stand in the object of this name, for a person."""
    known = {*LISTS, *VALUES, COMMUNITIES}
    fields = [*lists, *(place.partition("/")[0] for place in values)]
    wrong = [f"{field} is no field that is written here" for field in fields if field not in known]
    if name.startswith(NODE):
        wrong += [f"{field} of {name} is not read by Calico" for field in fields if field not in NODE_FIELDS]
    return wrong


def get_value(spec: Spec, place: str) -> Any:
    """The value at a place, None when there is none."""
    field, _, name = place.partition("/")
    if field != COMMUNITIES:
        return spec.get(field)
    return next((one.get("value") for one in spec.get(field) or [] if one.get("name") == name), None)


def with_value(spec: Spec, place: str, value: Any) -> dict[str, Any]:
    """The spec with another value at a place, None for none; a list that becomes empty is no key."""
    field, _, name = place.partition("/")
    if field != COMMUNITIES:
        return _with_field(spec, field, value)
    communities = list(spec.get(field) or [])
    at = next((at for at, one in enumerate(communities) if one.get("name") == name), len(communities))
    communities[at : at + 1] = [] if value is None else [{"name": name, "value": value}]
    return _with_field(spec, field, communities or None)


def with_list(spec: Spec, field: str, entries: list[Entry]) -> dict[str, Any]:
    """The spec with another list; an empty one is no key, as in an object that never had one."""
    return _with_field(spec, field, entries or None)


def in_use(spec: Spec, place: str) -> bool:
    """Whether something else refers to what stands at a place; Calico refuses a spec where it is missing."""
    field, _, name = place.partition("/")
    return field == COMMUNITIES and any(
        name in (one.get("communities") or []) for one in spec.get(ADVERTISEMENTS) or []
    )


def place_of(name: str, place: str) -> str:
    """How a place of an object is called in settings: in a node's object after the object's name."""
    return place if name == DEFAULT else f"{name}/{place}"


def _with_field(spec: Spec, field: str, value: Any) -> dict[str, Any]:
    rest = {name: each for name, each in spec.items() if name != field}
    # In its place, if it has one: a change is easier to see.
    if value is not None and field in spec:
        return {name: value if name == field else each for name, each in spec.items()}
    return rest if value is None else {**rest, field: value}
