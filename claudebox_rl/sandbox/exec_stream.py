"""A running command of a sandbox: its input, its output and its end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from claudebox_rl.sandbox.spec import ExitStatus, OutputChunk


class ExecStream(ABC):
    """A running command. Closes with `kill` when its context is left early; safe to leave twice."""

    @abstractmethod
    async def write_stdin(self, data: bytes) -> None:
        """Send bytes to standard input; returns once they are handed over.

        Raises:
            SandboxUnavailableError: The machine is gone.
            BrokenPipeError: The command closed its input or ended.
        """

    @abstractmethod
    async def close_stdin(self) -> None:
        """Send end-of-file. Idempotent."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[OutputChunk]:
        """Yield output as it comes, until the command ends. One consumer only."""

    @abstractmethod
    async def wait(self) -> ExitStatus:
        """Return once the command has ended and its output is complete.

        Output that nobody iterates over is dropped, never waited for.

        Raises:
            SandboxUnavailableError: The machine died first.
        """

    @abstractmethod
    async def kill(self) -> None:
        """End the command and every process that it started, background ones too.

        Does nothing once the command has ended: what it left in the background then lives until `stop`.
        """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.shield(self.kill())


async def feed(stream: ExecStream, data: bytes) -> None:
    """Send a whole standard input and end-of-file; a command that takes no more of it is no error."""
    try:
        for start in range(0, len(data), 1 << 16):
            await stream.write_stdin(data[start : start + (1 << 16)])
        await stream.close_stdin()
    except BrokenPipeError:
        return
