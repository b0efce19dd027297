"""The stream of a command that is a Python coroutine."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.spec import ExitStatus, OutputChunk

_KILLED = ExitStatus(137)


class FakeStream(ExecStream):
    """Runs one coroutine as a command; output is held in memory until it is read.

    Args:
        command: Returns the exit code. Cancelled at the deadline, by `kill` and by `lose`; what it raises is raised
            to whoever reads or waits, because a broken script of a test is no result.
        timeout_s: Deadline, from now.
    """

    def __init__(self, command: Callable[[FakeStream], Awaitable[int]], timeout_s: float | None) -> None:
        self._command = command
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._input_ended = False
        self._chunks: deque[OutputChunk] = deque()
        self._changed = asyncio.Event()
        self._status: ExitStatus | None = None
        self._error: BaseException | None = None
        self._task = asyncio.create_task(self._play(timeout_s))
        # Not a `finally` in the coroutine: a task that is cancelled before its first step never reaches one.
        self._task.add_done_callback(self._finish)

    async def write_stdin(self, data: bytes) -> None:
        """Put bytes where the command reads."""
        if self._error:
            raise self._error
        if self._status or self._input_ended:
            raise BrokenPipeError("the command closed its standard input or ended")
        if data:
            self._input.put_nowait(data)

    async def close_stdin(self) -> None:
        """Send end-of-file."""
        if not self._input_ended:
            self._input_ended = True
            self._input.put_nowait(b"")

    async def read_input(self) -> bytes:
        """Return the next bytes for the command, or none at end-of-file."""
        data = await self._input.get()
        if not data:
            self._input.put_nowait(b"")
        return data

    def print(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Take output of the command."""
        if data and not self._status:
            self._chunks.append(OutputChunk(stream, data))
            self._changed.set()

    async def __aiter__(self) -> AsyncIterator[OutputChunk]:
        """Yield output as it comes."""
        while self._chunks or not self._status:
            if self._chunks:
                yield self._chunks.popleft()
            else:
                self._changed.clear()
                await self._changed.wait()
        if self._error:
            raise self._error

    async def wait(self) -> ExitStatus:
        """Return how the command ended."""
        await asyncio.wait([self._task])
        if self._error:
            raise self._error
        return self._status or _KILLED

    async def kill(self) -> None:
        """Cancel the command."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def on_end(self, callback: Callable[[FakeStream], None]) -> None:
        """Call back, once, when the command has ended."""
        self._task.add_done_callback(lambda _: callback(self))

    def lose(self, error: SandboxUnavailableError) -> None:
        """Cancel the command because its sandbox is gone: whoever waits for it gets `error`."""
        if not self._status:
            self._error = error
            self._task.cancel()

    async def _play(self, timeout_s: float | None) -> ExitStatus:
        deadline = asyncio.timeout(timeout_s)
        try:
            async with deadline:
                return ExitStatus(await self._command(self))
        except TimeoutError:
            if not deadline.expired():
                raise
            return ExitStatus(137, timed_out=True)

    def _finish(self, task: asyncio.Task[ExitStatus]) -> None:
        failed = None if task.cancelled() else task.exception()
        self._error = self._error or failed
        self._status = _KILLED if task.cancelled() or failed else task.result()
        self._changed.set()
