"""What a cluster says of Calico's kinds, as one JSON schema.

Calico's API server tells the fields and their meaning (OpenAPI v3 of projectcalico.org/v3); what it stores is
checked once more by the definitions of crd.projectcalico.org, which tell values and ranges. Both are read
here and made one. Pure: documents in, a document out. It deliberately knows only the aggregated API server's
way to write a document (each struct a component of its own), since the lab has that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]

KINDS = ("BGPConfiguration", "BGPFilter", "BGPPeer")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What a definition says beside the type.
NARROWING = ("enum", "minimum", "maximum", "pattern", "default")


def joined(openapi: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Schema:
    """The specs of KINDS and all that they refer to, by Calico's own names, as `$defs` of a JSON schema.

    `openapi`: the document of projectcalico.org/v3. `definitions`: by kind, its CustomResourceDefinition.

    Raises:
        LookupError: when one of the kinds is in neither.
    """
    components: Mapping[str, Any] = openapi["components"]["schemas"]
    found: dict[str, Schema] = {}
    for kind in KINDS:
        [full] = [name for name in components if name.endswith(f".v3.{kind}Spec")]
        _collect(components, full, found)
        version = definitions[kind]["spec"]["versions"][0]
        stored = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
        _narrow(found, found[f"{kind}Spec"], stored)
    return {"$schema": DIALECT, "$defs": dict(sorted(found.items()))}


def reachable(defs: Mapping[str, Schema], name: str) -> list[str]:
    """A definition's name and those of all that it refers to, each after what it needs itself."""
    names: list[str] = []
    for item in defs[name].get("properties", {}).values():
        for needed in _references(item):
            names += [one for one in reachable(defs, needed) if one not in names]
    return [*names, name]


def referred(item: Schema) -> str | None:
    """The name of the definition that a property, or an entry of a list, is."""
    reference = item.get("$ref")
    return str(reference).rsplit("/", 1)[1] if reference else None


def _references(item: Schema) -> Iterable[str]:
    for one in (item, item.get("items", {})):
        if name := referred(one):
            yield name


def _short(reference: str) -> str:
    return reference.rsplit(".", 1)[1]


def _collect(components: Mapping[str, Any], full: str, found: dict[str, Schema]) -> None:
    """Put a component, and what it refers to, into `found`."""
    name = _short(full)
    if name in found:
        return
    component = components[full]
    found[name] = made = _plain(component)
    if made["type"] != "object":
        return
    made["properties"] = {}
    for field, of in component["properties"].items():
        made["properties"][field] = _plain(of)
        if "items" in of:
            made["properties"][field]["items"] = _plain(of["items"])
        for one in (of, of.get("items", {})):
            if reference := _reference(one):
                _collect(components, reference.rsplit("/", 1)[1], found)
    made["required"] = sorted(component.get("required", []))
    made["additionalProperties"] = False


def _reference(of: Mapping[str, Any]) -> str | None:
    """Where a property points; OpenAPI 3.0 wraps a reference that has something beside it."""
    direct: str | None = of.get("$ref")
    return direct or next((one["$ref"] for one in of.get("allOf", []) if "$ref" in one), None)


def _plain(of: Mapping[str, Any]) -> Schema:
    """A component or property without its fields: its type and what is told of it."""
    kept: Schema = {}
    if text := of.get("description"):
        kept["description"] = " ".join(str(text).split())
    if reference := _reference(of):
        return {**kept, "$ref": f"#/$defs/{_short(reference)}"}
    return {**kept, "type": of["type"], **({"enum": of["enum"]} if "enum" in of else {})}


def _narrow(defs: Mapping[str, Schema], mine: Schema, stored: Mapping[str, Any]) -> None:
    """Put what the stored form says of values beside each property."""
    for field, of in stored.get("properties", {}).items():
        if field in mine.get("properties", {}):
            _narrow_one(defs, mine["properties"][field], of)


def _narrow_one(defs: Mapping[str, Schema], mine: Schema, stored: Mapping[str, Any]) -> None:
    # The same enumeration is written several times where the type has one and the field too.
    for one in (*stored.get("allOf", []), stored):
        mine.update({what: one[what] for what in NARROWING if one.get(what) not in (None, "")})
    if name := referred(mine):
        _narrow(defs, defs[name], stored)
    if "items" in mine:
        _narrow_one(defs, mine["items"], stored["items"])
