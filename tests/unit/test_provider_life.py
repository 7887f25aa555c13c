"""A provider's process does not outlive the engine that its argument names."""

import socket
import subprocess
import sys

from tests.unit.example import PROJECT

PROGRAM = """
import time
from components.shared.provider_life import end_with_engine
end_with_engine()
end_with_engine()
print("watching", flush=True)
time.sleep(30)
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_it_ends_with_the_engine_and_not_before() -> None:
    engine = socket.create_server(("127.0.0.1", 0))
    process = start(f"127.0.0.1:{engine.getsockname()[1]}")
    try:
        assert process.stdout and process.stdout.readline() == "watching\n"
        # Two looks of half a second each.
        for _ in range(2):
            engine.accept()[0].close()
        assert process.poll() is None
        engine.close()
        assert process.wait(10) == 1
    finally:
        process.kill()
        process.wait()


def test_without_an_engine_it_goes_on() -> None:
    process = start()
    try:
        assert process.stdout and process.stdout.readline() == "watching\n"
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
