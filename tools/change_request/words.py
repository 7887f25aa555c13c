"""What changes at ports and of Calico's objects, and everything else, in words.

The words are of this program; every value and name is a code span.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.change_request.differences import Difference, list_differences
from tools.change_request.markdown import code
from tools.change_request.preview import Preview, Properties, Step

MADE = {"create": "is made", "delete": "goes", "replace": "is made anew", "import": "is adopted"}
# Where there are more, their number says enough.
NAMED_PORTS = 3


def port_words(preview: Preview) -> list[str]:
    """What changes in the allowed address pairs and security groups of the nodes' ports."""
    ports = [step for step in preview.steps if is_port(step)]
    old_total = sum(bool(step.before) for step in ports)
    new_total = sum(bool(step.after) for step in ports)
    came: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    others: list[str] = []
    for step in ports:
        if step.operation == "same":
            continue
        port = str((step.after or step.before).get("port_id"))
        for each in list_differences(_networks(step.before), _networks(step.after)):
            names, network = (came, each.new) if each.old is None else (gone, each.old)
            names.setdefault(str(network), []).append(port)
        old, new = step.before.get("security_group"), step.after.get("security_group")
        if old != new and new:
            others.append(f"security group {code(new)} is attached to port {code(port)}")
        elif old != new:
            others.append(f"security group {code(old)} is taken off port {code(port)}")
        if step.before and step.after and step.before.get("filtered") != step.after.get("filtered"):
            state = "on" if step.after.get("filtered") else "off"
            others.append(f"port security of port {code(port)} is {state} now")
    return [
        *(
            f"{code(each)} is added to the allowed address pairs of {_ports(at, new_total)}"
            for each, at in came.items()
        ),
        *(
            f"{code(each)} goes from the allowed address pairs of {_ports(at, old_total)}"
            for each, at in gone.items()
        ),
        *others,
    ]


def is_port(step: Step) -> bool:
    """Whether it is this stack's part of a port."""
    properties = step.after or step.before
    return "port_id" in properties and "networks" in properties


def _networks(properties: Properties) -> list[Any]:
    networks = properties.get("networks")
    return networks if isinstance(networks, list) else []


def _ports(names: Sequence[str], total: int) -> str:
    number = f"{len(names)} {'port' if len(names) == 1 else 'ports'} of {total}"
    if len(names) == total or len(names) > NAMED_PORTS:
        return number
    return f"{number} ({', '.join(map(code, names))})"


def calico_words(preview: Preview) -> list[str]:
    """What changes of Calico's objects."""
    return [line for step in preview.changes if is_calico(step) for line in _calico_lines(step)]


def is_calico(step: Step) -> bool:
    """Whether it is an object of Calico's, or this stack's part of one."""
    properties = step.after or step.before
    return "projectcalico.org" in str(properties.get("apiVersion")) or _is_part(properties)


def _is_part(properties: Properties) -> bool:
    return "object" in properties and "lists" in properties and "values" in properties


def _calico_lines(step: Step) -> Iterable[str]:
    properties = step.after or step.before
    if _is_part(properties):
        called = f"BGPConfiguration {code(properties['object'])}"
        for each in list_differences(step.before.get("lists"), step.after.get("lists")):
            if each.old is None:
                yield f"{code(each.new)} is added to {code(each.path)} of {called}"
            elif each.new is None:
                yield f"{code(each.old)} goes from {code(each.path)} of {called}"
        for each in list_differences(step.before.get("values"), step.after.get("values")):
            yield f"{called}: {_change(each)}"
        return
    metadata = properties.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else step.name
    called = f"{code(properties.get('kind'))} {code(name)}"
    if step.operation in MADE:
        again = " again" if step.gone else ""
        spec = ", ".join(_change(each) for each in list_differences(None, properties.get("spec")))
        yield f"{called} {MADE[step.operation]}{again}" + (
            f": {spec}" if step.operation == "create" and spec else ""
        )
        return
    for each in list_differences(step.before, step.after):
        yield f"{called}: {_change(each)}"


def other_lines(preview: Preview) -> list[str]:
    """Every resource that changes, with its properties; for a code block, nothing is escaped."""
    signs = {"create": "+", "change": "~", "replace": "±", "delete": "-", "import": "="}
    lines = []
    for step in preview.changes:
        lines.append(f"{signs[step.operation]} {step.kind} {step.name}{_why(step)}")
        if step.operation in ("change", "replace"):
            differences = list_differences(step.found, step.after)
            lines += [f"    {each.path}: {_both(each)}" for each in differences]
            told = {each.path.split(".")[0].split("[")[0] for each in differences}
            lines += [f"    {name}: another value" for name in sorted(step.named - told)]
    return lines


def drift_words(step: Step) -> list[str]:
    """What the refresh found of a resource that the last run had left otherwise, and what becomes of it."""
    called = f"{code(step.kind)} {code(step.name)}"
    if step.gone:
        return [f"{called} is not there any more{_outcome(step.operation != 'delete', 'is made again')}"]
    lines = []
    for each in list_differences(_only(step.before, step.drifted), _only(step.found, step.drifted)):
        key = each.path.split(".")[0].split("[")[0]
        back = step.after.get(key) != step.found.get(key)
        if is_port(step) and key == "networks":
            what = "is missing from" if each.new is None else "is in"
            told = f"{code(each.old or each.new)} {what} the allowed address pairs of port {code(step.id)}"
        elif key == "deviations" and each.new is not None:
            told = f"on the machine ({code(step.name)}): {code(each.new)}"
        else:
            told = f"{called}: {_change(each)}"
        lines.append(f"{told}{_outcome(back, 'is put back')}")
    return lines


def only_puts_back(step: Step) -> bool:
    """Whether a change brings nothing new: it makes of what was found what the last run had left."""
    if step.gone:
        return step.operation == "create" and step.before == step.after
    return bool(step.drifted) and step.operation == "change" and step.before == step.after


def _only(properties: Properties, keys: Iterable[str]) -> dict[str, Any]:
    return {key: properties[key] for key in keys if key in properties}


def _outcome(back: bool, words: str) -> str:
    return f", and {words} by this update" if back else ", and stays so: the program has it so too"


def _both(each: Difference) -> str:
    old, new = _short(each.old), _short(each.new)
    return f"another text of {new}" if old == new else f"{old} → {new}"


def _change(each: Difference) -> str:
    if each.old is None:
        return f"{code(each.path)} {code(_short(each.new))}"
    if each.new is None:
        return f"without {code(each.path)} {code(_short(each.old))}"
    return f"{code(each.path)} {code(_short(each.old))} → {code(_short(each.new))}"


def _short(value: Any) -> str:
    """A value on one line, at most 120 characters of it; of a longer text how long it is."""
    if isinstance(value, str) and "\n" in value.strip():
        return f"{len(value.splitlines())} lines"
    text = "nothing" if value is None else " ".join(str(value).split())
    return text if len(text) <= 120 else f"{text[:117]}…"


def _why(step: Step) -> str:
    if step.gone:
        return " (somebody has taken it away)"
    return f" (for {', '.join(step.replaced_by)})" if step.replaced_by else ""
