"""Guards: who is asked, on the host, before a tool of the agent runs.

The CLI asks by the control protocol, which nothing inside the sandbox can switch off, and for the calls of sub-agents
too. Without a clear yes the call does not run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

log = logging.getLogger(__name__)

JUDGE_TIMEOUT_S = 60.0
"""Longest time in which a guard may judge one call, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """One tool call that is about to run."""

    tool_use_id: str
    name: str
    input: dict[str, Any]
    """JSON, as the model gave it or an earlier guard rewrote it."""
    cwd: str = ""
    """Where the agent stands, as the agent's own program says; empty where it did not."""
    agent_path: str = "main"
    """`main`, or the id of the sub-agent that calls."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a guard says of one call."""

    allow: bool
    reason: str = ""
    """Told to the model where the call is refused."""
    input: dict[str, Any] | None = None
    """What the tool runs with instead; None: what the model gave."""
    violation: str | None = None
    """What of a security policy the call would break, for the log; None where it is refused on other grounds."""


class ToolGuard(Protocol):
    """Judges tool calls. Several may be asked about at the same time.

    It may have `timeout_s`: the longest time in which it judges one call; else it has a minute.
    """

    async def judge(self, call: ToolRequest) -> Verdict:
        """Say whether the call may run. An exception refuses it."""
        ...


class GuardPost:
    """Asks all guards of one agent, in their order, and keeps account of violations.

    The first refusal counts. A guard sees what those before it have made of the input, so what must hold for the call
    that really runs belongs at the end.

    Args:
        guards: One or more.
        timeout_s: Longest time for each that does not say its own.

    Attributes:
        timeout_s: Longest time for all of them together.
    """

    def __init__(self, guards: Sequence[ToolGuard], timeout_s: float = JUDGE_TIMEOUT_S) -> None:
        self._guards = tuple((guard, float(getattr(guard, "timeout_s", timeout_s))) for guard in guards)
        self.timeout_s = sum(limit_s for _, limit_s in self._guards)
        self._violations: dict[str, str] = {}

    async def judge(self, call: ToolRequest) -> Verdict:
        """Return the verdict of all; a guard that fails or takes too long refuses."""
        try:
            verdict = await self._ask(call)
        except Exception:
            log.exception("a guard failed on %s: refused", call.name)
            verdict = Verdict(False, "the call could not be judged and did not run")
        if not verdict.allow and verdict.violation is not None:
            self._violations[call.tool_use_id] = verdict.violation
        return verdict

    def begin(self) -> Mapping[str, str]:
        """Begin a prompt; return where its violations will stand, by tool_use_id."""
        self._violations = {}
        return self._violations

    async def _ask(self, call: ToolRequest) -> Verdict:
        rewritten: dict[str, Any] | None = None
        for guard, limit_s in self._guards:
            verdict = await _in_time(guard, call, limit_s)
            if verdict.allow is not True:
                return replace(verdict, allow=False, reason=verdict.reason or "a guard refused the call", input=None)
            if verdict.input is not None:
                rewritten = verdict.input
                call = replace(call, input=rewritten)
        return Verdict(True, input=rewritten)


async def _in_time(guard: ToolGuard, call: ToolRequest, limit_s: float) -> Verdict:
    try:
        async with asyncio.timeout(limit_s):
            return await guard.judge(call)
    except TimeoutError:
        log.error("no guard's verdict on %s in %g s: refused", call.name, limit_s)
        return Verdict(False, f"the call was not judged in {limit_s:g} s and did not run")
