"""One command as a plain process of the host, with its output, its deadline and its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, cast

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox._unsafe import process_tree
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.spec import ExitStatus, OutputChunk

_BUFFER_BYTES = 1 << 20
_LINGER_S = 0.2
"""How long a background child may hold the output open after the command itself has ended."""


class HostProcess(ExecStream, asyncio.SubprocessProtocol):
    """A running command in a session of its own.

    Args:
        mark: `NAME=value` that stands in its environment and so in that of its descendants.
        on_end: Called once, when it has ended and its output is complete.
    """

    def __init__(self, mark: str, on_end: Callable[[HostProcess], None]) -> None:
        self.mark = mark
        self.group = 0
        self._on_end = on_end
        self._output = _Output(self._hold)
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._stdin_open = True
        self._exited = asyncio.Event()
        self._open_pipes = {1, 2}
        self._pipes_closed = asyncio.Event()
        self._over = asyncio.Event()
        self._timed_out = False
        self._lost: SandboxUnavailableError | None = None

    async def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: str, timeout_s: float | None) -> None:
        """Start it.

        Raises:
            OSError: The program or the folder is missing or can't be used, or the host is out of something.
        """
        # asyncio's own Process would hang in `wait` for as long as a background child holds the output open.
        loop = asyncio.get_running_loop()
        started = await loop.subprocess_exec(lambda: self, *argv, env=dict(env), cwd=cwd, start_new_session=True)
        self._transport = started[0]
        self.group = self._transport.get_pid()
        self._watch = asyncio.create_task(self._see_to_the_end(timeout_s))

    async def write_stdin(self, data: bytes) -> None:
        """Send bytes to standard input, at the pace of the command."""
        self._require_stdin()
        self._pipe(0).write(data)
        await self._may_write.wait()
        self._require_stdin()

    async def close_stdin(self) -> None:
        """Send end-of-file after what is still on its way."""
        self._stdin_open = False
        self._pipe(0).close()

    async def __aiter__(self) -> AsyncIterator[OutputChunk]:
        """Yield output as it comes."""
        async for chunk in self._output.chunks():
            yield chunk
        if self._lost:
            raise self._lost

    async def wait(self) -> ExitStatus:
        """Return once the command has ended and its output is complete."""
        self._output.drop_unless_taken()
        await self._over.wait()
        if self._lost:
            raise self._lost
        code = self._transport.get_returncode()
        assert code is not None, "the transport knows the code before it says that the process exited"
        return ExitStatus(code if code >= 0 else 128 - code, self._timed_out)

    async def kill(self) -> None:
        """End the command and what it started; does nothing once it has ended."""
        if not self._exited.is_set():
            await self._end_tree()
        await self._over.wait()

    def lose(self, error: SandboxUnavailableError) -> None:
        """End it because its sandbox is gone: whoever waits for it gets `error`."""
        if not self._exited.is_set():
            self._lost = error
            process_tree.end_group(self.group)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take a piece of output."""
        self._output.put(OutputChunk("stdout" if fd == 1 else "stderr", data))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note which end is closed."""
        if fd == 0:
            self._stdin_open = False
            self._may_write.set()
        self._open_pipes.discard(fd)
        if not self._open_pipes:
            self._pipes_closed.set()

    def pause_writing(self) -> None:
        """Hold `write_stdin` back."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Let `write_stdin` go on."""
        self._may_write.set()

    def process_exited(self) -> None:
        """Note the end, and take at once what is left in the pipes."""
        self._output.take_all()
        self._exited.set()

    async def _see_to_the_end(self, timeout_s: float | None) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._exited.wait()
        except TimeoutError:
            self._timed_out = True
            await self._end_tree()
            await self._exited.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                await self._pipes_closed.wait()
        self._close()

    async def _end_tree(self) -> None:
        process_tree.end_group(self.group)
        await asyncio.to_thread(process_tree.end_marked, self.mark)

    def _close(self) -> None:
        stdin = self._pipe(0)
        # A plain close waits until what is on its way was read, and a background child may never read it.
        stdin.abort() if stdin.get_write_buffer_size() else stdin.close()
        self._transport.close()
        self._stdin_open = False
        self._may_write.set()
        self._output.close()
        self._on_end(self)
        self._over.set()

    def _require_stdin(self) -> None:
        if self._lost:
            raise self._lost
        if self._exited.is_set() or not self._stdin_open:
            raise BrokenPipeError("the command closed its standard input or ended")

    def _hold(self, held: bool) -> None:
        for fd in (1, 2):
            pipe = self._pipe(fd)
            pipe.pause_reading() if held else pipe.resume_reading()

    def _pipe(self, fd: int) -> Any:
        return cast("Any", self._transport.get_pipe_transport(fd))


class _Output:
    """Chunks on their way from the pipes to one consumer; `hold(True)` asks the pipes to wait for it."""

    def __init__(self, hold: Callable[[bool], None]) -> None:
        self._hold = hold
        self._chunks: deque[OutputChunk] = deque()
        self._num_bytes = 0
        self._changed = asyncio.Event()
        self._limit: float = _BUFFER_BYTES
        self._taken = self._dropping = self._held = self._closed = False

    def put(self, chunk: OutputChunk) -> None:
        if self._dropping:
            return
        self._chunks.append(chunk)
        self._count(len(chunk.data))
        self._changed.set()

    def take_all(self) -> None:
        self._limit = float("inf")
        self._count(0)

    def drop_unless_taken(self) -> None:
        if not self._taken:
            self._drop()

    def close(self) -> None:
        self._closed = True
        self._changed.set()

    async def chunks(self) -> AsyncIterator[OutputChunk]:
        self._taken = True
        try:
            while self._chunks or not self._closed:
                if self._chunks:
                    chunk = self._chunks.popleft()
                    self._count(-len(chunk.data))
                    yield chunk
                else:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self._drop()

    def _drop(self) -> None:
        self._dropping = True
        self._chunks.clear()
        self._count(-self._num_bytes)

    def _count(self, num_bytes: int) -> None:
        self._num_bytes += num_bytes
        held = self._num_bytes > self._limit
        if held != self._held:
            self._held = held
            self._hold(held)
