"""Which sessions end when BIRD takes another configuration over: its texts, compared as BIRD does.

On `configure` BIRD keeps a protocol of the same name whose options are the same; with another option of a
BGP protocol it ends the sessions and begins them anew (bgp_reconfigure and proto_reconfigure in BIRD's
source). The description is no such option, nor is what is taken from a neighbor or told to it: filters and
limits of the channel are changed while the session stays. Knows the configurations of this program, not all
of BIRD's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

COMMENT = re.compile(r"#.*$")
BLOCK = re.compile(r"^(?P<kind>protocol|template)\s+(?P<type>\w+)\s*(?P<rest>.*?)\s*\{$")
CHANNEL = re.compile(r"^ipv[46](?: \w+)?\s*\{$")
# In BIRD 1.6 these are among the session's own options.
EXCHANGED = re.compile(r"^(import|export|receive)\b")
# BIRD 2 and 3 tell their routes again with it; for 1.6, where there is no channel, it is one of the session.
NEXT_HOP = re.compile(r"^next hop\b")
DESCRIPTION = re.compile(r"^description\b")


@dataclass(frozen=True)
class BirdProtocol:
    """A protocol: its type, and its options, one a line, without what does not touch a session."""

    type: str
    options: tuple[str, ...]
    exchanged: tuple[str, ...] = ()
    """Filters and limits."""

    def option(self, name: str) -> str:
        """The option's line that begins with the word, or an empty text."""
        return next((line for line in self.options if line.startswith(f"{name} ")), "")


@dataclass(frozen=True)
class BirdConfiguration:
    """What of a configuration's text matters here."""

    protocols: Mapping[str, BirdProtocol]
    """By name; those without a name by their type and place."""
    router_id: str
    graceful: bool
    """Whether the kernel keeps its routes while BIRD restarts."""
    password_file: str


def is_configuration(value: object) -> bool:
    """Whether a property's value is the text of a configuration."""
    return isinstance(value, str) and "router id " in value and "protocol device" in value


def parse_configuration(text: str) -> BirdConfiguration:
    """The protocols and options of a configuration."""
    templates: dict[str, BirdProtocol] = {}
    protocols: dict[str, BirdProtocol] = {}
    lines = [line for raw in text.splitlines() if (line := COMMENT.sub("", raw).strip())]
    for header, body in _blocks(lines):
        words = header["rest"].split()
        name, parent = words[0] if words else "", words[2] if words[1:2] == ["from"] else ""
        if words[:1] == ["from"]:
            name, parent = "", words[1]
        made = _protocol(header["type"], body, templates.get(parent))
        if header["kind"] == "template":
            templates[name] = made
        else:
            protocols[
                name or f"{made.type} {sum(each.type == made.type for each in protocols.values()) + 1}"
            ] = made
    return BirdConfiguration(
        protocols=protocols,
        router_id=_first(lines, r"router id (.+);"),
        graceful=any("graceful restart yes;" in protocol.options for protocol in protocols.values()),
        password_file=_first(lines, r'include "(.+)";'),
    )


def ended_sessions(old: BirdConfiguration, new: BirdConfiguration) -> Iterator[tuple[str, list[str]]]:
    """The BGP protocols whose sessions end, with the options for which they do; none: it goes for good."""
    for name, protocol in old.protocols.items():
        if protocol.type != "bgp":
            continue
        now = new.protocols.get(name)
        if now is None:
            yield name, []
        elif reasons := _reasons(old, new, protocol, now):
            yield name, reasons


def moved_routes(old: BirdConfiguration, new: BirdConfiguration) -> Iterator[tuple[str, str]]:
    """How the routes are written into the kernel, where that changes: the option before and after."""
    for name, protocol in old.protocols.items():
        now = new.protocols.get(name)
        if protocol.type != "kernel" or now is None:
            continue
        for option in ("kernel", "vrf", "metric"):
            if (before := protocol.option(option)) != (after := now.option(option)):
                yield before.rstrip(";") or f"no {option}", after.rstrip(";") or f"no {option}"


def _reasons(
    old: BirdConfiguration, new: BirdConfiguration, before: BirdProtocol, after: BirdProtocol
) -> list[str]:
    gone = [line for line in before.options if line not in after.options]
    came = [line for line in after.options if line not in before.options]
    told = []
    for line in gone:
        word = line.split()[0]
        successor = next(
            (each for each in came if each.split()[0] == word and each.split()[1:2] == line.split()[1:2]), ""
        )
        successor = successor or next((each for each in came if each.split()[0] == word), "")
        if successor:
            came.remove(successor)
        told.append(
            f"{line.rstrip(';')} → {successor.rstrip(';')}" if successor else f"without {line.rstrip(';')}"
        )
    told += [f"with {line.rstrip(';')}" for line in came]
    if old.router_id != new.router_id:
        told.append(f"router id {old.router_id} → {new.router_id}")
    return told


def _blocks(lines: list[str]) -> Iterator[tuple[re.Match[str], list[str]]]:
    header: re.Match[str] | None = None
    body: list[str] = []
    depth = 0
    for line in lines:
        if header is None:
            header, body, depth = BLOCK.match(line), [], 1
            continue
        depth += line.count("{") - line.count("}")
        if depth == 0:
            yield header, body
            header = None
        else:
            body.append(line)


def _protocol(type_: str, body: list[str], template: BirdProtocol | None) -> BirdProtocol:
    options: list[str] = [*(template.options if template else ())]
    exchanged: list[str] = [*(template.exchanged if template else ())]
    channel = ""
    for line in body:
        if CHANNEL.match(line):
            channel = line.split()[0]
            options.append(channel)
        elif channel and line.startswith("}"):
            channel = ""
        elif EXCHANGED.match(line) or (channel and NEXT_HOP.match(line)):
            exchanged.append(line)
        elif not DESCRIPTION.match(line):
            options.append(f"{channel} {line}".strip())
    return BirdProtocol(type_, tuple(options), tuple(exchanged))


def _first(lines: list[str], pattern: str) -> str:
    return next((found[1] for line in lines if (found := re.fullmatch(pattern, line))), "")
