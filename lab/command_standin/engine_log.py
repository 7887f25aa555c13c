"""Where the plugin's messages to the person at the terminal go: the engine's log.

Never standard output, which carries the port number and nothing else. A message that cannot be
delivered is dropped: the engine is gone then, and with it the reader.
"""

import contextlib

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

DEBUG, INFO = engine_pb2.DEBUG, engine_pb2.INFO
WARNING, ERROR = engine_pb2.WARNING, engine_pb2.ERROR


class EngineLog:
    """The log of the engine that listens on `address` (host:port), about the resource `urn`."""

    def __init__(self, stub: engine_pb2_grpc.EngineStub, urn: str = "") -> None:
        self._stub = stub
        self._urn = urn

    @classmethod
    def at(cls, address: str) -> "EngineLog":
        """The log about no resource in particular; to be called with an event loop running."""
        return cls(engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(address)))

    def about(self, urn: str) -> "EngineLog":
        """The same log, its messages shown with the resource `urn`."""
        return EngineLog(self._stub, urn)

    async def say(self, severity: engine_pb2.LogSeverity.ValueType, text: str) -> None:
        """Log `text` for the summary."""
        await self._send(severity, text, passing=False)

    async def status(self, text: str) -> None:
        """Show `text` beside the resource until the next such line."""
        await self._send(INFO, text, passing=True)

    async def _send(self, severity: engine_pb2.LogSeverity.ValueType, text: str, passing: bool) -> None:
        request = engine_pb2.LogRequest(severity=severity, message=text, urn=self._urn, ephemeral=passing)
        with contextlib.suppress(grpc.RpcError):
            await self._stub.Log(request)
