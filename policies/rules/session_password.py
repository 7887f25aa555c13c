"""Rule: the BGP sessions have a password (TCP MD5, RFC 2385), at the machine and at the nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.resource import Resource, mapping
from policies.rules.bird_sessions import read_bird_sessions

CURE = "Set one: pulumi config set --secret bgpPassword"


def session_password(resource: Resource, _configuration: Mapping[str, Any]) -> Iterator[str]:
    """BIRD's protocols have the option, and each BGPPeer with an address names a Secret.

    A BGPPeer without an address is one of nodes among themselves.
    """
    for sessions in read_bird_sessions(resource):
        if not sessions.with_password:
            yield (
                "a BGP session has no password at the machine: expected the option `password` (TCP MD5) in"
                f" {sessions.name}, found none. {CURE}"
            )
    spec = mapping(resource.properties.get("spec"))
    if resource.kind == "BGPPeer" and spec.get("peerIP") and not spec.get("password"):
        yield (
            "a BGP session has no password at the nodes: expected `spec.password` (TCP MD5), found none."
            f" {CURE}"
        )
