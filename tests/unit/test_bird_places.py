"""No text of a setting breaks out of its place in BIRD's configuration.

Whatever stands in a setting is refused, or it is in the rendered text where it belongs and all the rest is as
it is for an everyday value: judged by reading both as BIRD does, line by line.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.bird.bird_config import daemons, machine_config
from components.settings.settings import SettingsError
from components.settings.site import read_site
from tests.unit.bird_cases import ADVERTISE, CASES, FAR, IPV6, VRF
from tests.unit.example import values


def _one(text: str) -> str:
    return text


def _listed(text: str) -> str:
    return json.dumps([text])


def _cluster(text: str) -> str:
    return json.dumps({text: {}})


Place = tuple[dict[str, str], Callable[[str], str], list[str]]
IPV4_NODES = {"neighbors": "listed"}
LENGTHS = {
    "externalNetworks": '["198.51.100.0/24"]',
    "loadBalancerNetworks": '["203.0.113.0/24"]',
    "podPrefixLengths": "16-32",
    "servicePrefixLengths": "12-32",
    "externalPrefixLengths": "24-32",
    "loadBalancerPrefixLengths": "24-32",
}
LENGTHS6 = {
    **IPV6,
    "externalNetworks": '["fd06::/64"]',
    "loadBalancerNetworks": '["fd07::/64"]',
}
# The settings beside it, how its text is written down, and everyday values: one for each form of the text.
PLACES: dict[str, Place] = {
    "birdVersion": ({}, _one, ["1.6", "2", "3"]),
    "birdPackageVersion": ({}, _one, ["2.0.12-7"]),
    "birdPackageFiles": ({}, _listed, ["bird2.deb"]),
    "neighbors": ({}, _one, ["range", "listed"]),
    "description": ({}, _one, ["east"]),
    "bgpPassword": ({}, _one, ["secret"]),
    "ttlSecurity": ({}, _one, ["true", "false"]),
    "holdTime": ({}, _one, ["90"]),
    "keepaliveTime": ({}, _one, ["3"]),
    "gracefulRestart": ({}, _one, ["true", "false"]),
    "restartTime": ({}, _one, ["120"]),
    "nodeRestartTime": ({}, _one, ["5"]),
    "importPolicy": ({}, _one, ["expected", "all"]),
    "importLimit": ({}, _one, ["1000"]),
    **{key: (LENGTHS, _one, ["24-32"]) for key in LENGTHS if key.endswith("Lengths")},
    **{f"{key}6": (LENGTHS6, _one, ["64-128"]) for key in LENGTHS if key.endswith("Lengths")},
    "kernelTable": ({}, _one, ["0", "100"]),
    "kernelMetric": ({}, _one, ["32"]),
    "vrf": (VRF, _one, ["blue"]),
    "machineName": ({}, _one, ["external"]),
    "multihop": (FAR, _one, ["3"]),
    "nodeNetwork": (FAR, _one, ["172.34.8.0/24"]),
    "nodeNetwork6": (CASES["dual-stack-multihop"], _one, ["fd00::/64"]),
    "machineAddress": (FAR, _one, ["10.9.9.9"]),
    "machineAddress6": (CASES["dual-stack-multihop"], _one, ["fd09::9"]),
    "routerId": ({}, _one, ["192.0.2.45"]),
    "podNetworks": ({}, _listed, ["192.168.0.0/16"]),
    "serviceNetworks": ({}, _listed, ["10.96.0.0/12"]),
    "externalNetworks": ({}, _listed, ["198.51.100.0/24"]),
    "loadBalancerNetworks": ({}, _listed, ["203.0.113.0/24"]),
    "nodes": ({"neighbors": "listed"}, _listed, ["172.34.8.10"]),
    "routeReflectors": ({}, _listed, ["172.34.8.201"]),
    "calicoAsNumber": ({}, _one, ["64512"]),
    "machineAsNumber": ({}, _one, ["65112"]),
    "machineNetworks": (ADVERTISE, _listed, ["10.50.0.0/24"]),
    "advertise": (ADVERTISE, _one, ["true", "false"]),
    "clusters": ({}, _cluster, ["east", "dc1"]),
}

FRAGMENTS = [
    *"\"\n\r\0}{;#\\'`$%,/[]()= \t",
    *("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1b[2J", "\ufeff", "\u202e", "\u200b", "\ud800"),
    *("＂", "；", "｝", "０", "٣", "１７２.34.8.10", "²", "İ", "‑"),
    *('"; }', "\n}\nprotocol static {", "*/", "/*", "{{ 7 * 7 }}", "{% raw %}", "include", "accept", "eval"),
    *("%s", "${IFS}", "$(reboot)", "../../etc/shadow", "x" * 5000, "9" * 5000, "-1", "+1", "1_000", "0x10"),
    *("1e3", "true", "null", "[]", '["', "None", "::", "::ffff:10.0.0.1", "fe80::1%eth0", "010.0.0.1"),
]


@st.composite
def hostile(draw: st.DrawFn) -> tuple[str, str]:
    """A setting and a text for it: an everyday value with something put in, or anything at all."""
    key = draw(st.sampled_from(sorted(PLACES)))
    parts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), min_size=1, max_size=4).map("".join)
    if draw(st.integers(0, 4)) == 0:
        return key, draw(st.text(max_size=100) | parts)
    usual = draw(st.sampled_from(PLACES[key][2]))
    at = draw(st.sampled_from([0, len(usual)]) | st.integers(0, len(usual)))
    return key, usual[:at] + draw(parts) + usual[at:]


def rendered(key: str, text: str) -> dict[str, str]:
    """BIRD's configuration, by service, with this text in this setting."""
    beside, written, _ = PLACES[key]
    site = read_site(values(**{**beside, key: written(text)}))
    [machine] = site.machines
    return daemons(machine_config(site.of_machine(machine)))


LITERALS = [
    # BIRD's strings end with their line and have no escapes.
    (re.compile(r'"[^"\n]*"'), "STRING"),
    (
        re.compile(r"(?<![\w:])([0-9a-f]{0,4}:){2,}[0-9a-f.:]*(/[0-9]+)?|([0-9]+\.){3}[0-9]+(/[0-9]+)?"),
        "ADDRESS",
    ),
    (
        re.compile(
            r"\b(from_|to_)?(calico|nodes6?)(_[a-z0-9_]+)?\b(?![-'])|\bbehind[46]\b|\b(CALICO|NODES6?)_[A-Z0-9_]+"
        ),
        "NAME",
    ),
    (re.compile(r"\b[0-9]+\b"), "NUMBER"),
    (re.compile(r"\bhops\b"), "hop"),
]


def form(texts: dict[str, str]) -> dict[str, list[str]]:
    """The texts line by line, by service, with every literal replaced by its kind."""
    forms = {}
    for service, text in texts.items():
        for literal, kind in LITERALS:
            text = literal.sub(kind, text)
        forms[service] = text.split("\n")
    return forms


@cache
def usual(key: str) -> list[dict[str, list[str]]]:
    """The forms that everyday values have in this setting, and an empty text, which is unset."""
    texts = PLACES[key][2] if PLACES[key][1] is not _one else [*PLACES[key][2], ""]
    forms = []
    for text in texts:
        with suppress(SettingsError):
            forms.append(form(rendered(key, text)))
    assert len(forms) >= len(PLACES[key][2])
    return forms


@given(hostile())
@settings(max_examples=10_000 if settings.default and settings.default.max_examples >= 100 else 1000)
@example(("description", "east\n"))
@example(("description", "east; } protocol static { # "))
@example(("vrf", "blue\n"))
@example(("birdPackageVersion", "2.0.12-7\n"))
@example(("clusters", "east\n"))
@example(("nodeNetwork6", 'fd00::%"/64'))
def test_no_text_breaks_out_of_its_place(hostile: tuple[str, str]) -> None:
    key, text = hostile
    try:
        texts = rendered(key, text)
    except SettingsError as error:
        assert text not in str(error) or key != "bgpPassword" or len(text) < 8
        return
    assert form(texts) in usual(key)
    for one in texts.values():
        assert all(character == "\n" or 32 <= ord(character) < 127 or character in "…" for character in one)
        assert key != "bgpPassword" or len(text) < 8 or text not in one
        assert key != "description" or f'  description "{text}";\n' in one or text == ""
