"""What the verification saw on the machine, read from the output of `router verify`.

Pure; it judges nothing: router_script/verification.sh did. The format is that script's, in an answer
(answers.py): a line `session NEIGHBOR STATE PROTOCOL` for a session, `route PREFIX NEXTHOP…` for a route,
`warning TIME TEXT` for a warning.
"""

from ipaddress import ip_address
from typing import TypedDict

from components.bird.answers import answers
from components.networks import IPNetwork, address_or_none, network_or_none


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


def _route(prefix: IPNetwork, hops: list[str]) -> Route:
    return {
        "prefix": str(prefix),
        "nextHops": sorted(hops, key=lambda hop: ip_address(hop).packed),
    }


def parse(output: str) -> Observed:
    """Sessions and routes; what is neither is passed over.

    It raises nothing: the output is in the state, and whatever is there must not end later previews.
    """
    seen: Observed = {"sessions": [], "routes": []}
    for line in answers(output):
        match line.split():
            case ["session", neighbor, state, protocol] if address_or_none(neighbor):
                seen["sessions"].append({"neighbor": neighbor, "state": state, "protocol": protocol})
            case ["route", prefix, *hops]:
                network = network_or_none(prefix)
                if network and all(address_or_none(hop) for hop in hops):
                    seen["routes"].append(_route(network, hops))
    return seen


def warnings_since(output: str, since: float) -> list[str]:
    """The warnings of a verification that ran after `since`, in seconds since 1970 by the machine's clock.

    The output stays in the state: one from an earlier run may long be mended.
    """
    found = (line.split(" ", 2) for line in answers(output) if line.startswith("warning "))
    return [
        words[2] for words in found if len(words) == 3 and words[1].isdecimal() and int(words[1]) >= since
    ]
