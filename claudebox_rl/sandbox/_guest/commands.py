"""One command: its pipes, its deadline, and what the host has been told about it."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
import time

from claudebox_rl.sandbox._guest import processes
from claudebox_rl.sandbox._guest.lean import Any, Callable
from claudebox_rl.sandbox._guest.oom import end_first
from claudebox_rl.sandbox._guest.spawn import CantStartError, Program, spawn
from claudebox_rl.sandbox._guest.watch import READABLE, WRITABLE, Watch
from claudebox_rl.sandbox._guest.wire import WINDOW_BYTES

LINGER_S = 0.2
"""How long a child that outlives its command may hold the output open."""
_READ_BYTES = 1 << 16
_WORDS_BYTES = 1 << 12
"""Of the output that the host grants, kept for words of our own."""

Send = Callable[..., None]
"""Sends a frame to the host: message fields by keyword, raw bytes as `data`."""


class Command:
    """A command that the host has asked for; it runs once this is made, unless `ended` says that it did not start.

    Args:
        message: `id`, `argv`, `env`, `cwd`, `user` (None: this process's own), `timeout_s`.
        send: The way to the host.
        watch: Where its pipes are watched.
    """

    def __init__(self, message: dict[str, Any], send: Send, watch: Watch) -> None:
        self.id: int = message["id"]
        self.pid = self.start = 0
        self.older: frozenset[processes.Identity] = frozenset()
        """The processes that stood before it."""
        self.ended = self.timed_out = False
        timeout_s = message["timeout_s"]
        self.due: float | None = None if timeout_s is None else time.monotonic() + timeout_s
        """Until it has ended, its deadline; then the end of its children's time to linger."""
        self._send, self._watch = send, watch
        self._outputs: dict[int, str] = {}
        self._credit = WINDOW_BYTES - _WORDS_BYTES
        self._words_left = _WORDS_BYTES
        self._tail: dict[int, int] | None = None
        """What each pipe still owes when the time to linger is over."""
        self._stdin: int | None = None
        self._input = bytearray()
        self._closing = False
        self._run(message)

    def _run(self, message: dict[str, Any]) -> None:
        self.older = frozenset(process.identity for process in processes.others().values())
        try:
            self.pid, (self._stdin, stdout, stderr) = spawn(Program.of(message))
        except CantStartError as error:
            self.explain(f"claudebox_rl: can't run {message['argv'][0][:1000]}: {error}\n")
            self.finish(error.code)
            return
        end_first(self.pid)
        leader = processes.look(self.pid)
        self.start = leader.start if leader else 0
        self._outputs = {stdout: "stdout", stderr: "stderr"}
        self._watch_outputs()

    @property
    def done(self) -> bool:
        """Whether it has ended and all its output has been sent."""
        return self.ended and not self._outputs

    def finish(self, code: int) -> None:
        """Tell the host how the command's own process ended; output may follow."""
        self.ended = True
        self.due = time.monotonic() + LINGER_S
        self._input.clear()
        self._close_input()
        self._send(op="ended", id=self.id, code=code, timed_out=self.timed_out)

    def close(self) -> None:
        """Tell the host that nothing more comes."""
        self._send(op="closed", id=self.id)

    def orphan(self, serial: int) -> None:
        """Go on under another id, without a host: what it prints is dropped, and nobody hears of its end."""
        self.id, self._send, self._credit = serial, _unheard, sys.maxsize
        self._watch_outputs()

    # Output

    def explain(self, text: str) -> None:
        """Add words of our own to its error output, once; none after its end."""
        words = text.encode("utf-8", "replace")[: self._words_left]
        if words and not self.ended:
            self._words_left = 0
            self._send(op="output", id=self.id, stream="stderr", data=words)

    def grant(self, num_bytes: int) -> None:
        """Take note that the host's consumer has taken that much output."""
        self._credit += num_bytes
        self._watch_outputs()

    def stop_lingering(self) -> None:
        """Owe no more output than the pipes hold now: whoever still writes to them is not the command."""
        self.due = None
        self._tail = {pipe: _held(pipe) for pipe in self._outputs}
        for pipe in tuple(self._outputs):
            self._pass_on(pipe)

    def _watch_outputs(self) -> None:
        for pipe in self._outputs:
            self._watch.set(pipe, READABLE if self._credit > 0 else 0, self._reader(pipe))

    def _reader(self, pipe: int) -> Callable[[], None]:
        return lambda: self._pass_on(pipe)

    def _pass_on(self, pipe: int) -> None:
        owed = _READ_BYTES if self._tail is None else self._tail[pipe]
        try:
            data = os.read(pipe, min(_READ_BYTES, self._credit, owed))
        except BlockingIOError:
            return
        if data:
            self._credit -= len(data)
            self._send(op="output", id=self.id, stream=self._outputs[pipe], data=data)
            if self._tail is not None:
                owed = self._tail[pipe] = owed - len(data)
        if owed == 0:
            self._leave_to_children(pipe)
        elif not data and self._credit > 0:
            del self._outputs[pipe]
            self._watch.close(pipe)
        if self._credit <= 0:
            self._watch_outputs()

    def _leave_to_children(self, pipe: int) -> None:
        """Keep a pipe open for what still writes to it, so that a background server is not ended by SIGPIPE."""
        del self._outputs[pipe]
        self._watch.set(pipe, READABLE, lambda: _discard(pipe, self._watch))

    # Input

    def feed(self, data: bytes, last: bool) -> None:
        """Take input for the command. The host sends no more until it is told that the command has this."""
        self._input += data
        self._closing = self._closing or last
        self._write_input()

    def _write_input(self) -> None:
        broken = self._stdin is None and bool(self._input)
        try:
            while self._input and self._stdin is not None:
                del self._input[: os.write(self._stdin, self._input)]
        except BlockingIOError:
            assert self._stdin is not None
            self._watch.set(self._stdin, WRITABLE, self._write_input)
            return
        except BrokenPipeError:
            broken = True
        self._input.clear()
        if self._stdin is not None:
            self._watch.set(self._stdin, 0, self._write_input)
        if self._closing or broken:
            self._close_input()
        self._send(op="input", id=self.id, broken=broken)

    def _close_input(self) -> None:
        if self._stdin is not None:
            self._watch.close(self._stdin)
            self._stdin = None


def _unheard(**_: object) -> None:
    """Send nothing."""


def _discard(pipe: int, watch: Watch) -> None:
    try:
        if not os.read(pipe, _READ_BYTES):
            watch.close(pipe)
    except BlockingIOError:
        return


def _held(pipe: int) -> int:
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
