"""In what two BGPPeers for one address differ, as far as confd renders it into BIRD's configuration.

Pure. Source: Calico 3.31, confd's bird.cfg.template and client.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.settings.peering_nodes import ClusterNode

# BIRD's own where a BGPPeer says nothing.
RESTART_TIME = 120
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|h|m|s))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def describe_changes(
    ours: Mapping[str, Any], other: Mapping[str, Any], node: ClusterNode | None = None
) -> list[str]:
    """Each field of which `other` says something else, as `<field> <its value> instead of <ours>`.

    `node`: the peer, where `other` is a `peerSelector`'s; its AS number holds then.
    """
    own, its = _rendered(ours), _rendered(other)
    if node:
        # Not read for a peer that is a node.
        for name in ("localASNumber", "numAllowedLocalASNumbers"):
            its[name] = _rendered({})[name]
        its["asNumber"] = str(node.as_number or "that of the cluster")
    return [f"{name} {its[name]} instead of {value}" for name, value in own.items() if its[name] != value]


def _rendered(spec: Mapping[str, Any]) -> dict[str, str]:
    """By field what is in effect, also where the spec leaves it out."""
    secret = ((spec.get("password") or {}).get("secretKeyRef") or {}).get("name")
    keeps = "Keep" if spec.get("keepOriginalNextHop") else "Auto"
    return {
        "asNumber": str(spec.get("asNumber") or "that of the cluster"),
        "filters": ", ".join(map(str, spec.get("filters") or [])) or "none",
        "password": f"of Secret {secret}" if secret else "none",
        "ttlSecurity": str(spec.get("ttlSecurity") or "off"),
        "maxRestartTime": _seconds(spec.get("maxRestartTime")),
        "sourceAddress": str(spec.get("sourceAddress") or "UseNodeIP"),
        "nextHopMode": str(spec.get("nextHopMode") or keeps),
        "localASNumber": str(spec.get("localASNumber") or "none"),
        "numAllowedLocalASNumbers": str(spec.get("numAllowedLocalASNumbers") or 0),
        "reachableBy": str(spec.get("reachableBy") or "none"),
    }


def _seconds(duration: object) -> str:
    """Whole seconds of a duration as Go writes it, such as `1m30s`."""
    text = str(duration or "")
    if not text:
        return f"{RESTART_TIME}s"
    if not _DURATION.fullmatch(text):
        return text
    return f"{round(sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text)))}s"
