"""Carrying a box's files into other boxes: as one archive that the host keeps in a file and never looks into.

BoxLite's own `clone_box` is not used: a clone of a box that runs goes on seeing what is written there, for the running
machine still writes to the disk that the clone is made of (0.10.8).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox._supervised.command import SupervisedExec
from claudebox_rl.sandbox._supervised.frames import Channel

_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 250.0
_DETAIL_CHARS = 500
# Holes stay holes where tar can do that. Nothing in the archive is named by a command inside: its folders are ours.
_PACK = 'case $(tar --version) in *GNU*) set -- -S "$@";; esac; exec tar -cf - -C / "$@"'
_UNPACK = "exec tar -xpf - -C /"


async def pack(channel: Channel, folders: Sequence[str], env: Mapping[str, str], archive: BinaryIO) -> None:
    """Write the folders of a box to an open file of the host.

    Raises:
        SandboxStartError: They can't be read.
        SandboxUnavailableError: The box died.
    """
    argv = ["sh", "-c", _PACK, "sh", *(folder.lstrip("/") for folder in folders)]
    command = SupervisedExec(channel, argv, dict(env), "/", _TIMEOUT_S, None)
    await _drain(command, archive, "pack")
    archive.flush()


async def unpack(channel: Channel, archive: BinaryIO, env: Mapping[str, str]) -> None:
    """Lay the folders of an archive into a box.

    Raises:
        SandboxStartError: They can't be written.
        SandboxUnavailableError: The box died.
    """
    command = SupervisedExec(channel, ["sh", "-c", _UNPACK], dict(env), "/", _TIMEOUT_S, None)
    feeding = asyncio.create_task(_feed(command, archive))
    try:
        await _drain(command, None, "unpack")
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)


async def _drain(command: SupervisedExec, file: BinaryIO | None, verb: str) -> None:
    detail = b""
    async with command:
        async for chunk in command:
            if chunk.stream == "stdout" and file is not None:
                file.write(chunk.data)
            else:
                detail = (detail + chunk.data)[-_DETAIL_CHARS:]
        status = await command.wait()
    if status.exit_code != 0:
        said = detail.decode("utf-8", "replace").strip()
        raise SandboxStartError(f"tar could not {verb} the files (exit code {status.exit_code}): {said}")


async def _feed(command: SupervisedExec, archive: BinaryIO) -> None:
    start = 0
    # Several boxes read it at once, so it has no position.
    while data := await asyncio.to_thread(os.pread, archive.fileno(), _CHUNK_BYTES, start):
        await command.write_stdin(data)
        start += len(data)
    await command.close_stdin()
