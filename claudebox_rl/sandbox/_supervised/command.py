"""A command that a supervisor runs, as the host sees it."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox._guest.wire import WINDOW_BYTES, WireError
from claudebox_rl.sandbox._supervised.frames import Channel, integer
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.spec import ExitStatus, OutputChunk

_GRACE_S = 10.0
"""How long past a deadline the supervisor may take to end a command before the whole sandbox is ended."""
_INPUT_BYTES = 1 << 16


class SupervisedExec(ExecStream):
    """A running command; see `ExecStream`.

    The supervisor sends at most `WINDOW_BYTES` that were not granted again, so a slow consumer holds back the command,
    not the host's memory.
    """

    def __init__(
        self,
        channel: Channel,
        argv: Sequence[str],
        env: dict[str, str],
        cwd: str,
        timeout_s: float | None,
        user: str | None = None,
    ) -> None:
        self._channel = channel
        self._chunks: deque[OutputChunk] = deque()
        self._num_bytes = self._num_taken = 0
        """Output that waits for the consumer, and output taken that was not granted again yet."""
        self._consumer: weakref.ref[_Chunks] | None = None
        self._num_waiting = 0
        self._abandoned = False
        self._status: ExitStatus | None = None
        self._closed = False
        self._changed = asyncio.Event()
        self._input_lock = asyncio.Lock()
        self._input_open = True
        self._unanswered = 0
        self._input_broken = False
        self._deadline: asyncio.TimerHandle | None = None
        self._serial = channel.add(self)
        if timeout_s is not None:
            self._arm(timeout_s)
        request = {"op": "exec", "argv": list(argv), "env": env, "cwd": cwd, "user": user, "timeout_s": timeout_s}
        channel.post({**request, "id": self._serial})

    def _arm(self, timeout_s: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        reason = "its supervisor did not end a command in time"
        self._deadline = asyncio.get_running_loop().call_later(timeout_s + _GRACE_S, self._channel.close, reason)

    # Frames

    def receive(self, message: dict[str, Any], data: bytes) -> None:
        """Take a frame of this command."""
        match message.get("op"):
            case "output":
                self._take_output(message, data)
            case "ended" if self._status is None:
                self._status = ExitStatus(integer(message, "code", 0, 255), message.get("timed_out") is True)
                if self._deadline is not None:
                    self._deadline.cancel()
            case "input" if self._unanswered:
                self._unanswered -= 1
                self._input_broken = self._input_broken or message.get("broken") is True
            case "closed" if self._status is not None:
                self._closed = True
                self._channel.remove(self._serial)
            case _:
                raise WireError("a frame out of turn")
        self._changed.set()

    def lose(self) -> None:
        """Wake whoever waits; the channel says why it is closed."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._changed.set()

    def _take_output(self, message: dict[str, Any], data: bytes) -> None:
        name = message.get("stream")
        if name not in ("stdout", "stderr") or not data:
            raise WireError("output of no stream")
        if self._num_bytes + self._num_taken + len(data) > WINDOW_BYTES:
            raise WireError("more output than was granted")
        self._num_bytes += len(data)
        self._chunks.append(OutputChunk(name, data))
        self._drop_unwanted()

    # Output

    def __aiter__(self) -> AsyncIterator[OutputChunk]:
        chunks = _Chunks(self)
        # Weakly: a consumer that leaves its loop lets go of the iterator, and so of the output.
        self._consumer = weakref.ref(chunks, lambda _: self._drop_unwanted())
        return chunks

    async def next_chunk(self) -> OutputChunk | None:
        """Return the next piece of output; None after the last.

        Raises:
            SandboxUnavailableError: The machine died first.
        """
        while not self._chunks:
            if self._closed:
                return None
            await self._change()
        chunk = self._chunks.popleft()
        self._num_bytes -= len(chunk.data)
        self._grant(len(chunk.data))
        return chunk

    def _drop_unwanted(self) -> None:
        """Drop output that would hold the command back although nobody is there to take it."""
        if self._consumer is not None and self._consumer() is not None:
            return
        if (self._num_waiting or self._abandoned) and self._num_bytes >= WINDOW_BYTES // 2:
            self._chunks.clear()
            num_bytes, self._num_bytes = self._num_bytes, 0
            self._grant(num_bytes)

    def _grant(self, num_bytes: int) -> None:
        self._num_taken += num_bytes
        if self._num_taken >= WINDOW_BYTES // 4:
            self._channel.post({"op": "grant", "id": self._serial, "num_bytes": self._num_taken})
            self._num_taken = 0

    # Input

    async def write_stdin(self, data: bytes) -> None:
        """Send bytes to standard input; returns once the command's pipe has them."""
        async with self._input_lock:
            for start in range(0, len(data), _INPUT_BYTES):
                await self._input_taken()
                self._check_input()
                self._post_input(data[start : start + _INPUT_BYTES], last=False)
            await self._input_taken()
            self._check_input()

    async def close_stdin(self) -> None:
        """Send end-of-file. Idempotent."""
        async with self._input_lock:
            await self._input_taken()
            if self._input_open and self._status is None:
                self._input_open = False
                self._post_input(b"", last=True)

    def _post_input(self, data: bytes, last: bool) -> None:
        self._unanswered += 1
        self._channel.post({"op": "input", "id": self._serial, "last": last}, data)

    async def _input_taken(self) -> None:
        while self._unanswered and self._status is None:
            await self._change()

    def _check_input(self) -> None:
        self._channel.check()
        if self._status is not None or self._input_broken or not self._input_open:
            raise BrokenPipeError("the command has closed its input or ended")

    # End

    async def wait(self) -> ExitStatus:
        """Return once the command has ended and its output is complete."""
        self._num_waiting += 1
        try:
            self._drop_unwanted()
            while not self._closed:
                await self._change()
        finally:
            self._num_waiting -= 1
        if self._status is None:
            raise SandboxUnavailableError("the sandbox is gone before the command ended")
        return self._status

    async def kill(self) -> None:
        """End the command and every process that it started, background ones too."""
        self._abandoned = True
        if self._status is None and self._channel.closed is None:
            self._channel.post({"op": "kill", "id": self._serial})
            self._arm(0)
        while self._status is None and self._channel.closed is None:
            self._changed.clear()
            await self._changed.wait()
        self._drop_unwanted()

    async def _change(self) -> None:
        """Wait for the next frame, or raise where none can come."""
        self._channel.check()
        self._changed.clear()
        await self._changed.wait()


class _Chunks:
    """The iterator of one consumer."""

    def __init__(self, stream: SupervisedExec) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[OutputChunk]:
        return self

    async def __anext__(self) -> OutputChunk:
        chunk = await self._stream.next_chunk()
        if chunk is None:
            raise StopAsyncIteration
        return chunk
