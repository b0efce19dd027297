"""A command whose program could not be started: a result like any other."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import AsyncIterator

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.spec import ExitStatus, OutputChunk

_PROGRAMS_FAULT = {
    errno.E2BIG,
    errno.EACCES,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOEXEC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.ETXTBSY,
}


class FailedStart(ExecStream):
    """A command that ended before it began, with a line on standard error."""

    def __init__(self, exit_code: int, message: str) -> None:
        self._status = ExitStatus(exit_code)
        self._message = message

    async def write_stdin(self, data: bytes) -> None:
        """Refuse: there is no reader."""
        raise BrokenPipeError(self._message)

    async def close_stdin(self) -> None:
        """Do nothing."""

    async def __aiter__(self) -> AsyncIterator[OutputChunk]:
        """Yield the line."""
        yield OutputChunk("stderr", f"{self._message}\n".encode("utf-8", "surrogateescape"))

    async def wait(self) -> ExitStatus:
        """Return 127 for what does not exist, 126 for what can't run."""
        return self._status

    async def kill(self) -> None:
        """Do nothing."""


def failed_start(program: str, folder: str, search_path: str, error: OSError) -> FailedStart:
    """Tell what an operating system's error means for a command.

    Args:
        program: What was to be started.
        folder: Where it was to be started.
        search_path: The command's PATH.
        error: What the operating system said.

    Raises:
        SandboxError: It is the host's fault (no memory, no descriptors), not that of the command.
    """
    if error.errno not in _PROGRAMS_FAULT:
        raise SandboxError(f"this host can't start {program}: {error.strerror}", errno=error.errno) from error
    if error.filename == folder:
        return FailedStart(126, f"{folder}: {error.strerror}")
    # A folder in PATH that can't be searched also makes "permission denied" of a program that is nowhere.
    missing = error.errno == errno.ENOENT or not shutil.which(program, os.F_OK, search_path)
    return FailedStart(127 if missing else 126, f"{program}: {'not found' if missing else error.strerror}")
