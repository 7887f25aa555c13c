"""Dynamic resource: whether the machine is still as it was left.

It writes nothing anywhere. A refresh looks at the machine over ssh (router_script/drift.sh) and has
`deviations`, what somebody changed by hand; wanted are none, so the difference shows in a preview, and the
update that it calls for counts `repairs`, with which everything on the machine runs again. A plain preview
does not need the machine, and a machine that cannot be looked at is a deviation itself, not a failure: a
refresh is what a machine that died needs first.

No key is an input: the provider reads the configuration, where they are secrets. State: `reach`, `machine`,
`addresses` (by which a machine with another name is known again), `deviations`, `repairs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, Resource, UpdateResult
from pulumi.runtime.rpc import UNKNOWN

from components.bird.answers import answers
from components.bird.bird_router import router_script
from components.machine.machine import Bastion, Login, sudo
from components.machine.ssh import Endpoint, run
from components.machine_secrets import secret_text
from components.shared.own_provider import OwnProvider, given
from components.shared.provider_errors import ProviderError

INPUTS = ("machine", "addresses", "reach", "deviations")


class Reach(TypedDict):
    """Where an sshd is, without the keys to log in."""

    host: pulumi.Input[str]
    port: pulumi.Input[int]
    user: str
    host_key: pulumi.Input[str]
    bastion: NotRequired[Reach]
    """By way of which."""


class MachineStateProvider(OwnProvider):
    """Create, read, update, delete; none of them fails for what the machine is like."""

    def configure(self, req: ConfigureRequest) -> None:
        super().configure(req)
        self._config = req.config

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["machine"] or "machine", {**given(props, INPUTS), "repairs": 0})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is different now."""
        try:
            found = self._look(props)
        except ProviderError as error:
            found = [f"the machine could not be looked at: {error}"]
        inputs = {**given(props, INPUTS), "deviations": found}
        return ReadResult(id_, {**inputs, "repairs": _repairs(props)}, inputs)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        differs = any(olds.get(key) != news.get(key) or news.get(key) == UNKNOWN for key in INPUTS)
        return DiffResult(changes=differs)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        drifted = bool(olds.get("deviations"))
        return UpdateResult({**given(news, INPUTS), "repairs": _repairs(olds) + drifted})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """There is nothing of it anywhere."""

    def _look(self, props: dict[str, Any]) -> list[str]:
        reach, machine = props["reach"], props["machine"]
        own = secret_text(self._config, machine, "sshPrivateKey")
        bastion = None
        if reach.get("bastion"):
            key = secret_text(self._config, machine, "sshBastionPrivateKey") or own
            bastion = _endpoint(reach["bastion"], key)
        found = answers(
            run(_endpoint(reach, own), bastion, f"{sudo(reach['user'])}sh -s drift", router_script())
        )
        if "looked" not in found:
            raise ProviderError(f"{reach['host']} did not run the program to its end")
        return [line.removeprefix("deviation ") for line in found if line.startswith("deviation ")]


class MachineState(Resource, module="calico-peering", name="MachineState"):
    """The machine as it is found."""

    deviations: pulumi.Output[list[str]]
    repairs: pulumi.Output[int]
    """How often something was found changed, and everything was run again."""

    def __init__(
        self,
        name: str,
        machine: str,
        addresses: Sequence[str],
        reach: Reach,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`machine`: its name in `machines`, by which its keys are found; empty for the only one.

        `addresses`: of its BGP sessions.
        """
        inputs = {"machine": machine, "addresses": [*addresses], "reach": reach}
        props = {**inputs, "deviations": [], "repairs": None}
        super().__init__(MachineStateProvider(), name, props, opts)


def reach(login: Login) -> Reach:
    """The login without its keys."""
    bastion = login.get("bastion")
    return {**_reach(login), "bastion": _reach(bastion)} if bastion else _reach(login)


def _reach(login: Login | Bastion) -> Reach:
    return {
        "host": login["host"],
        "port": login.get("port", 22),
        "user": login.get("user", "root"),
        "host_key": login["host_key"],
    }


def _endpoint(reach: Mapping[str, Any], key: str | None) -> Endpoint:
    return Endpoint(reach["host"], int(reach["port"]), reach["user"], reach["host_key"], key)


def _repairs(props: dict[str, Any]) -> int:
    # Numbers come back as floats.
    return int(props.get("repairs") or 0)
