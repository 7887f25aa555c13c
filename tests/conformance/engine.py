"""The little of the engine that a plugin sees: where its log goes."""

from concurrent import futures
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


@dataclass(frozen=True)
class Line:
    """One line a plugin logged: severity name in lower case, and whether it is a passing status."""

    severity: str
    text: str
    status: bool
    urn: str


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps what plugins log."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Log(self, request: engine_pb2.LogRequest, context: Any) -> Any:
        """The engine's side of a plugin's log."""
        severity = engine_pb2.LogSeverity.Name(request.severity).lower()
        self.lines.append(Line(severity, request.message, request.ephemeral, request.urn))
        return empty_pb2.Empty()

    def texts(self, severity: str | None = None) -> list[str]:
        """What was logged, of one severity or of all."""
        return [line.text for line in self.lines if severity in (None, line.severity)]

    def stop(self) -> None:
        """Close the port."""
        self._server.stop(None)
