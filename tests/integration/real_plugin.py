"""A plugin as the engine starts it, for tests that ask it themselves."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from tests.conformance.engine import Engine


@contextmanager
def real_plugin(
    package: str, environment: Mapping[str, str], folder: Path
) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin of a package, such as `kubernetes`, started in a folder; it ends with the block."""
    engine = Engine()
    plugin = subprocess.Popen(
        [_program(package), engine.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        text=True,
    )
    try:
        assert plugin.stdout is not None
        address = f"127.0.0.1:{plugin.stdout.readline().strip()}"
        with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        plugin.kill()
        plugin.wait()
        engine.stop()


def _program(package: str) -> str:
    """Of the lab's own engine, or of the one on PATH."""
    pattern = f"plugins/resource-{package}-*/pulumi-resource-*"
    installed = [*Path(os.environ.get("PULUMI_HOME", "/")).glob(pattern)]
    found = str(installed[0]) if installed else shutil.which(f"pulumi-resource-{package}")
    assert found is not None
    return found
