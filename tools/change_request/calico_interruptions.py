"""What changes of Calico's BGP objects interrupt: sessions that confd renders anew, and routes that go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.change_request.differences import list_differences
from tools.change_request.markdown import code
from tools.change_request.preview import Properties, Step

Found = Iterator[tuple[str, str]]

# Fields of a BGPPeer that confd (3.31, bird.cfg.template) renders as options of the session: BIRD 1.6 ends
# it for another value. The peer's address is part of the session's name.
SESSION_FIELDS = frozenset(
    "asNumber peerIP password sourceAddress maxRestartTime ttlSecurity reachableBy keepOriginalNextHop"
    " nextHopMode localASNumber numAllowedLocalASNumbers".split()
)
# Those by which it is chosen who peers.
CHOICE_FIELDS = frozenset("node nodeSelector peerSelector".split())
NEW_SESSIONS = (
    "the nodes end these sessions and begin them anew: their routes are gone until then, 2 s and more"
)
LESS = {
    "import": "the nodes take {} from the machine no more",
    "export": "the nodes tell the machine of {} no more",
}


def bgp_peer(step: Step) -> Found:
    """A field of a peer's spec is another one, or the peer goes."""
    if step.operation == "create" or not _is_calico(step.found, "BGPPeer"):
        return
    name = code(_name(step.found))
    if step.operation == "delete":
        yield (
            f"BGPPeer {name} goes",
            "the nodes end the sessions that it describes, and their routes are withdrawn",
        )
        return
    if step.operation == "replace":
        yield f"BGPPeer {name} is made anew", NEW_SESSIONS
        return
    for each in list_differences(step.found.get("spec"), step.after.get("spec")):
        field = each.path.split(".")[0].split("[")[0]
        if field in SESSION_FIELDS:
            yield f"{code(field)} of BGPPeer {name}: {_said(each.old)} → {_said(each.new)}", NEW_SESSIONS
        elif field in CHOICE_FIELDS:
            yield (
                f"{code(field)} of BGPPeer {name}: {_said(each.old)} → {_said(each.new)}",
                "nodes that are no longer chosen end their sessions, and are no next hops any more",
            )


def bgp_configuration(step: Step) -> Found:
    """A list of a BGPConfiguration loses an entry, or one of its values is another one."""
    part = step.found or step.after
    if "lists" not in part or "object" not in part:
        return
    called = f"BGPConfiguration {code(part['object'])}"
    for each in list_differences(step.found.get("lists"), step.after.get("lists")):
        if each.old is not None and each.path.startswith("service") and each.old in _added(step, each.path):
            yield (
                f"{code(each.old)} goes from {code(each.path)} of {called}",
                "the nodes withdraw the route to it: the machine reaches no address in it any more",
            )
    for each in list_differences(step.found.get("values"), step.after.get("values")):
        yield from _value(called, each.path, each.old, each.new)


def _added(step: Step, path: str) -> list[Any]:
    """What of a list came with this stack; the others stay when they are wanted no more."""
    added = step.outputs.get("added")
    known = added.get(path) if isinstance(added, Mapping) else None
    return known if isinstance(known, list) else list(step.found["lists"].get(path) or ())


def _value(called: str, path: str, old: Any, new: Any) -> Found:
    change = f"{code(path)} of {called}: {_said(old)} → {_said(new)}"
    if path == "asNumber":
        yield (
            change,
            "every BGP session of every node begins anew, also with routers that this stack does not know"
            " and that expect the old number",
        )
    elif path == "nodeToNodeMeshEnabled":
        what = (
            "end: without route reflectors nodes know no other node's pods" if new is False else "begin anew"
        )
        yield change, f"the nodes' sessions with each other {what}"
    elif path in ("bindMode", "listenPort"):
        yield (
            change,
            "the nodes' BIRDs listen elsewhere: sessions that are opened to them end or cannot be opened",
        )


def bgp_filter(step: Step) -> Found:
    """A filter's rules admit less than before."""
    if not _is_calico(step.found, "BGPFilter") or step.operation == "replace":
        return
    old, new = step.found.get("spec") or {}, step.after.get("spec") or {}
    for direction, whose in LESS.items():
        for family in ("V4", "V6"):
            before, after = _rules(old, f"{direction}{family}"), _rules(new, f"{direction}{family}")
            less = [each for each in before if each not in after and each[0] == "Accept"]
            less += [each for each in after if each not in before and each[0] == "Reject" and each[1]]
            for _, cidr in dict.fromkeys(less):
                name, networks = code(_name(step.found)), code(cidr or "everything")
                yield f"BGPFilter {name}: {whose.format(networks)}", "routes go, no session ends"


def _rules(spec: Mapping[str, Any], field: str) -> list[tuple[str, str]]:
    rules = spec.get(field)
    # One with a source only keeps a node from handing on what it has of others.
    plain = [rule for rule in rules or () if isinstance(rule, Mapping) and "source" not in rule]
    return [(str(rule.get("action")), str(rule.get("cidr") or "")) for rule in plain]


def reflector(step: Step) -> Found:
    """A node gets, loses or changes the cluster id of a route reflector."""
    found = step.found or step.after
    # What it was before is remembered by another resource, which has no `before`.
    if "cluster_id" not in found or "node" not in found or "before" not in found:
        return
    if step.operation in ("create", "delete", "replace") or "cluster_id" in step.changed:
        yield (
            f"node {code(found['node'])} is another kind of route reflector",
            "its sessions with the other nodes end and begin anew, 1.5 to 82 s as measured; where pools have"
            " no VXLAN its pods are cut off from theirs meanwhile",
        )


def _is_calico(properties: Properties, kind: str) -> bool:
    return properties.get("kind") == kind and "projectcalico.org" in str(properties.get("apiVersion"))


def _name(properties: Properties) -> str:
    metadata = properties.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, Mapping) else "(not named yet)"


def _said(value: Any) -> str:
    return "none" if value is None else code(value)
