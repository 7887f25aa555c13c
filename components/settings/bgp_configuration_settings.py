"""The settings of our part of Calico's BGPConfigurations, a part of settings.py's.

Pure. What they come to is told by `bgp_configurations`, by object. It deliberately does not look at the
cluster: whether somebody else wants another value there is found out by preflight.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from components.calico.bgp_configuration_fields import (
    ADVERTISEMENTS,
    AGGREGATION,
    AS_NUMBER,
    BALANCER_IPS,
    BIND_MODE,
    COMMUNITIES,
    DEFAULT,
    EXTERNAL_IPS,
    LOG_SEVERITY,
    MESH,
    NODE,
    place_of,
)
from components.calico.bgp_configuration_part import Lists, PartArgs
from components.networks import duplicates, parse_network
from components.settings.reflector_settings import ReflectorSettings
from components.settings.setting_types import NAMESPACE, OBJECT_NAME, flag, list_of, sound

# A node's object is called `node.` and its name, at most 253 characters.
LONGEST_NAME = 248
# As Calico's validator has it: numbers of 16 or 32 bits.
COMMUNITY = re.compile(r"\d{1,10}(:\d{1,10}){1,2}")
# The field is a signed number of 32 bits in Calico's definition.
MOST_WRITTEN_AS_NUMBER = 2147483647

Severity = Literal["Trace", "Debug", "Info", "Warning", "Error", "Fatal"]


def community(text: object) -> str:
    """A community's value in its one spelling. Raises ValueError, for a person."""
    value = str(text).strip()
    parts = value.split(":")
    most = 65535 if len(parts) == 2 else 4294967295
    if not COMMUNITY.fullmatch(value) or any(int(part) > most for part in parts):
        raise ValueError(
            f"found {value[:40]!r}; wanted a community such as 65112:100 (two numbers to 65535), or a large"
            " one such as 65112:1:100 (three to 4294967295)"
        )
    return ":".join(str(int(part)) for part in parts)


def name_of(text: object) -> str:
    """A name as Calico and Kubernetes take it. Raises ValueError, for a person."""
    name = str(text).strip()
    if not OBJECT_NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ValueError(
            f"found {name[:60]!r}; wanted words of small letters, digits and dashes, with a dot between two,"
            f" at most {LONGEST_NAME} characters"
        )
    return name


def _read_mapping(
    found: object, key: Callable[[object], str], value: Callable[[Any], Any], such: str
) -> dict[str, Any]:
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except json.JSONDecodeError:
            found = None
    if not isinstance(found, dict):
        raise ValueError(f"wanted lines below the key, such as `{such}`")
    read: dict[str, Any] = {}
    wrong = []
    for name, each in found.items():
        try:
            called = key(name)
            if called in read:
                wrong.append(f"{called} occurs more than once")
            read[called] = value(each)
        except ValueError as error:
            wrong += [f"{str(name)[:60]}: {line}" for line in str(error).splitlines()]
    return sound(read, wrong)


def _communities(found: object) -> dict[str, str]:
    return _read_mapping(found, name_of, community, 'external: "65112:100"')


def _told(found: object) -> list[str]:
    """The communities of one network, each by its value or its name."""
    if not isinstance(found, list) or not found:
        raise ValueError("wanted a list of communities, by value or by name")
    told = [community(one) if ":" in str(one) else name_of(one) for one in found]
    return sound(told, [f"{one} occurs more than once" for one in duplicates(told)])


def _advertisements(found: object) -> dict[str, list[str]]:
    return _read_mapping(found, lambda one: str(parse_network(one)), _told, "10.96.0.0/12: [external]")


def _severity(text: object) -> str:
    known = Severity.__args__  # type: ignore[attr-defined]
    return sound(str(text), [] if text in known else [f"found {str(text)[:40]!r}; wanted {', '.join(known)}"])


NODE_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "communities": _communities,
    "prefixAdvertisements": _advertisements,
    "bgpLogSeverity": _severity,
}
"""What may be said of one node: all that Calico 3.31 reads there but the port."""


def _of_a_node(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"wanted settings below the node's name: {', '.join(NODE_KEYS)}")
    wrong = [
        f"{key} is no setting of a node; wanted {', '.join(NODE_KEYS)}"
        for key in found
        if key not in NODE_KEYS
    ]
    read: dict[str, Any] = {}
    for key in found:
        if key in NODE_KEYS:
            try:
                read[key] = NODE_KEYS[key](found[key])
            except ValueError as error:
                wrong += [f"{key}: {line}" for line in str(error).splitlines()]
    wrong += _unused(read.get("communities", {}), read.get("prefixAdvertisements", {}))
    return sound(read, wrong)


def _nodes(found: object) -> dict[str, dict[str, Any]]:
    return _read_mapping(found, name_of, _of_a_node, "node1: {bgpLogSeverity: Debug}")


def _unused(communities: Mapping[str, str], advertisements: Mapping[str, list[str]]) -> list[str]:
    """What Calico refuses: a community that nothing has, and one that has no value."""
    told = {one for some in advertisements.values() for one in some if ":" not in one}
    return [
        *(
            f"the community {name} is given to no network in prefixAdvertisements"
            for name in communities
            if name not in told
        ),
        *(
            f"prefixAdvertisements has the community {name}, which is not in communities"
            for name in sorted(told)
            if name not in communities
        ),
    ]


class BgpConfigurationSettings(ReflectorSettings):
    """What nodes are told of BGP; whatever is empty is left to whoever says it in the cluster."""

    service_load_balancer_aggregation: Literal["Enabled", "Disabled"] | None = None
    bind_mode: Literal["None", "NodeIP"] | None = None
    node_to_node_mesh: Literal["Enabled", "Disabled"] | None = None
    write_calico_as_number: Annotated[bool, flag()] = False
    bgp_log_severity: Severity | None = None
    communities: Annotated[dict[str, str], BeforeValidator(_communities)] = Field(default={})
    prefix_advertisements: Annotated[dict[str, list[str]], BeforeValidator(_advertisements)] = Field(
        default={}, validate_default=True
    )
    node_bgp_configurations: Annotated[dict[str, dict[str, Any]], BeforeValidator(_nodes)] = Field(default={})
    bgp_configuration_take_over: Annotated[list[str], list_of(str)] = Field(default=[])

    @property
    def bgp_configurations(self) -> dict[str, PartArgs]:
        """What is wanted beside the service networks, by object; `default` is always among them."""
        networks = {EXTERNAL_IPS: self.external_networks, BALANCER_IPS: self.load_balancer_networks}
        lists: Lists = {field: [str(one) for one in some] for field, some in networks.items() if some}
        values = {
            AGGREGATION: self.service_load_balancer_aggregation,
            BIND_MODE: self.bind_mode,
            MESH: None if self.node_to_node_mesh is None else self.node_to_node_mesh == "Enabled",
            AS_NUMBER: self.calico_as_number if self.write_calico_as_number else None,
        }
        said = _said(self.communities, self.prefix_advertisements, self.bgp_log_severity)
        known = {place: value for place, value in values.items() if value is not None}
        return {
            DEFAULT: {
                "lists": {**lists, **said.get("lists", {})},
                "values": {**known, **said.get("values", {})},
            },
            **{
                f"{NODE}{node}": _said(
                    its.get("communities", {}), its.get("prefixAdvertisements", {}), its.get("bgpLogSeverity")
                )
                for node, its in self.node_bgp_configurations.items()
            },
        }

    @property
    def taken_over(self) -> dict[str, list[str]]:
        """Where another's value may be written over, by object."""
        return {
            name: [
                place
                for place in part.get("values", {})
                if place_of(name, place) in self.bgp_configuration_take_over
            ]
            for name, part in self.bgp_configurations.items()
        }

    @property
    def mesh_taken_over(self) -> list[str]:
        """The mesh's switch, if route reflectors may switch it off where somebody else has set it."""
        return [MESH] if MESH in self.bgp_configuration_take_over else []

    @field_validator("node_to_node_mesh")
    @classmethod
    def _not_twice(cls, mesh: str | None, info: ValidationInfo) -> str | None:
        switched = f"{NAMESPACE}:reflectorNodes switches it off, once they carry the routes; leave it out"
        return sound(mesh, [switched] if mesh and info.data.get("reflector_nodes") else [])

    @field_validator("write_calico_as_number")
    @classmethod
    def _writable(cls, wanted: bool, info: ValidationInfo) -> bool:
        number = info.data.get("calico_as_number", 0)
        over = f"{NAMESPACE}:calicoAsNumber is {number}; Calico's BGPConfiguration takes at most"
        wrong = wanted and number > MOST_WRITTEN_AS_NUMBER
        return sound(wanted, [f"{over} {MOST_WRITTEN_AS_NUMBER}"] if wrong else [])

    @field_validator("prefix_advertisements")
    @classmethod
    def _all_used(cls, told: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
        return sound(told, _unused(info.data["communities"], told) if "communities" in info.data else [])

    @field_validator("bgp_configuration_take_over")
    @classmethod
    def _written(cls, places: list[str], info: ValidationInfo) -> list[str]:
        names = ("communities", "node_bgp_configurations", "calico_as_number")
        if any(name not in info.data for name in names):
            return places
        settings = cls.model_construct(**info.data)
        known = [
            place_of(name, place)
            for name, part in settings.bgp_configurations.items()
            for place in part.get("values", {})
        ]
        known += [MESH] if info.data.get("reflector_nodes") else []
        can = f"; what is written here: {', '.join(known)}" if known else "; no single value is written here"
        return sound(
            places, [f"{place} is not written by this stack{can}" for place in places if place not in known]
        )


def _said(communities: Mapping[str, str], told: Mapping[str, list[str]], severity: str | None) -> PartArgs:
    """What `default` and a node's object may both have."""
    pairs = [f"{network} {one}" for network, some in told.items() for one in some]
    named = {f"{COMMUNITIES}/{name}": value for name, value in communities.items()}
    return {
        "lists": {ADVERTISEMENTS: pairs} if pairs else {},
        "values": {**({LOG_SEVERITY: severity} if severity else {}), **named},
    }
