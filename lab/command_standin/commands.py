"""The resources `remote.Command` and `local.Command`: which of their commands runs when.

`create` on creation; on a change `update`, or `create` where there is none; `delete` on destroy and
before a replaced resource goes; a refresh reads nothing. What runs finds the previous run's output in
its environment unless `addPreviousOutputInEnv` is false.
"""

import asyncio
import os
import secrets
from collections.abc import Mapping
from typing import Any

from lab.command_standin.connection import connected
from lab.command_standin.engine_log import EngineLog
from lab.command_standin.errors import CommandError
from lab.command_standin.sessions import Output, run_locally, run_remotely
from lab.command_standin.shapes import LOCAL_COMMAND, REMOTE_COMMAND, Shape
from lab.command_standin.values import Properties, revealed

_NOTHING = Output("", "")


class RemoteCommand:
    """A command on a machine reached by ssh."""

    shape: Shape = REMOTE_COMMAND
    # What the plugin adds to the inputs, and what a preview therefore cannot know.
    outputs = ("stdout", "stderr")
    uncertain = outputs

    def __init__(self, log: EngineLog, cancelled: asyncio.Event) -> None:
        self._log = log
        self._cancelled = cancelled

    def refusals(self, inputs: Properties) -> dict[str, str]:
        """What is wrong with well-typed inputs, by property."""
        return {}

    def new_id(self, name: str, preview: bool) -> str:
        """An id for a resource of that name."""
        return name + secrets.token_hex(4)

    async def create(self, inputs: Properties) -> Properties:
        """Run `create`."""
        return await self._after(inputs, ("create",), _NOTHING)

    async def update(self, state: Properties, inputs: Properties) -> Properties:
        """Run `update`, or `create` where there is none."""
        return await self._after(inputs, ("update", "create"), _previous(state))

    async def delete(self, state: Properties) -> None:
        """Run `delete`, if there is one."""
        await self._after(state, ("delete",), _previous(state))

    async def _after(self, inputs: Properties, candidates: tuple[str, ...], previous: Output) -> Properties:
        plain = revealed(inputs)
        command = next((plain[key] for key in candidates if plain.get(key) is not None), None)
        output = previous if command is None else await self._run(command, plain, previous)
        return inputs | {"stdout": output.stdout, "stderr": output.stderr}

    async def _run(self, command: str, plain: Mapping[str, Any], previous: Output) -> Output:
        async with connected(plain["connection"], self._log, self._cancelled) as connection:
            return await run_remotely(
                connection,
                command,
                plain.get("stdin") or "",
                plain.get("environment") or {},
                _as_environment(plain, previous),
                plain.get("logging"),
                self._log,
            )


class LocalCommand(RemoteCommand):
    """A command on the machine the program runs on; without the real plugin's assets and archives."""

    shape: Shape = LOCAL_COMMAND

    async def _run(self, command: str, plain: Mapping[str, Any], previous: Output) -> Output:
        return await run_locally(
            plain.get("interpreter") or ["/bin/sh", "-c"],
            command,
            plain.get("stdin") or "",
            plain.get("dir"),
            {**os.environ, **(plain.get("environment") or {}), **_as_environment(plain, previous)},
            plain.get("logging"),
            self._log,
        )


def _previous(state: Properties) -> Output:
    stdout, stderr = (revealed(state.get(name)) for name in ("stdout", "stderr"))
    if not isinstance(stdout or "", str) or not isinstance(stderr or "", str):
        raise CommandError("the state holds something else than text for stdout or stderr")
    return Output(stdout or "", stderr or "")


def _as_environment(plain: Mapping[str, Any], previous: Output) -> dict[str, str]:
    if plain.get("addPreviousOutputInEnv") is False:
        return {}
    found = {"PULUMI_COMMAND_STDOUT": previous.stdout, "PULUMI_COMMAND_STDERR": previous.stderr}
    return {name: value for name, value in found.items() if value}
