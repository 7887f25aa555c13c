"""What of a change interrupts sessions or traffic, and what becomes of them, in one clause each.

Pure. Each rule looks at what changes: which property, from what to what, and never at a list of resource
types, so that a resource of another kind with the same property is judged in the same way. The update
changes what a refresh has found (`Step.found`), so that putting back what somebody changed by hand is
judged by what it does now. What BIRD does is measured in docs/routing.md. A rule that is missing here says
nothing: the headline says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.change_request.bird_protocols import (
    ended_sessions,
    is_configuration,
    moved_routes,
    parse_configuration,
)
from tools.change_request.calico_interruptions import bgp_configuration, bgp_filter, bgp_peer, reflector
from tools.change_request.markdown import code
from tools.change_request.openstack_interruptions import (
    address_pairs,
    fixed_address,
    port_groups,
    rule_gone,
    vm,
)
from tools.change_request.preview import UNKNOWN, Preview, Properties, Step

RESTART = "BIRD on the machine restarts: its sessions come back within 10 s, routes stay (graceful restart)"
NEW_SESSIONS = (
    "its sessions end and begin anew: their routes are gone until they are Established again, 2 s and more"
)
ENDED = "its sessions end, and their routes are withdrawn"
HARD_RESTART = (
    "BIRD on the machine restarts without graceful restart: its routes are gone until its sessions are back"
)


@dataclass(frozen=True)
class Interruption:
    """One consequence, and the resources that have it."""

    cause: str
    """What changes, such as "another password of the sessions"; values are code spans."""
    consequence: str
    """A clause of this program's own words."""
    names: tuple[str, ...]


Found = Iterator[tuple[str, str]]
"""Causes with their consequences."""
Rule = Callable[[Step, "Machines"], Found]


@dataclass(frozen=True)
class Machines:
    """BIRD's configurations as they will be, by the component that delivers them."""

    graceful: Mapping[str, bool]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Machines:
        """Those of a preview, also of machines where nothing changes."""
        found: dict[str, bool] = {}
        for step in steps:
            if (text := _configuration(step.after) or _configuration(step.before)) is not None:
                found[step.parent] = found.get(step.parent, False) or parse_configuration(text).graceful
        return cls(found)

    def restart(self, step: Step) -> str:
        """What a restart of BIRD on the step's machine costs."""
        return RESTART if self.graceful.get(step.parent, True) else HARD_RESTART


def find_interruptions(preview: Preview) -> list[Interruption]:
    """The consequences, each once with all its resources, in the order of the rules."""
    machines = Machines.of(preview.steps)
    found: dict[tuple[str, str], dict[str, None]] = {}
    for rule in RULES:
        for step in preview.changes:
            # What somebody took away already is not interrupted by making it again.
            if step.gone:
                continue
            for told in rule(step, machines):
                found.setdefault(told, {})[step.name] = None
    return [Interruption(cause, consequence, tuple(names)) for (cause, consequence), names in found.items()]


def password(step: Step, machines: Machines) -> Found:
    """The text that is staged as the sessions' password is another one."""
    if _command(step.found) == "password" and "stdin" in step.changed:
        if step.operation == "delete":
            return
        if machines.graceful.get(step.parent, True):
            yield "another password of the sessions", RESTART
        else:
            yield (
                "another password of the sessions",
                "BIRD is reconfigured and every session ends: the routes are gone until they are back",
            )


def package(step: Step, machines: Machines) -> Found:
    """The command line or the files that BIRD's package is installed with are others."""
    before, after = _words(step.found, "install"), _words(step.after, "install")
    # On another instance it is not known yet, and all is made from nothing there.
    if not before or not after:
        return
    if before[:1] != after[:1]:
        yield (
            f"BIRD {code(after[0])} instead of {code(before[0])}",
            "the old package is removed and its routes are taken out of the kernel: none until the new one's"
            " sessions are Established",
        )
    elif before != after or ("stdin" in step.changed and step.after.get("stdin") != UNKNOWN):
        yield "another version of BIRD's package, if it is not installed yet", machines.restart(step)


def configuration(step: Step, machines: Machines) -> Found:
    """The text of BIRD's configuration is another one."""
    old, new = _configuration(step.found), _configuration(step.after)
    if old is None:
        return
    if step.operation in ("delete", "replace"):
        yield (
            "BIRD's configuration is taken back",
            "the machine gets what it had before the first `up`: all sessions end, the routes go",
        )
    elif new is not None and new != old:
        before, after = parse_configuration(old), parse_configuration(new)
        if before.password_file != after.password_file and after.graceful:
            what = (
                "the sessions get a password"
                if after.password_file
                else "the sessions have no password any more"
            )
            yield what, RESTART
        else:
            for name, reasons in ended_sessions(before, after):
                if reasons:
                    options = ", ".join(map(code, reasons))
                    yield f"other options of {code(name)} in BIRD: {options}", NEW_SESSIONS
                else:
                    yield f"{code(name)} goes from BIRD, or has another name", ENDED
        for old_option, new_option in moved_routes(before, after):
            yield f"{code(old_option)} → {code(new_option)}", "BIRD writes the kernel's routes anew"


def unpredicted_configuration(step: Step, _machines: Machines) -> Found:
    """The text of BIRD's configuration is known only when the update comes to it."""
    if _configuration(step.found) is not None and step.after.get("stdin") == UNKNOWN:
        yield (
            "BIRD's configuration is not known yet",
            "which sessions it ends cannot be said before the update",
        )


def service_stopped(step: Step, machines: Machines) -> Found:
    """A resource goes whose way back ends BIRD."""
    if step.operation == "delete" and "uninstall" in str(step.found.get("delete", "")):
        yield "BIRD's package is taken off the machine, if it came with this stack", "all sessions end"


def another_machine(step: Step, _machines: Machines) -> Found:
    """What is done on a machine is done on another instance."""
    before, after = _instance(step.found), _instance(step.after)
    if before and after and before != after and _words(step.found, "deliver"):
        yield (
            "another instance",
            "BIRD is installed and configured there from nothing: no session and no route until then",
        )


def _configuration(properties: Properties) -> str | None:
    text = properties.get("stdin")
    return text if is_configuration(text) else None


def _words(properties: Properties, command: str) -> list[str]:
    """The words after a command of the router's script, of the command line for the creation."""
    line = str(properties.get("create", "")).split(" # ")[0]
    found = re.search(rf"/router {command}\b(.*)$", line)
    return found[1].split() if found else []


def _command(properties: Properties) -> str:
    found = re.search(r"/router (\w+)", str(properties.get("create", "")))
    return found[1] if found else ""


def _instance(properties: Properties) -> str:
    return str(properties.get("create", "")).partition(" # on instance ")[2]


def _plain(rule: Callable[[Step], Found]) -> Rule:
    return lambda step, _machines: rule(step)


RULES: tuple[Rule, ...] = (
    _plain(vm),
    _plain(fixed_address),
    another_machine,
    password,
    package,
    configuration,
    unpredicted_configuration,
    service_stopped,
    _plain(bgp_peer),
    _plain(bgp_configuration),
    _plain(bgp_filter),
    _plain(reflector),
    _plain(address_pairs),
    _plain(port_groups),
    _plain(rule_gone),
)
