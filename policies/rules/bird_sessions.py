"""Reads the BGP protocols of a configuration of BIRD 1.6, 2 or 3, as this program writes it.

The rules read the text that is delivered to the machine and not the setting: it is what BIRD does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.resource import Resource

COMMENT = re.compile(r"#[^\n]*")
# A session's options are in its protocol, or in the template of protocols for listed neighbors.
BLOCK = re.compile(r"^(?:protocol|template) bgp (?P<name>\w+) \{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
OPEN_FILTER = re.compile(r"^filter (\w+) \{\s*accept;\s*\}", re.MULTILINE)
IMPORT = re.compile(r"^\s*import (?:(?P<all>all)|filter (?P<filter>\w+));", re.MULTILINE)
PASSWORD = re.compile(r"^\s*password\s+\S", re.MULTILINE)


@dataclass(frozen=True)
class BirdSessions:
    """A BGP protocol or template of BIRD's."""

    name: str
    takes_all: bool
    with_password: bool


def read_bird_sessions(resource: Resource) -> list[BirdSessions]:
    """The BGP protocols in the configuration that the resource delivers; none if it delivers none."""
    text = resource.properties.get("stdin")
    if not isinstance(text, str) or "protocol device" not in text:
        return []
    text = COMMENT.sub("", text)
    open_filters = {*OPEN_FILTER.findall(text)}
    return [
        BirdSessions(
            found["name"],
            any(each["all"] or each["filter"] in open_filters for each in IMPORT.finditer(found["body"])),
            bool(PASSWORD.search(found["body"])),
        )
        for found in BLOCK.finditer(text)
    ]
