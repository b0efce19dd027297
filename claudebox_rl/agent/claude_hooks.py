"""Guards' side of the CLI's control protocol: which hooks it is given, what it asks, and what it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from claudebox_rl.agent.events import HookCall
from claudebox_rl.agent.guard import GuardPost, ToolRequest, Verdict

_CALLBACK = "guard"
_LATER_S = 30
"""So much later than we would the CLI refuses a call by itself: the reason is to be ours."""

Json = dict[str, Any]


def hooks(judge_timeout_s: float) -> Json:
    """Return what `initialize` is told: one callback before every tool.

    Args:
        judge_timeout_s: Longest time in which a call is judged.
    """
    timeout_s = int(judge_timeout_s) + _LATER_S
    return {"PreToolUse": [{"matcher": None, "hookCallbackIds": [_CALLBACK], "timeout": timeout_s}]}


class HookDesk:
    """Answers the hook callbacks of one CLI process, each in a task of its own.

    Args:
        post: Who judges.
        send: Writes one message to the CLI.
    """

    def __init__(self, post: GuardPost, send: Callable[[Json], Awaitable[None]]) -> None:
        self._post, self._send = post, send
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def take(self, call: HookCall) -> None:
        """Begin to answer one callback."""
        task = asyncio.create_task(self._answer(call))
        self._tasks[call.request_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(call.request_id, None))

    def drop(self, request_id: str) -> None:
        """Forget a callback that the CLI waits for no longer."""
        if (task := self._tasks.get(request_id)) is not None:
            task.cancel()

    async def close(self) -> None:
        """Forget all of them. Idempotent."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, call: HookCall) -> None:
        verdict = await self._post.judge(_request(call.input))
        body = {"subtype": "success", "request_id": call.request_id, "response": _response(verdict)}
        await self._send({"type": "control_response", "response": body})


def _request(asked: Json) -> ToolRequest:
    return ToolRequest(
        tool_use_id=str(asked.get("tool_use_id", "")),
        name=str(asked.get("tool_name", "")),
        input=dict(asked.get("tool_input") or {}),
        cwd=str(asked.get("cwd") or ""),
        agent_path=str(asked.get("agent_id") or "main"),
    )


def _response(verdict: Verdict) -> Json:
    output: Json = {"hookEventName": "PreToolUse"}
    if not verdict.allow:
        output |= {"permissionDecision": "deny", "permissionDecisionReason": verdict.reason}
    elif verdict.input is not None:
        output |= {"permissionDecision": "allow", "updatedInput": verdict.input}
    else:
        return {}
    return {"hookSpecificOutput": output}
