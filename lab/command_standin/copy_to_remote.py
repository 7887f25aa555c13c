"""The resource `remote.CopyToRemote`: a file, a folder or a text, copied to a machine by sftp.

It copies on creation, and on an update only when the source's hash or the path changed. It sets no mode
and no owner, never deletes and never reads back.
"""

import asyncio
import os
import posixpath
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncssh

from lab.command_standin.connection import connected
from lab.command_standin.engine_log import DEBUG, EngineLog
from lab.command_standin.errors import CommandError
from lab.command_standin.shapes import COPY_TO_REMOTE, Shape
from lab.command_standin.values import Asset, Properties, revealed

_CHUNK = 1024 * 1024


class CopyToRemote:
    """A copy on a machine reached by ssh."""

    shape: Shape = COPY_TO_REMOTE
    outputs = ()
    uncertain = ("source",)

    def __init__(self, log: EngineLog, cancelled: asyncio.Event) -> None:
        self._log = log
        self._cancelled = cancelled

    def refusals(self, inputs: Properties) -> dict[str, str]:
        """What is wrong with well-typed inputs, by property."""
        source = revealed(inputs.get("source"))
        if not isinstance(source, Asset):
            return {"asset": "either asset or archive must be set"}
        if source.archive and not source.path:
            return {"archive": "archive must be a path to a file or directory"}
        if not source.archive and source.uri:
            return {"asset": "asset must be a path-based file asset or a text asset"}
        return {}

    def new_id(self, name: str, preview: bool) -> str:
        """An id for a new copy; a preview has none."""
        return "" if preview else secrets.token_hex(4)

    async def create(self, inputs: Properties) -> Properties:
        """Copy."""
        await self._copy(revealed(inputs))
        return inputs

    async def update(self, state: Properties, inputs: Properties) -> Properties:
        """Copy again, if there is something else to copy or somewhere else to put it."""
        old, new = revealed(state), revealed(inputs)
        before = old["source"].hash if isinstance(old["source"], Asset) else None
        if (before, old["remotePath"]) != (new["source"].hash, new["remotePath"]):
            await self._copy(new)
        return inputs

    async def delete(self, state: Properties) -> None:
        """Leave the copy where it is."""

    async def _copy(self, plain: Mapping[str, Any]) -> None:
        settings, source, target = plain["connection"], plain["source"], plain["remotePath"]
        origin = "text asset" if source.text is not None else f"local file {source.path}"
        await self._log.say(DEBUG, f"Creating file: {settings['host']}:{target} from {origin}")
        async with connected(settings, self._log, self._cancelled) as connection:
            try:
                async with connection.start_sftp_client() as sftp:
                    if source.text is not None:
                        await _copy_text(sftp, source.text, target)
                    else:
                        await _copy_path(sftp, source.path, target)
            except (asyncssh.ChannelOpenError, asyncssh.SFTPNoConnection) as error:
                raise CommandError("ssh: subsystem request failed") from error
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise CommandError(f"open {error.filename}: {reason}") from error


async def _copy_text(sftp: asyncssh.SFTPClient, text: str, target: str) -> None:
    if await _is_folder(sftp, target):
        raise CommandError(
            f"remote path {target} is a directory; when using a text asset, remotePath must be a file path"
        )
    await _make_parents(sftp, target)
    async with await _opened(sftp, target) as remote:
        await remote.write(text.encode())


async def _copy_path(sftp: asyncssh.SFTPClient, source: str, target: str) -> None:
    """Copy a file or a folder; a folder named without a slash at the end becomes one in `target`."""
    is_folder = stat.S_ISDIR(os.stat(source).st_mode)
    there = await _is_folder(sftp, target)
    if not is_folder:
        if there:
            target = posixpath.join(target, Path(source).name)
        elif there is None:
            await _make_parents(sftp, target)
        await _copy_file(sftp, source, target)
        return
    if there is None:
        try:
            await sftp.makedirs(target, exist_ok=True)
        except asyncssh.SFTPError as error:
            raise CommandError(_cannot("create remote directory", target, error)) from error
    if not source.endswith("/"):
        target = posixpath.join(target, Path(source).name)
    for folder, _, files in os.walk(source, onerror=_raise):
        below = os.path.relpath(folder, source)
        into = target if below == "." else posixpath.join(target, below)
        await _make_folder(sftp, into)
        for name in sorted(files):
            await _copy_file(sftp, os.path.join(folder, name), posixpath.join(into, name))


def _raise(error: OSError) -> None:
    raise error


async def _copy_file(sftp: asyncssh.SFTPClient, source: str, target: str) -> None:
    with Path(source).open("rb") as local:
        async with await _opened(sftp, target) as remote:
            while data := local.read(_CHUNK):
                await remote.write(data)


async def _opened(sftp: asyncssh.SFTPClient, path: str) -> asyncssh.SFTPClientFile:
    try:
        return await sftp.open(path, "wb")
    except asyncssh.SFTPError as error:
        raise CommandError(_cannot("create remote file", path, error)) from error


async def _make_parents(sftp: asyncssh.SFTPClient, path: str) -> None:
    try:
        await sftp.makedirs(posixpath.dirname(path) or ".", exist_ok=True)
    except asyncssh.SFTPError as error:
        raise CommandError(_cannot("create parent directories for", path, error)) from error


async def _make_folder(sftp: asyncssh.SFTPClient, path: str) -> None:
    match await _is_folder(sftp, path):
        case False:
            raise CommandError(f"remote path {path} exists but is not a directory")
        case None:
            try:
                await sftp.mkdir(path)
            except asyncssh.SFTPError as error:
                raise CommandError(_cannot("create remote directory", path, error)) from error


async def _is_folder(sftp: asyncssh.SFTPClient, path: str) -> bool | None:
    """Whether it is a folder; None when there is nothing."""
    try:
        return await sftp.isdir(path) if await sftp.exists(path) else None
    except asyncssh.SFTPError as error:
        raise CommandError(f"failed to stat remote path {path}: {_reason(error)}") from error


def _cannot(what: str, path: str, error: asyncssh.SFTPError) -> str:
    return f"failed to {what} {path}: {_reason(error)}"


def _reason(error: asyncssh.SFTPError) -> str:
    match error:
        case asyncssh.SFTPNoSuchFile():
            return "file does not exist"
        case asyncssh.SFTPPermissionDenied():
            return "permission denied"
        case _:
            return f'sftp: "{error.reason}"'
