"""The plugin as the engine sees it: the gRPC service, with its resources found by their type.

Checks, compares and previews by the resource's shape alone; only creating, updating and deleting reach
a machine. The engine's protocol is pulumi/proto/provider.proto.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from lab.command_standin.commands import LocalCommand, RemoteCommand
from lab.command_standin.copy_to_remote import CopyToRemote
from lab.command_standin.difference import difference
from lab.command_standin.engine_log import EngineLog
from lab.command_standin.errors import CommandError
from lab.command_standin.shapes import Shape, completed
from lab.command_standin.values import (
    UNKNOWN,
    Properties,
    Secret,
    decoded,
    encoded,
    has_unknown,
)

VERSION = "1.2.1"


class Resource(Protocol):
    """What a kind of resource does; its inputs and state are complete, typed and may hold secrets."""

    @property
    def shape(self) -> Shape: ...
    @property
    def outputs(self) -> tuple[str, ...]: ...
    @property
    def uncertain(self) -> tuple[str, ...]: ...

    def refusals(self, inputs: Properties) -> dict[str, str]: ...
    def new_id(self, name: str, preview: bool) -> str: ...
    async def create(self, inputs: Properties) -> Properties: ...
    async def update(self, state: Properties, inputs: Properties) -> Properties: ...
    async def delete(self, state: Properties) -> None: ...


_KINDS: dict[str, Callable[[EngineLog, asyncio.Event], Resource]] = {
    "command:remote:Command": RemoteCommand,
    "command:remote:CopyToRemote": CopyToRemote,
    "command:local:Command": LocalCommand,
}


class CommandPlugin(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine; failures of commands and copies become its errors, word for word."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._cancelled = asyncio.Event()

    async def _resource(self, urn: str, context: Any) -> Resource:
        kind = urn.split("::")[2].rpartition("$")[2] if urn.count("::") > 2 else urn
        make = _KINDS.get(kind)
        if make is None:
            await _fail(
                context, f"the lab's stand-in for pulumi-command does not serve {kind}; it serves"
                f" {', '.join(_KINDS)}",
            )  # fmt: skip
        return make(self._log.about(urn), self._cancelled)

    async def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    async def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: Any
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse()

    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Any
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    async def Cancel(self, request: Any, context: Any) -> Any:
        self._cancelled.set()
        return empty_pb2.Empty()

    async def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        resource = await self._resource(request.urn, context)
        inputs, refused = completed(resource.shape, decoded(request.news))
        refused |= resource.refusals(inputs)
        return provider_pb2.CheckResponse(
            inputs=encoded(inputs),
            failures=[
                provider_pb2.CheckFailure(property=name, reason=reason)
                for name, reason in sorted(refused.items())
            ],
        )

    async def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        return difference(
            decoded(request.olds),
            decoded(request.old_inputs),
            decoded(request.news),
            list(request.ignoreChanges),
        )

    async def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:
        resource = await self._resource(request.urn, context)
        inputs = decoded(request.properties)
        new_id = resource.new_id(request.urn.rpartition("::")[2], request.preview)
        if request.preview:
            return provider_pb2.CreateResponse(id=new_id, properties=encoded(_foreseen(resource, inputs)))
        try:
            state = await resource.create(inputs)
        except CommandError as error:
            await _fail(context, str(error))
        return provider_pb2.CreateResponse(id=new_id, properties=encoded(state))

    async def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        resource = await self._resource(request.urn, context)
        state, inputs = decoded(request.olds), decoded(request.news)
        inputs |= {name: state[name] for name in request.ignoreChanges if name in state}
        if request.preview:
            kept = {name: state[name] for name in resource.outputs if name in state}
            changed = any(
                has_unknown(inputs.get(name)) or (name in state and state[name] != inputs.get(name))
                for name in resource.shape.fields
            )
            after = _foreseen(resource, inputs) if changed else inputs | kept
            return provider_pb2.UpdateResponse(properties=encoded(after))
        try:
            after = await resource.update(state, inputs)
        except CommandError as error:
            await _fail(context, str(error))
        return provider_pb2.UpdateResponse(properties=encoded(after))

    async def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    async def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> Any:
        resource = await self._resource(request.urn, context)
        try:
            await resource.delete(decoded(request.properties))
        except CommandError as error:
            await _fail(context, str(error))
        return empty_pb2.Empty()


def _foreseen(resource: Resource, inputs: Properties) -> Properties:
    """The state after a run that has yet to be."""
    unknown = {
        name: Secret(UNKNOWN) if isinstance(inputs.get(name), Secret) else UNKNOWN
        for name in resource.uncertain
    }
    return inputs | unknown


async def _fail(context: Any, text: str) -> NoReturn:
    await context.abort(grpc.StatusCode.UNKNOWN, text)
    raise AssertionError("abort always raises")
