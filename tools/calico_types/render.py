"""A JSON schema of Calico's kinds, written as Python's TypedDicts.

Pure. A field's meaning is the docstring below it, its values a Literal, and what may be left out NotRequired.
What goes to the cluster through pulumi-kubernetes may be an output in its first level (OUTPUTS).
"""

from __future__ import annotations

import keyword
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tools.calico_types.schema import KINDS, Schema, reachable, referred

WIDTH = 110
OUTPUTS = ("BGPPeer",)
"""The kinds whose fields may be Pulumi's outputs."""
SHARED = "shared"
"""The module of what more than one kind has."""
MODULES = {"BGPConfiguration": "bgp_configuration", "BGPFilter": "bgp_filter", "BGPPeer": "bgp_peer"}
PLAIN = {"string": "str", "integer": "int", "boolean": "bool"}
PACKAGE = "components.calico.types"
MADE = "Made by `make types` from Calico's own schema, whose words these are; do not edit."


def modules(schema: Schema) -> dict[str, str]:
    """The text of each module by its name."""
    defs: Mapping[str, Schema] = schema["$defs"]
    classes = {
        kind: [name for name in reachable(defs, f"{kind}Spec") if _is_class(defs[name])] for kind in KINDS
    }
    uses = Counter(name for names in classes.values() for name in names)
    shared = [name for name, count in uses.items() if count > 1]
    made = {
        SHARED: _module(
            "What more than one of Calico's BGP kinds has", [_class(defs, name) for name in shared]
        )
    }
    for kind in KINDS:
        own = [
            _class(defs, name, kind in OUTPUTS and name == f"{kind}Spec")
            for name in classes[kind]
            if name not in shared
        ]
        text = _module(f"{kind} of projectcalico.org/v3", [*own, _object(kind)], shared)
        made[MODULES[kind]] = text
    return made


def _module(what: str, classes: Sequence[str], shared: Iterable[str] = ()) -> str:
    """A module of these classes, with the imports that they need."""
    words = set(re.findall(r"\w+", "\n".join(line for one in classes for line in _code(one))))
    typing = [name for name in ("Any", "Literal", "NotRequired", "TypedDict") if name in words]
    if "Input" in words:
        typing.insert(0, "TYPE_CHECKING")
    lines = [f'"""{what}, as a type checker knows it.', "", MADE, '"""', ""]
    lines += ["from __future__ import annotations", ""]
    lines += ["from collections.abc import Sequence"] if "Sequence" in words else []
    lines += [f"from typing import {', '.join(typing)}"]
    if needed := sorted(words.intersection(shared)):
        lines += ["", f"from {PACKAGE}.{SHARED} import {', '.join(needed)}"]
    if "Input" in words:
        # When the program runs the module imports no Pulumi, so that pure code may have it.
        lines += ["", "if TYPE_CHECKING:", "    from pulumi import Input"]
    return "\n".join([*lines, *(f"\n\n{one}" for one in classes)]) + "\n"


def _code(text: str) -> list[str]:
    """The lines of a class but for its docstrings."""
    return [line for line in text.splitlines() if re.match(r"class|    \w+: ", line)]


def _is_class(of: Schema) -> bool:
    return bool(of["type"] == "object")


def _class(defs: Mapping[str, Schema], name: str, outputs: bool = False) -> str:
    """One TypedDict."""
    of = defs[name]
    lines = [f"class {name}(TypedDict):", *_docstring(of.get("description") or f"{name} of Calico."), ""]
    for field, what in of["properties"].items():
        if keyword.iskeyword(field):
            raise ValueError(f"{name}.{field} is a word of Python's; it needs TypedDict's other form")
        typed = _type(defs, what, outputs)
        typed = f"Input[{typed}]" if outputs else typed
        lines.append(f"    {field}: {typed if field in of['required'] else f'NotRequired[{typed}]'}")
        if text := _meaning(what):
            lines += _docstring(text)
    return "\n".join(lines)


def _object(kind: str) -> str:
    """The object around a spec."""
    return "\n".join(
        [
            f"class {kind}(TypedDict):",
            f'    """A whole {kind}."""',
            "",
            '    apiVersion: Literal["projectcalico.org/v3"]',
            f'    kind: Literal["{kind}"]',
            "    metadata: dict[str, Any]",
            f"    spec: {kind}Spec",
        ]
    )


def _type(defs: Mapping[str, Schema], what: Schema, outputs: bool) -> str:
    if name := referred(what):
        return name if _is_class(defs[name]) else PLAIN[defs[name]["type"]]
    if "enum" in what:
        return f"Literal[{', '.join(_quoted(value) for value in what['enum'])}]"
    if what["type"] == "array":
        entry = _type(defs, what["items"], outputs)
        return f"Sequence[Input[{entry}]]" if outputs else f"list[{entry}]"
    return PLAIN[what["type"]]


def _quoted(value: str) -> str:
    return f'"{value}"'


def _meaning(what: Schema) -> str:
    """What is told of a field, and what no type can say."""
    text = what.get("description", "")
    known = [text if not text or text.endswith((".", "]")) else f"{text}."]
    if "minimum" in what:
        known.append(f"From {what['minimum']} to {what['maximum']}.")
    if pattern := what.get("pattern"):
        known.append(f"Has to match `{pattern}`.")
    if "default" in what and "[Default:" not in text:
        known.append(f"[Default: {what['default']}]")
    return " ".join(one for one in known if one)


def _docstring(text: str) -> list[str]:
    raw = "r" if "\\" in text else ""
    lines = textwrap.wrap(text, WIDTH - 4, initial_indent=f'{raw}"""', break_long_words=False)
    if len(lines) == 1 and len(lines[0]) + 7 <= WIDTH:
        lines[0] += '"""'
    else:
        lines.append('"""')
    return [f"    {line}" for line in lines]
