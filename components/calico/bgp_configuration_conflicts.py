"""Values of others in a BGPConfiguration that are not what our settings say, told before anything is written.

Nothing is decided for anybody here: either the setting goes, or the other's value, or a person says that
it is to be taken over. Lists have no conflicts, since they are merged. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.calico.bgp_configuration_fields import FILLED_IN, MESH, get_value, place_of
from components.calico.bgp_configuration_part import marks
from components.calico.field_owner import owner_of
from components.calico.stack_names import StackNames

TAKE_OVER = "calico-peering:bgpConfigurationTakeOver"
# Calico refuses these while the mesh is off.
OF_THE_MESH = ("nodeMeshPassword", "nodeMeshMaxRestartTime")


@dataclass(frozen=True)
class Conflict:
    """A place where somebody else's value is in the way. `name`: of the object."""

    name: str
    place: str
    wanted: Any
    found: Any
    whose: str

    def __str__(self) -> str:
        return (
            f"{self.place} of BGPConfiguration {self.name}: wanted {_shown(self.wanted)},"
            f" found {_shown(self.found)}, written by {self.whose}"
        )


def conflicts(
    found: Mapping[str, Any],
    values: Mapping[str, Any],
    take_over: Collection[str],
    stack: StackNames,
    ours: Collection[str] = (),
    beneath: Mapping[str, Any] | None = None,
) -> list[Conflict]:
    """The wanted `values` (by place) of which something else is in the object.

    `take_over`: places that somebody told us to take over. `stack`: the values that it wrote are no
    conflicts, whatever became of them since: that is drift. Nor are `ours`, places that are known to be.
    `beneath`: as field_owner.owner_of takes it.
    """
    told_of = marks(found)
    own = {*ours, *stack.its(told_of)}
    spec = found.get("spec") or {}
    name = found["metadata"]["name"]
    in_the_way = []
    for place, wanted in values.items():
        now = get_value(spec, place)
        if now in (None, wanted, FILLED_IN.get(place)) or place in own or place in take_over:
            continue
        other = next((one for one, places in told_of.items() if place in places), None)
        whose = (
            f"the calico-peering stack {other}"
            if other
            else owner_of(found, place.partition("/")[0], beneath)
        )
        in_the_way.append(Conflict(name, place, wanted, now, whose))
    if values.get(MESH) is False:
        in_the_way += [
            Conflict(
                name,
                field,
                None,
                spec[field],
                f"{owner_of(found, field, beneath)}; Calico has none without mesh",
            )
            for field in OF_THE_MESH
            if field in spec
        ]
    return in_the_way


def told(host: str, in_the_way: Sequence[Conflict]) -> str:
    """The conflicts of one cluster, and what to do about them."""
    places = ", ".join(place_of(one.name, one.place) for one in in_the_way if one.place not in OF_THE_MESH)
    lines = "\n".join(f"  {one}" for one in in_the_way)
    ways = [
        "take the setting out of this stack",
        "take the value out of where it comes from (a GitOps tool writes it again otherwise)",
    ]
    if places:
        ways.append(
            f"set {TAKE_OVER} to [{places}], which writes over it until `pulumi destroy` puts it back"
        )
    return (
        f"others' values in the cluster at {host} are in the way, and nothing was written there:\n{lines}\n"
        f"Either {'; or '.join(ways)}"
    )


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value)
