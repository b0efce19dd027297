"""A dataset of a few small episodes, as the CLI plays them: tool calls, a thought, token ids, groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trajectory_values import journal

from claudebox_rl import SUBMIT
from claudebox_rl.trajectory import Dataset, EpisodeRecord, commit, load_dataset
from claudebox_rl.types import Episode, ModelCall, Outcome, Relation, Step

BASH = {
    "name": "Bash",
    "description": "Run a command.",
    "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}
SYSTEM = [{"type": "text", "text": "You mend code.", "cache_control": {"type": "ephemeral"}}]
INSTRUCTION = "Mend freetime.py, please: Größe 東京."


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def answer(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(content), "stop_reason": "end_turn"}


def record(
    episode_id: str,
    episode_return: float | None,
    *,
    command: str = "ls",
    group_id: str | None = None,
    outcome: Outcome = Outcome.COMPLETED,
    task_id: str = "quickstart/fix-bug",
    instruction: str = INSTRUCTION,
    has_ids: bool = True,
) -> EpisodeRecord:
    """One prompt, which took two model calls, and the submission."""
    first = answer({"type": "thinking", "thinking": "Hm.", "signature": "reasoning"}, text("I look."), use(command))
    asked: list[dict[str, Any]] = [{"role": "user", "content": instruction}]
    result = {"type": "tool_result", "tool_use_id": "t1", "content": f"output of {command}"}
    then = [*asked, {"role": "assistant", "content": first["content"]}, {"role": "user", "content": [result]}]
    request = {"model": "m", "system": SYSTEM, "tools": [BASH], "max_tokens": 100}
    one = model_call(episode_id, "1", {**request, "messages": asked}, first, None, (1, 2, 3), (4, 5), has_ids)
    last = answer(text(f"Done with {command}."))
    two = model_call(episode_id, "2", {**request, "messages": then}, last, one, (1, 2, 3, 4, 5, 6), (7,), has_ids)
    earned = episode_return or 0.0
    steps = (
        Step(episode_id, 0, seen(instruction, "", 0), instruction, 0.0, {}, False, False),
        Step(episode_id, 1, seen(instruction, "Done.", 1), SUBMIT, earned, {"verifier": earned}, True, False),
    )
    episode = Episode(
        episode_id, "run", task_id, outcome, episode_return, group_id=group_id, seed=3, num_steps=2, agent="claude"
    )
    return EpisodeRecord(episode, steps, (one, two), (0, 0))


def seen(instruction: str, response: str, index: float) -> dict[str, Any]:
    return {"instruction": instruction, "response": response, "facts": [index, 0.5, 12.0]}


def use(command: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": command}}


def model_call(
    episode_id: str,
    name: str,
    request: dict[str, Any],
    response: dict[str, Any],
    parent: ModelCall | None,
    read: tuple[int, ...],
    wrote: tuple[int, ...],
    has_ids: bool,
) -> ModelCall:
    return ModelCall(
        f"{episode_id}-{name}",
        episode_id,
        request,
        response,
        200,
        "m",
        parent_call_id=parent and parent.call_id,
        relation=Relation.CONTINUES if parent else Relation.ROOT,
        started_at=float(name),
        weight_version="w1",
        prompt_token_ids=read if has_ids else None,
        completion_token_ids=wrote if has_ids else None,
        logprobs=tuple(-0.5 * each for each in wrote) if has_ids else None,
    )


def a_group(group_id: str = "g") -> list[EpisodeRecord]:
    """Two good ones, a bad one, and one that a broken machine ended."""
    return [
        record(f"{group_id}-bad", 0.0, command="rm -rf .", group_id=group_id),
        record(f"{group_id}-good", 1.0, command="sed -i s/a/b/ f", group_id=group_id),
        record(f"{group_id}-fair", 0.6, group_id=group_id),
        record(f"{group_id}-broken", None, outcome=Outcome.INFRA_ERROR, group_id=group_id),
    ]


def stored(folder: Path, records: list[EpisodeRecord]) -> Dataset:
    for each in records:
        journal(folder, each)
    commit(folder)
    return load_dataset(folder)
