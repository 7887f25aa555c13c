"""Hypothesis strategies of right settings of Calico's side, in texts as Pulumi's configuration has them."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from tests.unit.bird_strategies import FLAGS, WRITTEN_AS_NUMBERS, addresses, sites, subnetworks

LABELS = st.from_regex(r"[a-zA-Z0-9_./-]{1,20}", fullmatch=True)
TEXTS = st.text("abcXYZ019 .-_/=&|!(){}", max_size=8)
QUOTED = st.one_of(TEXTS.map(lambda text: f"'{text}'"), TEXTS.map(lambda text: f'"{text}"'))
SETS = st.lists(QUOTED, max_size=3).map(lambda texts: f"{{{', '.join(texts)}}}")
COMPARISONS = st.sampled_from(["==", "!=", "contains", "starts with", "ends with"])
CONDITIONS = st.one_of(
    st.just("all()"),
    LABELS.map(lambda label: f"has({label})"),
    st.tuples(LABELS, COMPARISONS, QUOTED).map(" ".join),
    st.tuples(LABELS, st.sampled_from(["in", "not in"]), SETS).map(" ".join),
)
SELECTORS = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, st.sampled_from([" && ", "||"]), inner).map(lambda three: f"({''.join(three)})"),
    ),
    max_leaves=4,
)
_WORD = r"[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?"
NAMES = st.from_regex(rf"{_WORD}(\.{_WORD}){{0,2}}", fullmatch=True)
COMMUNITIES = st.one_of(
    st.tuples(*[st.integers(0, 65535)] * 2),
    st.tuples(*[st.integers(0, 4294967295)] * 3),
).map(lambda numbers: ":".join(map(str, numbers)))
SEVERITIES = st.sampled_from(["Trace", "Debug", "Info", "Warning", "Error", "Fatal"])
LAST_WRITTEN_AS_NUMBER = 2147483647


def _maybe(some: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One of some, or the empty text, which is unset."""
    return st.just("") | some


@st.composite
def _peers(draw: st.DrawFn, site: dict[str, str]) -> dict[str, Any]:
    """Which nodes peer, and how."""
    own: dict[str, Any] = {
        "nodeSourceAddress": draw(_maybe(st.sampled_from(["UseNodeIP", "None"]))),
        "nodeNextHopMode": draw(_maybe(st.sampled_from(["Auto", "Self", "Keep"]))),
        "allowedLocalAsNumbers": draw(st.integers(0, 10)),
        "bgpFilters": draw(st.lists(NAMES, max_size=3, unique=True)),
    }
    if not json.loads(site["routeReflectors"]):
        match draw(st.integers(0, 2)):
            case 1:
                own["peerNodeSelector"] = draw(SELECTORS)
            case 2:
                own["peerNodes"] = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    if draw(st.booleans()):
        own["nodeLocalAsNumber"] = draw(
            WRITTEN_AS_NUMBERS.filter(lambda one: str(one) != site["machineAsNumber"])
        )
    if site["multihop"] != "0":
        for key, machine in (("reachableBy", "machineAddress"), ("reachableBy6", "machineAddress6")):
            if machine in site:
                network = ip_network("198.51.100.0/24" if ":" not in site[machine] else "2001:db8::/64")
                gateway = draw(_maybe(addresses(network).map(str)))
                own[key] = "" if gateway == site[machine] else gateway
    return own


@st.composite
def _told(draw: st.DrawFn) -> dict[str, Any]:
    """Communities and what has them; each named one is given to something."""
    named = draw(st.dictionaries(NAMES, COMMUNITIES, max_size=2))
    block = ip_network("10.0.0.0/8")
    networks = subnetworks(block, 32).map(str)
    told = draw(
        st.dictionaries(networks, st.lists(COMMUNITIES, min_size=1, max_size=2, unique=True), max_size=2)
    )
    for name in named:
        told.setdefault(draw(networks), []).append(name)
    return {"communities": named, "prefixAdvertisements": told}


@st.composite
def _configuration(draw: st.DrawFn, site: dict[str, str]) -> dict[str, Any]:
    """What nodes are told of BGP."""
    small = int(site["calicoAsNumber"]) <= LAST_WRITTEN_AS_NUMBER
    nodes = draw(st.dictionaries(NAMES, _told(), max_size=2))
    for its in nodes.values():
        if draw(st.booleans()):
            its["bgpLogSeverity"] = draw(SEVERITIES)
    return {
        **draw(_told()),
        "serviceLoadBalancerAggregation": draw(_maybe(st.sampled_from(["Enabled", "Disabled"]))),
        "bindMode": draw(_maybe(st.sampled_from(["None", "NodeIP"]))),
        "nodeToNodeMesh": draw(_maybe(st.sampled_from(["Enabled", "Disabled"]))),
        "writeCalicoAsNumber": draw(FLAGS) if small else "false",
        "bgpLogSeverity": draw(_maybe(SEVERITIES)),
        "nodeBgpConfigurations": nodes,
    }


@st.composite
def calico_sites(draw: st.DrawFn) -> dict[str, str]:
    """The settings of a machine with one cluster, and whatever Calico can be told of it."""
    [site] = draw(sites(most_clusters=1)).values()
    own = {**draw(_peers(site)), **draw(_configuration(site))}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in own.items()}
    return {**site, **texts}
