"""A resource plugin run as the engine runs it: a process that is spoken to through gRPC.

No `pulumi` is needed for it.
"""

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.conformance.engine import Engine
from tests.conformance.wire import Properties, from_struct, to_struct

COMMAND = "command:remote:Command"
COPY = "command:remote:CopyToRemote"
LOCAL = "command:local:Command"

_START_SECONDS = 30
_CALL_SECONDS = 60


class PluginError(Exception):
    """What a plugin answered instead of a result, word for word."""


@dataclass(frozen=True)
class Resource:
    """A resource as the state keeps it."""

    id: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True)
class Difference:
    """What a plugin says about new inputs; `kinds` are by property path, such as `triggers[0]`."""

    changes: bool
    replaces: set[str]
    diffs: set[str]
    kinds: dict[str, str]


class CheckError(Exception):
    """Inputs that a plugin refuses; the reasons by property."""

    def __init__(self, failures: dict[str, str]) -> None:
        super().__init__(str(failures))
        self.failures = failures


@dataclass
class Plugin:
    """A running plugin, with the calls the engine makes."""

    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.engine = Engine()
        environment = {k: v for k, v in os.environ.items() if k != "SSH_AUTH_SOCK"}
        self._stderr = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*self.command, self.engine.address],
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=environment | self.environment,
        )
        self.stdout = self._first_line()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{int(self.stdout)}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._call(
            self._stub.Configure,
            provider_pb2.ConfigureRequest(
                acceptSecrets=True,
                acceptResources=True,
                sends_old_inputs=True,
                sends_old_inputs_to_delete=True,
            ),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._stderr.close()
        self.engine.stop()

    def _first_line(self) -> str:
        """The port, which is all that a plugin may print."""
        assert self._process.stdout
        deadline = time.monotonic() + _START_SECONDS
        line = b""
        while not line.endswith(b"\n") and time.monotonic() < deadline:
            if select.select([self._process.stdout], [], [], 0.1)[0]:
                got = os.read(self._process.stdout.fileno(), 1)
                if not got:
                    break
                line += got
        if not line.strip().isdigit():
            raise AssertionError(f"{self.command} printed {line!r} instead of a port; {self.stderr()}")
        return line.decode()

    def stderr(self) -> str:
        """All it wrote to standard error so far."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def _call(self, method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise PluginError(error.details()) from error

    def check(self, kind: str, inputs: Properties, olds: Properties | None = None) -> Properties:
        """The inputs as the plugin completes them.

        Raises:
            CheckError: when it refuses them.
        """
        request = provider_pb2.CheckRequest(
            urn=urn(kind), news=to_struct(inputs), olds=to_struct(olds or {}), randomSeed=b"seed"
        )
        answer = self._call(self._stub.Check, request)
        if answer.failures:
            raise CheckError({f.property: f.reason for f in answer.failures})
        return from_struct(answer.inputs)

    def create(self, kind: str, inputs: Properties, preview: bool = False) -> Resource:
        """Check and make a resource, or preview that."""
        checked = self.check(kind, inputs)
        request = provider_pb2.CreateRequest(urn=urn(kind), properties=to_struct(checked), preview=preview)
        answer = self._call(self._stub.Create, request)
        return Resource(answer.id, checked, from_struct(answer.properties))

    def diff(self, kind: str, old: Resource, inputs: Properties, ignore: Sequence[str] = ()) -> Difference:
        """What new inputs would change."""
        request = provider_pb2.DiffRequest(
            urn=urn(kind),
            id=old.id,
            olds=to_struct(old.outputs),
            old_inputs=to_struct(old.inputs),
            news=to_struct(self.check(kind, inputs, old.inputs)),
            ignoreChanges=ignore,
        )
        answer = self._call(self._stub.Diff, request)
        name = provider_pb2.PropertyDiff.Kind.Name
        return Difference(
            changes=answer.changes == provider_pb2.DiffResponse.DIFF_SOME,
            replaces=set(answer.replaces),
            diffs=set(answer.diffs),
            kinds={path: name(entry.kind) for path, entry in answer.detailedDiff.items()},
        )

    def update(self, kind: str, old: Resource, inputs: Properties, preview: bool = False) -> Resource:
        """Give a resource new inputs, or preview that."""
        checked = self.check(kind, inputs, old.inputs)
        request = provider_pb2.UpdateRequest(
            urn=urn(kind),
            id=old.id,
            olds=to_struct(old.outputs),
            old_inputs=to_struct(old.inputs),
            news=to_struct(checked),
            preview=preview,
        )
        answer = self._call(self._stub.Update, request)
        return Resource(old.id, checked, from_struct(answer.properties))

    def read(self, kind: str, old: Resource) -> Resource:
        """Refresh a resource."""
        request = provider_pb2.ReadRequest(
            urn=urn(kind),
            id=old.id,
            properties=to_struct(old.outputs),
            inputs=to_struct(old.inputs),
        )
        answer = self._call(self._stub.Read, request)
        return Resource(answer.id, from_struct(answer.inputs), from_struct(answer.properties))

    def delete(self, kind: str, old: Resource) -> None:
        """Destroy a resource."""
        request = provider_pb2.DeleteRequest(
            urn=urn(kind),
            id=old.id,
            properties=to_struct(old.outputs),
            old_inputs=to_struct(old.inputs),
        )
        self._call(self._stub.Delete, request)

    def cancel(self) -> None:
        """Ask it to give up what it is doing."""
        self._call(self._stub.Cancel, empty_pb2.Empty())

    def version(self) -> str:
        """The version it calls itself."""
        answer = self._call(self._stub.GetPluginInfo, empty_pb2.Empty())
        return str(answer.version)


def urn(kind: str) -> str:
    """The name of the one resource of that kind."""
    return f"urn:pulumi:test::conformance::{kind}::it"
