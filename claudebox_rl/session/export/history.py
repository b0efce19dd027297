"""From a session's history to a trajectory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.session.export.document import (
    Document,
    Step,
    answer_step,
    document,
    milliseconds,
    prompt_head,
    tool_step,
    total,
)

Line = dict[str, Any]


@dataclass
class _Prompt:
    line: Line
    actions: list[Line] = field(default_factory=list[Line])
    result: Line | None = None


def from_history(session_id: str, lines: Iterable[Line]) -> Document:
    """Return the trajectory of a session, over all its openings.

    Tool calls stand in the order in which they were made, which is not always that in which they ended. A prompt
    without a result, as a crash leaves it, is `interrupted`: it has its tool calls, but no answer and no reward.

    Raises:
        TrajectoryError: There is no prompt in it, or a line is not of a history.
    """
    prompts = _by_prompt(session_id, lines)
    if not prompts:
        raise TrajectoryError(
            f"session {session_id!r} has no history to export: no prompt was given, or it keeps none "
            "(give ClaudeBox a session_id, and leave enable_logging on)"
        )
    with boundary(TrajectoryError, f"the history of session {session_id!r} lacks a field"):
        heads = [_head(prompt) for prompt in prompts]
        steps = [step for prompt in prompts for step in _steps(prompt)]
        return document(
            session_id,
            heads,
            steps,
            session_id=session_id,
            source="session",
            final_reward=total(head["reward"] for head in heads),
            success=bool(heads[-1]["success"]),
            created_at=prompts[0].line["time"],
        )


def _by_prompt(session_id: str, lines: Iterable[Line]) -> list[_Prompt]:
    prompts: list[_Prompt] = []
    for number, line in enumerate(lines, 1):
        kind = line.get("kind")
        if kind == "prompt":
            prompts.append(_Prompt(line))
        elif kind in ("action", "result"):
            if not prompts or prompts[-1].line.get("prompt_index") != line.get("prompt_index"):
                raise TrajectoryError(
                    f"history of session {session_id!r}: line {number} belongs to no prompt before it"
                )
            if kind == "action":
                prompts[-1].actions.append(line)
            else:
                prompts[-1].result = line
        elif kind != "note":
            raise TrajectoryError(f"history of session {session_id!r}: line {number} is of no known kind: {kind!r}")
    return prompts


def _head(prompt: _Prompt) -> dict[str, Any]:
    result = prompt.result or {}
    return prompt_head(
        prompt.line["prompt_index"],
        prompt.line["prompt"],
        prompt.line["time"],
        interrupted=prompt.result is None,
        duration_ms=milliseconds(result.get("duration_s")),
        **{
            name: result.get(name)
            for name in ("success", "failure", "error", "reward", "num_turns", "cost_usd", "usage")
        },
        reward_terms=result.get("reward_terms") or {},
    )


def _steps(prompt: _Prompt) -> list[Step]:
    index = prompt.line["prompt_index"]
    steps = [
        tool_step(
            {**action, "name": action["tool"], "is_error": action["error"] is not None},
            prompt_index=index,
            exit_code=action["exit_code"],
            turn=action["turn"],
        )
        for action in sorted(prompt.actions, key=lambda action: action["started_at"])
    ]
    if (result := prompt.result) is not None:
        steps.append(
            answer_step(
                result["response"],
                prompt_index=index,
                at=result["time"],
                reward=result["reward"],
                reward_terms=result.get("reward_terms") or {},
                is_error=not result["success"],
                exit_code=result["exit_code"],
            )
        )
    return steps
