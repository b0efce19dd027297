"""One live CLI process: prompts go in and events come out, as JSON lines."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from claudebox_rl.agent.claude_hooks import HookDesk, hooks
from claudebox_rl.agent.events import (
    CancelledRequest,
    ControlAnswer,
    Event,
    HookCall,
    MalformedOutputError,
    parse_event,
)
from claudebox_rl.agent.guard import GuardPost
from claudebox_rl.errors import AgentError, ClaudeBoxError
from claudebox_rl.sandbox import ExecStream, ExitStatus

MAX_LINE_BYTES = 64 << 20
_STDERR_TAIL_BYTES = 4096
_LAST_WORDS_S = 1.0
_FAREWELL_S = 10.0


class ProcessEndedError(AgentError):
    """The CLI ended while an event was awaited; `context["exit_code"]` says how."""


class ClaudeProcess:
    """Wraps a started command. One reader task; `close` ends both it and the command.

    Args:
        stream: The running CLI, started with stream-json on both sides.
        post: Judges every tool call before it runs; None: nothing is judged, and nothing is asked for.
    """

    def __init__(self, stream: ExecStream, post: GuardPost | None = None) -> None:
        self._stream = stream
        self._desk = HookDesk(post, self._send) if post is not None else None
        self._hooks = hooks(post.timeout_s) if post is not None else None
        self._events: asyncio.Queue[Event | ClaudeBoxError] = asyncio.Queue(maxsize=1024)
        self._stderr = bytearray()
        self._reader = asyncio.create_task(self._read())

    async def initialize(self, timeout_s: float) -> dict[str, Any]:
        """Do the handshake of the control protocol; the CLI then takes prompts.

        Raises:
            AgentError: It ended, refused, or did not answer in `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._control({"subtype": "initialize", "hooks": self._hooks})
        except TimeoutError:
            raise AgentError(f"the CLI did not answer its handshake in {timeout_s:g} s{self.stderr_tail}") from None
        if not answer.ok:
            raise AgentError(f"the CLI refused its handshake: {answer.body}{self.stderr_tail}")
        if self._desk is not None and answer.body.get("hooks_applied") is not True:
            raise AgentError(
                "the CLI did not take the hooks by which its tool calls are judged; use the pinned version"
            )
        return answer.body

    async def send_prompt(self, text: str) -> None:
        """Send one user message; events up to a `Result` follow. Left-over events of an earlier prompt are dropped.

        Raises:
            ProcessEndedError: The CLI is gone.
        """
        while not self._events.empty():
            event = self._events.get_nowait()
            if isinstance(event, ClaudeBoxError):
                raise event
        content = [{"type": "text", "text": text}]
        await self._send({"type": "user", "message": {"role": "user", "content": content}})

    async def next_event(self) -> Event:
        """Return the next event.

        Raises:
            ProcessEndedError: The CLI ended.
            MalformedOutputError: It printed what can't be read.
            SandboxUnavailableError: The machine died.
        """
        event = await self._events.get()
        if isinstance(event, ClaudeBoxError):
            self._events.put_nowait(event)
            raise event
        return event

    async def interrupt(self) -> None:
        """Ask the CLI to stop working on the prompt; a `Result` follows and the process stays usable."""
        await self._send(
            {"type": "control_request", "request_id": uuid.uuid4().hex, "request": {"subtype": "interrupt"}}
        )

    async def finish(self) -> None:
        """Let the CLI end by itself, since nothing more will be said; one that does not is ended."""
        await self._stream.close_stdin()
        await asyncio.wait([self._reader], timeout=_FAREWELL_S)
        await self.close()

    async def close(self) -> None:
        """End the CLI with every process that it started. Idempotent."""
        try:
            await self._stream.kill()
        finally:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            if self._desk is not None:
                await self._desk.close()

    @property
    def stderr_tail(self) -> str:
        """The end of what the CLI wrote to standard error, for messages; empty where it wrote nothing."""
        text = self._stderr.decode("utf-8", "replace").strip()
        return f"; it wrote: {text[-1000:]}" if text else ""

    async def _control(self, request: dict[str, Any]) -> ControlAnswer:
        request_id = uuid.uuid4().hex
        await self._send({"type": "control_request", "request_id": request_id, "request": request})
        while True:
            event = await self.next_event()
            if isinstance(event, ControlAnswer) and event.request_id == request_id:
                return event

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._stream.write_stdin(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            status = await self._stream.wait()
            # What it wrote last may not have been read yet; a reader held up by events nobody takes is not awaited.
            await asyncio.wait([self._reader], timeout=_LAST_WORDS_S)
            raise self._ended(status) from None

    async def _read(self) -> None:
        try:
            line = bytearray()
            async for chunk in self._stream:
                if chunk.stream == "stderr":
                    self._stderr = (self._stderr + chunk.data)[-_STDERR_TAIL_BYTES:]
                    continue
                *complete, rest = chunk.data.split(b"\n")
                for piece in complete:
                    await self._emit(bytes(line + piece))
                    line.clear()
                line += rest
                if len(line) > MAX_LINE_BYTES:
                    raise MalformedOutputError(f"the agent printed a line of more than {MAX_LINE_BYTES} bytes")
            await self._events.put(self._ended(await self._stream.wait()))
        except ClaudeBoxError as error:
            await self._events.put(error)

    async def _emit(self, line: bytes) -> None:
        if not line.strip():
            return
        match parse_event(line):
            case HookCall() as call if self._desk is not None:
                self._desk.take(call)
            case CancelledRequest(request_id=request_id) if self._desk is not None:
                self._desk.drop(request_id)
            case event:
                await self._events.put(event)

    def _ended(self, status: ExitStatus) -> ProcessEndedError:
        return ProcessEndedError(
            f"the CLI ended with exit code {status.exit_code}{self.stderr_tail}", exit_code=status.exit_code
        )
