"""Previews that were recorded on the lab (tests/recorded/change_request), and what is derived from them.

Each file says how it was made. `derived` is for what is dear to record.
"""

import copy
import json
from typing import Any

from pulumi.automation import EngineEvent

from lab.layout import PROJECT
from tools.change_request.body import Request
from tools.change_request.engine import scrubber_of
from tools.change_request.engine_events import read_preview
from tools.change_request.origin import Origin

FOLDER = PROJECT / "tests" / "recorded" / "change_request"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
ORIGIN = Origin("0123456789abcdef0123", "alice", "2026-12-01 06:00 UTC", "3.259.0")
FULL = "change-request.full.md"

Recorded = dict[str, Any]


def recorded(name: str) -> Recorded:
    """`events` as the engine's JSON, its `text`, and whether it `failed`."""
    document: Recorded = json.loads((FOLDER / f"{name}.json").read_text())
    return document


def events_of(document: Recorded) -> list[EngineEvent]:
    """The events as the Automation API gives them."""
    return [EngineEvent.from_json(event) for event in document["events"]]


def request(document: Recorded, secrets: dict[str, str] | None = None) -> Request:
    """What a body is made of; `secrets` of the configuration, by key."""
    events = events_of(document)
    preview = read_preview(events, document["text"], document["failed"])
    scrubber = scrubber_of(secrets or {}, events, {})
    return Request("calico-peering", "lab", scrubber.clean(preview), ORIGIN, FULL)


def with_many_ports(number: int) -> Recorded:
    """Derived from network-added: as many node ports, each of which gets the network."""
    document = recorded("network-added")
    events = document["events"]
    first = next(each for each in events if "resourcePreEvent" in each and _of_port(each))
    made = []
    for place in range(number):
        event = copy.deepcopy(first)
        metadata = event["resourcePreEvent"]["metadata"]
        port = f"00000000-0000-4000-8000-{place:012}"
        for part in (metadata, metadata["old"], metadata["new"]):
            part["urn"] = part["urn"].rsplit("::", 1)[0] + f"::peering-pairs-{port}"
        for state in (metadata["old"], metadata["new"]):
            state["id"] = state["inputs"]["port_id"] = port
        made.append(event)
    others = [each for each in events if not _of_port(each)]
    document["events"] = [*others, *made]
    document["text"] = "\n".join(
        f"    ~ pulumi-python:dynamic:PortPairs: {place}" for place in range(number * 10)
    )
    return document


def with_secret_in_error(secret: str, key: str) -> Recorded:
    """Derived from cluster-not-reached: the error quotes what it was sent, in several spellings."""
    document = recorded("cluster-not-reached")
    for event in document["events"]:
        told = event.get("diagnosticEvent", {})
        if told.get("severity") == "error" and "does not answer" in told["message"]:
            told["message"] = (
                f'POST /v3 {{"password": {json.dumps(secret)}}} failed for user {secret!r}:\n{key}\n'
                "see https://127.0.0.1:1/login?password=" + secret.replace(" ", "+")
            )
    document["text"] += f"\nerror: {secret} and {json.dumps(key)}"
    return document


def _of_port(event: dict[str, Any]) -> bool:
    said = event.get("resourcePreEvent") or event.get("resOutputsEvent") or {}
    return "PortPairs" in said.get("metadata", {}).get("type", "")
