"""What the verification saw on the machine, read from the output of `router verify`.

Pure; it judges nothing: router_script/verification.sh did. The format is that script's: a line
`session NEIGHBOR STATE PROTOCOL` for each session, then `routes ` and the JSON of `ip -j route`.
"""

import json
from typing import Any, TypedDict


class Session(TypedDict):
    """A BGP session; `state` in BIRD's word, Established when it stands."""

    neighbor: str
    state: str
    protocol: str


class Route(TypedDict):
    """A route that BIRD put into the kernel; `nextHops` are addresses, in numerical order.

    A stack output as it stands, so the key is spelled as Pulumi spells.
    """

    prefix: str
    nextHops: list[str]


class Observed(TypedDict):
    """Sessions in the order of the nodes, routes in the kernel's order."""

    sessions: list[Session]
    routes: list[Route]


def _route(entry: dict[str, Any]) -> Route:
    prefix = str(entry["dst"])
    if prefix == "default":
        prefix = "0.0.0.0/0"
    elif "/" not in prefix:
        # iproute2 leaves the length of a host's route out.
        prefix += "/32"
    # A single next hop stands in the route itself.
    hops = [str(hop["gateway"]) for hop in entry.get("nexthops", [entry]) if "gateway" in hop]
    return {"prefix": prefix, "nextHops": sorted(hops, key=_octets)}


def _octets(address: str) -> list[int]:
    return [int(part) for part in address.split(".")]


def parse(output: str) -> Observed:
    """Sessions and routes.

    Raises:
        ValueError: naming the first line that is not the verification's.
    """
    sessions: list[Session] = []
    text, found, routes = output.partition("routes ")
    for line in text.splitlines():
        match line.split():
            case ["session", neighbor, state, protocol]:
                sessions.append({"neighbor": neighbor, "state": state, "protocol": protocol})
            case []:
                pass
            case _:
                raise ValueError(f"not a line of the verification: {line[:80]!r}")
    if not found:
        raise ValueError("the verification's output ends before its routes")
    try:
        return {"sessions": sessions, "routes": [_route(entry) for entry in json.loads(routes)]}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the verification's routes are not those of `ip -j`: {error!r}") from None
