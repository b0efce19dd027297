"""The document of a trajectory. Its fields are described in docs/trajectories.md.

A prompt becomes its tool calls, in order, and then its answer: the step that bears the prompt's reward.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from claudebox_rl.errors import TrajectoryError

FORMAT = "claudebox_rl.trajectory"
MERGED_FORMAT = "claudebox_rl.trajectories"
VERSION = 1

Document = dict[str, Any]
Step = dict[str, Any]


def tool_step(call: dict[str, Any], *, prompt_index: int, exit_code: int | None, turn: int | None = None) -> Step:
    """Return the step of a tool call, from the fields of a `ToolCall`."""
    return {
        "prompt_index": prompt_index,
        "model_turn": turn,
        "timestamp": timestamp(call.get("started_at")),
        "action": {"tool": call["name"], "input": call["input"], "text": None},
        "observation": {
            "output": call["output"],
            "exit_code": exit_code,
            "is_error": bool(call.get("is_error")),
            "policy_violation": call.get("policy_violation"),
            "duration_ms": milliseconds(call.get("duration_s")),
        },
        "tool_use_id": call.get("tool_use_id"),
        "parent_tool_use_id": call.get("parent_tool_use_id"),
        "reward": None,
        "reward_terms": {},
    }


def answer_step(
    text: str | None,
    *,
    prompt_index: int,
    at: float | None,
    reward: float | None,
    reward_terms: dict[str, float],
    is_error: bool = False,
    exit_code: int | None = None,
) -> Step:
    """Return the step that ends a prompt: the agent's last words, and what the prompt earned."""
    return {
        "prompt_index": prompt_index,
        "model_turn": None,
        "timestamp": timestamp(at),
        "action": {"tool": None, "input": {}, "text": text},
        "observation": {
            "output": "",
            "exit_code": exit_code,
            "is_error": is_error,
            "policy_violation": None,
            "duration_ms": None,
        },
        "tool_use_id": None,
        "parent_tool_use_id": None,
        "reward": reward,
        "reward_terms": reward_terms,
    }


def prompt_head(
    index: int,
    prompt: str,
    at: float | None,
    *,
    duration_ms: int | None,
    reward: float | None,
    reward_terms: dict[str, float],
    interrupted: bool = False,
    success: bool | None = None,
    failure: str | None = None,
    error: str | None = None,
    num_turns: int | None = None,
    cost_usd: float | None = None,
    usage: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Return what is said of a prompt once; null stands for what its source does not keep."""
    return {
        "index": index,
        "prompt": prompt,
        "timestamp": timestamp(at),
        "interrupted": interrupted,
        "success": success,
        "failure": failure,
        "error": error,
        "reward": reward,
        "reward_terms": reward_terms,
        "num_turns": num_turns,
        "duration_ms": duration_ms,
        "cost_usd": cost_usd,
        "usage": usage,
    }


def document(
    trajectory_id: str,
    prompts: Sequence[dict[str, Any]],
    steps: Sequence[Step],
    *,
    final_reward: float | None,
    success: bool,
    created_at: float | None,
    **facts: Any,
) -> Document:
    """Return a trajectory's document; its steps are numbered here, and the last one is `done`."""
    numbered = [
        {"turn": number, "trajectory_id": trajectory_id, **step, "done": number == len(steps)}
        for number, step in enumerate(steps, 1)
    ]
    return {
        "format": FORMAT,
        "version": VERSION,
        "trajectory_id": trajectory_id,
        "created_at": timestamp(created_at),
        **facts,
        "total_turns": len(steps),
        "total_duration_ms": sum(prompt["duration_ms"] or 0 for prompt in prompts),
        "final_reward": final_reward,
        "success": success,
        "prompts": list(prompts),
        "steps": numbered,
    }


def merged(documents: Iterable[Document]) -> Document:
    """Return several trajectories as one document: their steps one after another, and their heads apart.

    Raises:
        TrajectoryError: One is no trajectory's document, or two have the same id.
    """
    steps: list[Step] = []
    heads: list[Document] = []
    for one in documents:
        if one.get("format") not in (FORMAT, MERGED_FORMAT):
            raise TrajectoryError(f"only documents of format {FORMAT} are merged, not {one.get('format')!r}")
        heads.extend(one["trajectories"] if one["format"] == MERGED_FORMAT else [head_of(one)])
        steps.extend(one["steps"])
    if twice := [name for name, count in Counter(head["trajectory_id"] for head in heads).items() if count > 1]:
        raise TrajectoryError(f"trajectory {twice[0]!r} is there twice: its steps could not be told apart")
    return {
        "format": MERGED_FORMAT,
        "version": VERSION,
        "trajectories_count": len(heads),
        "total_turns": len(steps),
        "total_duration_ms": sum(head["total_duration_ms"] for head in heads),
        "trajectories": heads,
        "steps": steps,
    }


def head_of(one: Document) -> Document:
    """Return a trajectory without its steps."""
    return {name: value for name, value in one.items() if name != "steps"}


def state_action_pairs(one: Document) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Return `(state, action, next_state)` of every step, in order."""
    prompts = {
        (head["trajectory_id"], prompt["index"]): prompt["prompt"]
        for head in (one["trajectories"] if one["format"] == MERGED_FORMAT else [one])
        for prompt in head["prompts"]
    }
    pairs: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
    last = ("", "")
    for step in one["steps"]:
        place = (step["trajectory_id"], step["prompt_index"])
        if last[0] != step["trajectory_id"]:
            last = (step["trajectory_id"], "")
        common = {"turn": step["turn"], "prompt": prompts.get(place)}
        state = {**common, "last_output": last[1]}
        seen = step["observation"]
        after = {**common, "last_output": seen["output"], "exit_code": seen["exit_code"], "is_error": seen["is_error"]}
        pairs.append((state, step["action"], {**after, "reward": step["reward"], "done": step["done"]}))
        last = (step["trajectory_id"], seen["output"] or "")
    return pairs


def total(rewards: Iterable[float | None]) -> float | None:
    """Return the sum of rewards; None where there is none, or one is not known."""
    values = list(rewards)
    there = [value for value in values if value is not None]
    return math.fsum(there) if there and len(there) == len(values) else None


def timestamp(epoch_s: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC; None where it is not known."""
    return None if not epoch_s else datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds")


def milliseconds(duration_s: float | None) -> int | None:
    """Return a duration in whole milliseconds."""
    return None if duration_s is None else round(duration_s * 1000)
