"""A session's log: its history on disk while prompts are at work, its record, and the meter of its machine.

History is one JSON object a line. `kind` is `prompt`, `action` (a tool call, with its result), `result`, or `note`;
each has `time` (seconds since the epoch), `session_id` and `prompt_index`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from claudebox_rl.agent import Conversation
from claudebox_rl.errors import WorkspaceError
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.sandbox import Sandbox, journal, reaper
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.json_lines import JsonLines, read_lines
from claudebox_rl.session.keeping.meter import Meter, read_samples
from claudebox_rl.session_types import ResourceMetrics, SessionMetadata
from claudebox_rl.types import CodeResult, ToolCall

_log = logging.getLogger(__name__)


class SessionLog:
    """Writes down what one opening of a session does.

    Args:
        session_id: The session.
        folder: Where it is kept; None: nowhere, and only metrics are kept, in memory.
        is_enabled: Whether history and samples are kept at all.
    """

    def __init__(self, session_id: str, folder: SessionFolder | None, *, is_enabled: bool) -> None:
        self._folder, self._is_enabled = folder, is_enabled
        now = time.time()
        self._metadata = SessionMetadata(session_id, now, now)
        """Of a session without a folder."""
        self._history: JsonLines | None = None
        self._meter: Meter | None = None
        self._redactor = Redactor(())
        self._answered: set[str] = set()
        self._was_ready = False

    async def open(self, settings: dict[str, Any]) -> None:
        """Take the session's folder, and end a machine that a killed owner has left at work in it.

        Raises:
            SessionAlreadyExistsError: It is open.
            WorkspaceError: The folder can't be used.
        """
        if self._folder is None:
            return
        record = self._folder.open(settings)
        if not record.is_ended:
            await _end_machine(record.metadata.sandbox_id)
        if self._is_enabled:
            self._history = JsonLines(self._folder.history)
            if self._history.torn:
                self._write("note", text="a crash tore this line, which was cut off", torn=self._history.torn)

    def begin(self, sandbox: Sandbox) -> None:
        """Note which machine is about to start."""
        if self._folder is not None:
            openings = self._folder.record.metadata.num_openings + 1
            self._folder.update(sandbox_id=sandbox.sandbox_id, num_openings=openings, is_ended=False)
        else:
            self._metadata = replace(self._metadata, sandbox_id=sandbox.sandbox_id)

    def measure(self, sandbox: Sandbox) -> Meter:
        """Return the meter of a machine that has just started."""
        path = self._folder.metrics if self._folder is not None and self._is_enabled else None
        self._meter = Meter(sandbox, path)
        return self._meter

    def ready(self) -> None:
        """Note that the agent takes prompts, and that the workspace holds the task's files."""
        self._was_ready = True
        if self._folder is not None:
            self._folder.update(is_prepared=True)

    def close(self, *, remove: bool = False) -> None:
        """Let go of the session's folder, or remove it. Idempotent."""
        for file in (self._history, self._meter):
            if file is not None:
                file.close()
        self._history = None
        if self._folder is not None:
            is_empty = self._folder.was_made and not self._was_ready  # it could not be opened
            if self._folder.is_held and (remove or is_empty):
                self._folder.remove()
            self._folder.close()

    def end_machine(self) -> None:
        """Note that the machine was stopped by its owner."""
        if self._folder is not None:
            self._metadata = self.metadata
            self._folder.update(is_ended=True)

    def hide(self, secrets: Iterable[str], named: Mapping[str, str]) -> None:
        """Keep these values, and these by name, out of the history from now on."""
        self._redactor = Redactor(secrets, named)

    @property
    def metadata(self) -> SessionMetadata:
        """What is known of the session by now."""
        try:
            return self._folder.record.metadata if self._folder is not None else self._metadata
        except WorkspaceError:
            return self._metadata

    def conversation(self) -> Conversation | None:
        """Return what the agent goes on with; None where nothing is kept."""
        if self._folder is None:
            return None
        record = self._folder.record
        spent_usd = record.metadata.cost_usd
        return Conversation(
            self._folder.agent, self._take_conversation, record.conversation_id, spent_usd, *_cut_off(self.history())
        )

    def _take_conversation(self, conversation_id: str) -> None:
        assert self._folder is not None
        before = self._folder.record.conversation_id
        if conversation_id == before:
            return
        self._folder.update(conversation_id=conversation_id)
        if before:
            self._write("note", text="the agent's conversation begins anew", conversation_id=conversation_id)

    @asynccontextmanager
    async def prompting(self, prompt: str, **options: Any) -> AsyncGenerator[None]:
        """Write the prompt down, and sample the machine while it is at work.

        Raises:
            WorkspaceError: It can't be written down; the prompt must not be sent then.
        """
        self._answered = set()
        index = self.metadata.num_prompts
        self._count(num_prompts=index + 1)
        given = {name: value for name, value in options.items() if value is not None}
        self._write("prompt", prompt=prompt, **given)
        if self._meter is None or not self._is_enabled:
            yield
            return
        self._meter.begin_prompt(index)
        async with self._meter.watching():
            yield

    def action(self, call: ToolCall, turn: int) -> None:
        """Write a tool call down, as soon as it has its result."""
        self._answered.add(call.tool_use_id)
        if self._meter is not None:
            self._meter.count(call)
        try:
            self._write_action(call, turn)
        except WorkspaceError as error:
            # The result's line, after the prompt, says so to the caller.
            _log.warning("an action is not in the history: %s", error)

    async def end(self, result: CodeResult) -> CodeResult:
        """Write the result down, and return it with the session's metadata and metrics.

        Raises:
            WorkspaceError: It can't be written.
        """
        for call in result.action_log:
            if call.tool_use_id not in self._answered:
                self._write_action(call, None)
        now = self.metadata
        self._count(
            total_turns=now.total_turns + result.num_turns,
            total_duration_s=now.total_duration_s + result.duration_s,
            cost_usd=now.cost_usd + result.cost_usd,
        )
        self._write("result", **_result_fields(result))
        sample = await self._meter.sample() if self._meter is not None and self._is_enabled else None
        return replace(result, session_metadata=self.metadata, resource_metrics=sample)

    def history(self) -> list[dict[str, Any]]:
        """Return the history over all openings, oldest first; empty where none is kept."""
        return list(read_lines(self._folder.history)) if self._folder is not None else []

    def samples(self) -> list[ResourceMetrics]:
        """Return what was used over all openings, oldest first."""
        if self._folder is not None and self._is_enabled:
            return read_samples(self._folder.metrics)
        return self._meter.samples() if self._meter is not None else []

    def _count(self, **sums: Any) -> None:
        if self._folder is not None:
            self._folder.update(**sums)
        else:
            self._metadata = replace(self._metadata, last_accessed=time.time(), **sums)

    def _write_action(self, call: ToolCall, turn: int | None) -> None:
        self._write(
            "action",
            turn=turn,
            tool=call.name,
            input=call.input,
            output=call.output,
            started_at=call.started_at,
            duration_s=call.duration_s,
            exit_code=call.exit_code,
            error=call.output if call.is_error else None,
            policy_violation=call.policy_violation,
            tool_use_id=call.tool_use_id,
            parent_tool_use_id=call.parent_tool_use_id,
        )

    def _write(self, kind: str, **content: Any) -> None:
        if self._history is None:
            return
        now = self.metadata
        head = {
            "kind": kind,
            "time": time.time(),
            "session_id": now.session_id,
            "prompt_index": max(now.num_prompts - 1, 0),
        }
        self._history.add(self._redactor.value(head | content))


def _cut_off(history: Iterable[dict[str, Any]]) -> tuple[tuple[ToolCall, ...], tuple[str, ...]]:
    """Return the calls since the last prompt that came to its end, and the prompts."""
    calls: list[ToolCall] = []
    prompts: list[str] = []
    for entry in history:
        if entry["kind"] == "result":
            calls.clear()
            prompts.clear()
        elif entry["kind"] == "prompt":
            prompts.append(entry["prompt"])
        elif entry["kind"] == "action" and entry["duration_s"] is not None:
            calls.append(ToolCall(entry["tool_use_id"], entry["tool"], entry["input"], entry["output"]))
    return tuple(calls), tuple(prompts)


def _result_fields(result: CodeResult) -> dict[str, Any]:
    left_out = {"action_log": (), "changes": None, "session_metadata": None, "resource_metrics": None}
    content = asdict(replace(result, **left_out))
    for name in left_out:
        del content[name]
    return content | {"num_tool_calls": len(result.action_log)}


async def _end_machine(sandbox_id: str) -> None:
    """End what a killed owner has left: it may go on for a moment, and write to the workspace.

    Raises:
        WorkspaceError: It does not end.
    """
    await asyncio.to_thread(reaper.reap, wait=True)
    left = [entry for entry in journal.records() if entry.sandbox_id == sandbox_id]
    if any(reaper.owner_of(entry) == "dead" for entry in left):
        raise WorkspaceError(f"the session's last machine {sandbox_id} does not end; see `claudebox-rl machines list`")
