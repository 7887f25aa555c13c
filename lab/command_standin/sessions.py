"""Running one command and keeping what it prints, over ssh or on this machine.

Both kinds give an `Output`; a line printed is shown as the resource's status at once, unless its
`logging` says otherwise. Environment variables are requested of sshd one by one and its answer awaited,
which asyncssh's own sessions do not do.
"""

import asyncio
import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncssh

from lab.command_standin.engine_log import ERROR, WARNING, EngineLog
from lab.command_standin.errors import CommandError, quoted

_STDERR = asyncssh.EXTENDED_DATA_STDERR
_WINDOW, _PACKET = 2 * 1024 * 1024, 32768
# Signals have numbers in an exit status only where POSIX gives them one.
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9}
_SIGNALS |= {"SEGV": 11, "PIPE": 13, "ALRM": 14, "TERM": 15}


@dataclass(frozen=True)
class Output:
    """What a command printed, each without its last line's end."""

    stdout: str
    stderr: str


class Collector:
    """Keeps both streams apart and together, and passes on whole lines to the log."""

    def __init__(self, log: EngineLog, logging: str | None) -> None:
        self._streams = {"stdout": bytearray(), "stderr": bytearray()}
        self._together = bytearray()
        self._logged = {
            "stdout": logging in (None, "stdout", "stdoutAndStderr"),
            "stderr": logging in (None, "stderr", "stdoutAndStderr"),
        }
        self._log = log
        self._line = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    def add(self, stream: str, data: bytes) -> None:
        """Take `data` that came on `stream` (stdout or stderr)."""
        self._streams[stream] += data
        self._together += data
        if self._logged[stream]:
            *whole, self._line = (self._line + self._decoder.decode(data)).split("\n")
            for line in whole:
                self._show(line.removesuffix("\r"))

    async def finish(self, command: str, failure: str | None) -> Output:
        """Wait for the log; give the output, or raise CommandError with `failure` and all output."""
        if self._line:
            self._show(self._line)
        if self._writer:
            self._lines.put_nowait(None)
            await self._writer
        if failure is not None:
            raise CommandError(f"{failure}: running {quoted(command)}:\n{_text(self._together)}")
        return Output(*(_text(self._streams[name]).removesuffix("\n") for name in ("stdout", "stderr")))

    def _show(self, line: str) -> None:
        self._lines.put_nowait(line)
        self._writer = self._writer or asyncio.create_task(self._write_lines())

    async def _write_lines(self) -> None:
        while (line := await self._lines.get()) is not None:
            await self._log.status(line)


def _text(data: bytes | bytearray) -> str:
    return data.decode("utf-8", "replace")


class _Session(asyncssh.SSHClientSession[bytes]):
    """Hands what arrives to a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._collector.add("stderr" if datatype == _STDERR else "stdout", data)


class _Channel(asyncssh.SSHClientChannel[bytes]):
    """A channel that asks for environment variables and heeds the answers, before it runs a command."""

    required: Mapping[str, str]
    optional: Mapping[str, str]
    log: EngineLog

    async def _make_request(self, request: bytes, *args: bytes) -> bool | None:
        if request == b"exec":
            for name, value in self.required.items():
                if not await self._accepted(name, value):
                    await self.log.say(ERROR, _refused(name))
                    raise CommandError(f'could not set environment variable "{name}": ssh: setenv failed')
            for name, value in self.optional.items():
                if not await self._accepted(name, value):
                    await self.log.say(WARNING, _refused(name))
        return await super()._make_request(request, *args)

    async def _accepted(self, name: str, value: str) -> bool | None:
        parts = (len(text).to_bytes(4, "big") + text for text in (name.encode(), value.encode()))
        return await super()._make_request(b"env", *parts)


def _refused(name: str) -> str:
    return (
        f"Unable to set '{name}'. This only works if your SSH server is configured to accept these"
        " variables via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote"
        " host, you could prefix the command itself with the variables in the form 'VAR=value command'"
    )


async def run_remotely(
    connection: asyncssh.SSHClientConnection,
    command: str,
    stdin: str,
    required: Mapping[str, str],
    optional: Mapping[str, str],
    logging: str | None,
    log: EngineLog,
) -> Output:
    """Run `command` on the machine; `optional` variables may be refused by its sshd.

    Raises:
        CommandError: when it exits with anything but 0, or a required variable is refused.
    """
    collector = Collector(log, logging)
    loop = asyncio.get_running_loop()
    channel = _Channel(connection, loop, "strict", None, "strict", _WINDOW, _PACKET)
    channel.required, channel.optional, channel.log = required, optional, log
    nothing: dict[Any, Any] = {}
    try:
        await channel.create(
            lambda: _Session(collector), command, None, nothing,
            False, None, None, nothing, False, None, None, False, False,
        )  # fmt: skip
        channel.write(stdin.encode())
        channel.write_eof()
        await channel.wait_closed()
        failure = _exit(channel)
    except BrokenPipeError:
        await channel.wait_closed()
        failure = _exit(channel)
    except asyncssh.Error as error:
        failure = f"ssh: {error}"
    return await collector.finish(command, failure)


def _exit(channel: asyncssh.SSHClientChannel[bytes]) -> str | None:
    """Why the command did not succeed, in the words of Go's ssh package; None when it did."""
    if (signal := channel.get_exit_signal()) is not None:
        name, _, message, _ = signal
        reason = f". Reason was: {message}" if message else ""
        status = 128 + _SIGNALS.get(name, 0)
        return f"Process exited with status {status} from signal {name}{reason}"
    status_or_none = channel.get_exit_status()
    if status_or_none is None:
        return "wait: remote command exited without exit status or exit signal"
    return f"Process exited with status {status_or_none}" if status_or_none else None


async def run_locally(
    arguments: Sequence[str],
    command: str,
    stdin: str,
    folder: str | None,
    environment: Mapping[str, str],
    logging: str | None,
    log: EngineLog,
) -> Output:
    """Run `command` through the interpreter `arguments` on this machine, in this environment only.

    Raises:
        CommandError: when it cannot be started or exits with anything but 0.
    """
    collector = Collector(log, logging)
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments, command, stdin=pipe, stdout=pipe, stderr=pipe,
            cwd=folder, env=dict(environment),
        )  # fmt: skip
    except OSError as error:
        failure = f"fork/exec {arguments[0]}: {(error.strerror or str(error)).lower()}"
        return await collector.finish(command, failure)

    async def collect(stream: str, reader: asyncio.StreamReader | None) -> None:
        while reader and (data := await reader.read(65536)):
            collector.add(stream, data)

    async def feed(writer: asyncio.StreamWriter | None) -> None:
        if writer:
            writer.write(stdin.encode())
            writer.close()

    await asyncio.gather(
        feed(process.stdin), collect("stdout", process.stdout), collect("stderr", process.stderr)
    )
    status = await process.wait()
    failure_or_none = None if status == 0 else f"exit status {status}"
    if status < 0:
        failure_or_none = f"signal: {_signal_words(-status)}"
    return await collector.finish(command, failure_or_none)


def _signal_words(number: int) -> str:
    import signal

    return (signal.strsignal(number) or str(number)).lower()
