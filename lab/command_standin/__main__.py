"""`python -m lab.command_standin ENGINE`: run the plugin for the engine at the address ENGINE.

Prints its port on standard output and nothing else there, announces itself in the engine's log, and
ends with the engine.
"""

import argparse
import asyncio
import os
import sys

import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from lab.command_standin.engine_log import WARNING, EngineLog
from lab.command_standin.plugin import CommandPlugin

ANNOUNCEMENT = "pulumi-command's own plugin is not on this machine: the lab's stand-in answers in its place"
_LARGEST_MESSAGE = 400 * 1024 * 1024  # the engine's own bound
_PARENT_CHECK_SECONDS = 1.0


async def serve(engine: str) -> None:
    """Serve until the process that started this one is gone."""
    parent = os.getppid()
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ]
    server = grpc.aio.server(options=options)
    log = EngineLog.at(engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(CommandPlugin(log), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    sys.stdout = sys.stderr
    await log.say(WARNING, ANNOUNCEMENT)
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_SECONDS)
    await server.stop(None)


def main() -> None:
    """Parse the engine's arguments; those for its own log are accepted and not used."""
    parser = argparse.ArgumentParser(prog="pulumi-resource-command")
    parser.add_argument("engine", help="address of the engine, host:port")
    arguments, _ = parser.parse_known_args()
    asyncio.run(serve(arguments.engine))


if __name__ == "__main__":
    main()
