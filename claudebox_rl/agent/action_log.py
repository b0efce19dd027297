"""The log of tool calls, timed by the host's clock as the calls and their results pass by."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from claudebox_rl.agent.base import OnAction
from claudebox_rl.agent.events import AssistantMessage, ToolResults
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.types import ToolCall

OUTPUT_CAP_CHARS = 1_000_000


class ActionRecorder:
    """Collects the tool calls of one prompt, in the order in which they were announced.

    Args:
        redactor: Takes secrets out of inputs and outputs, before anybody sees them.
        on_action: Told of each call once it has its result, with the index of the turn that made it.
        violations: What calls, by tool_use_id, would have broken of a security policy; it may grow.
    """

    def __init__(
        self,
        redactor: Redactor | None = None,
        on_action: OnAction | None = None,
        violations: Mapping[str, str] | None = None,
    ) -> None:
        self._violations: Mapping[str, str] = {} if violations is None else violations
        self._redactor = redactor or Redactor(())
        self._on_action = on_action
        self._turns: dict[str, int] = {}
        """By message of the model."""
        self._turn_of: dict[str, int] = {}
        """By call."""
        self._calls: dict[str, ToolCall] = {}
        self._clock: dict[str, float] = {}

    def announce(self, message: AssistantMessage) -> None:
        """Note the calls of a message; each is about to run."""
        turn = self._turns.setdefault(message.message_id, len(self._turns))
        for use in message.tool_uses:
            self._turn_of[use.tool_use_id] = turn
            self._clock[use.tool_use_id] = time.monotonic()
            self._calls[use.tool_use_id] = ToolCall(
                tool_use_id=use.tool_use_id,
                name=use.name,
                input=self._redactor.value(use.input),
                started_at=time.time(),
                parent_tool_use_id=message.parent_tool_use_id,
            )

    def answer(self, event: ToolResults) -> None:
        """Note results; one that answers no announced call is left out."""
        for result in event.results:
            call = self._calls.get(result.tool_use_id)
            if call is None:
                continue
            self._calls[result.tool_use_id] = replace(
                call,
                output=self._redactor.text(result.output)[:OUTPUT_CAP_CHARS],
                is_error=result.is_error,
                duration_s=time.monotonic() - self._clock[result.tool_use_id],
                policy_violation=self._violation(result.tool_use_id),
            )
            if self._on_action is not None:
                self._on_action(self._calls[result.tool_use_id], self._turn_of[result.tool_use_id])

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls so far; those without a result have no duration."""
        return tuple(self._calls.values())

    def _violation(self, tool_use_id: str) -> str | None:
        found = self._violations.get(tool_use_id)
        return None if found is None else self._redactor.text(found)
