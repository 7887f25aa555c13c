"""What the verification saw on the machine, read from the output of `router verify`.

Pure; it judges nothing: router_script/verification.sh did. The format is that script's: a line
`session NEIGHBOR STATE PROTOCOL` for each session, and `route PREFIX NEXTHOP…` for each route.
"""

from ipaddress import ip_address, ip_network
from typing import TypedDict


class Session(TypedDict):
    """A BGP session; `state` in BIRD's word, Established when it stands."""

    neighbor: str
    state: str
    protocol: str


class Route(TypedDict):
    """A route that BIRD put into the kernel; `nextHops` are addresses, in numerical order.

    A link-local address has its interface behind it: `fe80::1%eth0`. A route without next hops is one
    that leads nowhere, such as an unreachable one.
    A stack output as it stands, so the key is spelled as Pulumi spells.
    """

    prefix: str
    nextHops: list[str]


class Observed(TypedDict):
    """Sessions in the order of the nodes, routes in the kernel's order, those of IPv4 first."""

    sessions: list[Session]
    routes: list[Route]


def _route(prefix: str, hops: list[str]) -> Route:
    return {
        "prefix": str(ip_network(prefix)),
        "nextHops": sorted(hops, key=lambda hop: ip_address(hop).packed),
    }


def parse(output: str) -> Observed:
    """Sessions and routes.

    Raises:
        ValueError: naming the first line that is not the verification's, or when it has none at all.
    """
    seen: Observed = {"sessions": [], "routes": []}
    for line in output.splitlines():
        try:
            match line.split():
                case ["session", neighbor, state, protocol]:
                    seen["sessions"].append({"neighbor": neighbor, "state": state, "protocol": protocol})
                case ["route", prefix, *hops]:
                    seen["routes"].append(_route(prefix, hops))
                case []:
                    pass
                case _:
                    raise ValueError("neither a session nor a route")
        except ValueError as error:
            raise ValueError(f"not a line of the verification: {line[:80]!r} ({error})") from None
    if not seen["sessions"]:
        raise ValueError("the verification's output has no session")
    return seen
